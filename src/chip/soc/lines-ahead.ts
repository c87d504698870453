/**
 * Lines that a cache is asked to bring in before anybody reads them: by a preload command, or by autoload. They wait in order, and the
 * next one starts when the bus is free; a core that misses meanwhile goes first (docs/esp32-s3.md B4; how fast silicon is at this is not
 * published).
 */

export interface LinesAhead {
  /** Whether any line waits for its turn. */
  readonly pending: boolean;
  /** Addresses of lines, to be brought in from `cycle` on. */
  ask(lines: Iterable<number>, cycle: number): void;
  waitsFor(address: number): boolean;
  /** Starts what has had its turn by `cycle`. */
  advance(cycle: number): void;
  /** Cycle at which all is there; Infinity while lines wait. */
  doneAt(): number;
  reset(): void;
}

export interface AheadOptions {
  /** Cycle from which the bus is free. */
  freeAt(): number;
  /** Starts the transfer of a line that is missing; returns the cycle of its end, or `cycle` where it is there. */
  bring(address: number, cycle: number): number;
}

/** More than this wait in no queue: a later request replaces nothing and is dropped. */
const LONGEST = 1 << 16;

export function createLinesAhead({ freeAt, bring }: AheadOptions): LinesAhead {
  const queue: { address: number; since: number }[] = [];
  let next = 0;
  let lastEnd = 0;
  const pending = () => next < queue.length;
  const clear = () => {
    queue.length = 0;
    next = 0;
  };
  return {
    get pending() {
      return pending();
    },
    ask(lines, cycle) {
      for (const address of lines) if (queue.length < LONGEST) queue.push({ address, since: cycle });
    },
    waitsFor: (line) => queue.some(({ address }, index) => index >= next && address === line),
    advance(cycle) {
      while (pending()) {
        const { address, since } = queue[next];
        const start = Math.max(freeAt(), since);
        if (start > cycle) return;
        next++;
        lastEnd = Math.max(lastEnd, bring(address, start));
      }
      clear();
    },
    doneAt: () => (pending() ? Number.POSITIVE_INFINITY : lastEnd),
    reset() {
      clear();
      lastEnd = 0;
    },
  };
}
