/** What the page can tell of why a board is not reached: what helps depends on it. */
import { signal } from '@preact/signals';
import type { ChipIdentity } from '../../src/serial/index.ts';

/** How far it is. */
export type Stage = 'none' | 'connecting' | 'identified' | 'writing' | 'starting' | 'running';

export type Trouble =
  /** Nobody chose a port: the board's may have been missing. */
  | 'unlisted'
  /** The browser lets the page have none. */
  | 'refused'
  /** The port cannot be opened. */
  | 'busy'
  /** It went away, or what came over it was broken. */
  | 'lost'
  /** Not a byte came. */
  | 'silent'
  /** Something else than a board's loader, or than our program, answered. */
  | 'foreign'
  /** The image was written, and its program does not come: the board is in its loader still. */
  | 'stuck';

export const trouble = signal<Trouble | undefined>(undefined);

export interface Circumstances {
  readonly stage: Stage;
  /** Whether the connection is gone. */
  readonly isLost: boolean;
  readonly isOpen: boolean;
  readonly identity: ChipIdentity | undefined;
  /** Whether anything came over the port. */
  readonly wasHeard: boolean;
  /** What came says that it is. */
  readonly isInLoader: boolean;
}

/** undefined: what was said says it all. */
export function troubleOf({
  stage,
  isLost,
  isOpen,
  identity,
  wasHeard,
  isInLoader,
}: Circumstances): Trouble | undefined {
  if (isLost || stage === 'writing') return 'lost';
  if (stage === 'starting' || isInLoader) return 'stuck';
  if (stage !== 'connecting' || identity) return undefined;
  if (!isOpen) return 'busy';
  return wasHeard ? 'foreign' : 'silent';
}
