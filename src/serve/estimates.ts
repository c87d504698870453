/** What a pool can say of its boards and of the time that a request takes. */
import type { BoardStatus } from './board.ts';
import { BusyError } from './errors.ts';

/** Names of the models that boards have told of, most boards first. */
export function modelsOf(boards: Iterable<BoardStatus>): string[] {
  const counts = new Map<string, number>();
  for (const { model } of boards) if (model !== undefined) counts.set(model, (counts.get(model) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([model]) => model);
}

export interface Pace {
  /** A story took so long, from `performance.now()` at its beginning. */
  told(began: number): void;
  /** The refusal of one more request than so many that share so many boards. */
  busy(requests: number, boards: number): BusyError;
}

/** Seconds a story takes until one was told. */
const FIRST_GUESS = 1;
/** Stories that the running mean is of. */
const STORIES = 8;

export function createPace(): Pace {
  let mean = FIRST_GUESS;
  return {
    told(began) {
      mean += ((performance.now() - began) / 1000 - mean) / STORIES;
    },
    busy: (requests, boards) =>
      new BusyError(Math.max(1, Math.ceil((mean * requests) / Math.max(1, boards)))),
  };
}
