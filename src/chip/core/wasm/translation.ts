/** A translation on its way from text to code: what is read, what is written, what the names mean. */
import type { Names } from './names.ts';
import type { Kind } from './operators.ts';
import type { Reader } from './scan.ts';
import type { Writer } from './writer.ts';

export interface Translation {
  readonly reader: Reader;
  readonly writer: Writer;
  readonly names: Names;
  /** The word at which a statement begins: its value is not wanted. */
  begins: number;
  /** Reads and writes an expression, for those that have expressions within (calls.ts, elements.ts). */
  expression(): Kind;
  /** Expressions with commas between; the last one's value counts. */
  sequence(): Kind;
}

/** Refuses what has no 32 bits yet. */
export const assigned = ({ reader }: Translation, kind: Kind): Kind =>
  kind === 'sum' || kind === 'void' ? reader.fail('an open sum') : kind;
