/**
 * Lines of the data cache that a core has just looked at, where translated code finds them: who reads on in one need not ask the chip. A line
 * that is the one its set was last asked for stays so when it is read again, so nothing changes but the count of accesses, and what the
 * core waits for is known. The chip takes all of them back where anything else might change.
 *
 * A core's part: the cycle at which its slice began (f64), fast accesses, the shift from address to line, a line's mask; then the lines.
 */

/** Bytes of a line that must have come before a core that wants data goes on: a word (115 and 82 cycles, docs/esp32-s3.md B5). */
export const FIRST_WORD_BYTES = 4;

const HEADER_BYTES = 32;
const LINE_BYTES = 32;
/** By the low bits of their number, so that two of them never share a set (a cache has more sets). */
const LINES = 8;
/** Room for a core's part. */
export const CORE_RECENT_BYTES = HEADER_BYTES + LINES * LINE_BYTES;

/** Of a line, in words: its number, what takes an address to the arena. */
const TAG = 0;
const DELTA = 1;
/** In doubles: cycle at which it is complete; at which its first word is there, and how much later each further byte. */
const COMPLETE = 1;
const READY = 2;
const PER_BYTE = 3;

/** Where translated code finds them, from a core's part on: words and doubles. */
export const RECENT = {
  lineMask: LINES - 1,
  lineShift: Math.log2(LINE_BYTES),
  base: 0,
  count: 2,
  shift: 3,
  mask: 4,
  tag: HEADER_BYTES / 4 + TAG,
  delta: HEADER_BYTES / 4 + DELTA,
  complete: HEADER_BYTES / 8 + COMPLETE,
  ready: HEADER_BYTES / 8 + READY,
  perByte: HEADER_BYTES / 8 + PER_BYTE,
} as const;

const NONE = -1;

export interface RecentLines {
  /** Cycles since reset at which a core's slice began: one number, in the core's part. */
  baseOf(core: number): Float64Array;
  /** From now on lines are so long. Forgets all. */
  reshape(lineBytes: number): void;
  /**
   * A core has looked at a line, whose byte at `address` lies at `offset` of the arena. It is complete at a cycle, its first word is `ready`
   * before that, and each further byte `perByte` cycles later.
   */
  note(core: number, address: number, offset: number, complete: number, ready: number, perByte: number): void;
  forget(): void;
  /** Accesses that the chip was not told of. */
  readonly count: number;
  clearCount(): void;
}

/** @param offset of both cores' parts in the arena */
export function createRecentLines(arena: ArrayBuffer, offset: number): RecentLines {
  const words = [0, 1].map(
    (core) => new Int32Array(arena, offset + core * CORE_RECENT_BYTES, CORE_RECENT_BYTES / 4),
  );
  const doubles = [0, 1].map(
    (core) => new Float64Array(arena, offset + core * CORE_RECENT_BYTES, CORE_RECENT_BYTES / 8),
  );
  let shift = 5;
  const forget = () => {
    for (const own of words)
      for (let line = 0; line < LINES; line++) own[RECENT.tag + line * (LINE_BYTES / 4)] = NONE;
  };
  const lines: RecentLines = {
    baseOf: (core) => doubles[core].subarray(RECENT.base, RECENT.base + 1),
    reshape(lineBytes) {
      shift = Math.log2(lineBytes);
      for (const own of words) {
        own[RECENT.shift] = shift;
        own[RECENT.mask] = lineBytes - 1;
      }
      forget();
    },
    note(core, address, at, complete, ready, perByte) {
      const tag = address >>> shift;
      const place = (tag & (LINES - 1)) * LINE_BYTES;
      const [own, others] = [words[core], words[1 - core]];
      own[RECENT.tag + place / 4] = tag;
      own[RECENT.delta + place / 4] = at - address;
      const times = doubles[core];
      times[RECENT.complete + place / 8] = complete;
      times[RECENT.ready + place / 8] = ready;
      times[RECENT.perByte + place / 8] = perByte;
      // It may be of the same set, where this one is the last now.
      if (others[RECENT.tag + place / 4] !== tag) others[RECENT.tag + place / 4] = NONE;
    },
    forget,
    get count() {
      return (words[0][RECENT.count] >>> 0) + (words[1][RECENT.count] >>> 0);
    },
    clearCount() {
      for (const own of words) own[RECENT.count] = 0;
    },
  };
  lines.reshape(1 << shift);
  return lines;
}
