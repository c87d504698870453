/** What the names of a translation's text stand for. */
import type { Inline } from '../../pie/index.ts';
import type { Element } from './opcodes.ts';

/** A typed array of the text. */
export interface View {
  /** Bytes from the state's beginning, or from that of the memory. */
  readonly offset: number;
  readonly element: Element;
  /** Whether it is part of the core's state. */
  readonly inState: boolean;
}

export interface Import {
  /** Number of the function in the module. */
  readonly index: number;
  readonly parameters: number;
  /** It is translated code itself, and gets the state's address before its arguments. */
  readonly takesState?: boolean;
}

/** What the text's names stand for. */
export interface Names {
  readonly views: ReadonlyMap<string, View>;
  /** Functions of the host. All give an integer. */
  readonly imports: ReadonlyMap<string, Import>;
  readonly inlines: ReadonlyMap<string, Inline>;
  /** Where in the state it says that an import has failed. */
  readonly failed: number;
}
