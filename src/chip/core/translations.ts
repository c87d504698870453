/** Translations that both cores of a memory share: made once, dropped when the bytes they were made from change. */
import type { Memory } from '../bus/index.ts';
import type { ArenaRange, Code } from './code.ts';
import type { ActiveLoop } from './graph.ts';
import { decodeKept, encodeKept, type Kept } from './kept.ts';
import type { Linked, Linker } from './wasm/linker.ts';

export interface Translated extends Linked {
  /** Addresses of the first byte and behind the last, over all its instructions. */
  readonly low: number;
  readonly high: number;
  /** LEND values at which it loops back. */
  readonly loopEnds: ReadonlySet<number>;
  /** Bytes of the arena that it was made from: [start, end). */
  readonly ranges: readonly ArenaRange[];
}

export interface Translations {
  /** @param code the core's view of its code, with which an earlier run's translation is compared */
  find(pc: number, variant: number, loop: ActiveLoop | undefined, code: Code): Translated | undefined;
  /** Links a new one, made from these bytes of the arena. */
  add(kept: Kept, ranges: Translated['ranges']): Translated;
  /** Takes what an earlier run has kept. */
  offer(bytes: Uint8Array): void;
  /** All that were made or found so far, if there are any that were not offered. */
  keep(): Uint8Array | undefined;
}

interface Offered {
  readonly kept: Kept;
  readonly linked: Linked;
}

const keyOf = (pc: number, variant: number, loop: ActiveLoop | undefined): string =>
  loop ? `${pc >>> 0} ${variant} ${loop.begin} ${loop.end}` : `${pc >>> 0} ${variant}`;
const keyOfKept = ({ pc, variant, loop }: Kept): string =>
  keyOf(pc, variant, loop && { begin: loop[0], end: loop[1] });

const ofMemory = new WeakMap<Memory, Translations>();

export function translationsOf(memory: Memory, linker: Linker): Translations {
  const known = ofMemory.get(memory);
  if (known) return known;
  const created = createTranslations(memory, linker);
  ofMemory.set(memory, created);
  return created;
}

function createTranslations(memory: Memory, linker: Linker): Translations {
  const current = new Map<string, Translated>();
  const offered = new Map<string, Offered>();
  const made = new Map<string, Kept>();
  memory.onInvalidate((offset, length) => {
    if (length === Number.POSITIVE_INFINITY) return current.clear();
    const end = offset + length;
    for (const [key, { ranges }] of current) if (touches(ranges, offset, end)) current.delete(key);
  });
  const use = (key: string, kept: Kept, linked: Linked, ranges: Translated['ranges']): Translated => {
    const translated = {
      ...linked,
      low: kept.low,
      high: kept.high,
      loopEnds: new Set(kept.loopEnds),
      ranges,
    };
    current.set(key, translated);
    return translated;
  };
  return {
    find(pc, variant, loop, code) {
      const key = keyOf(pc, variant, loop);
      const translated = current.get(key);
      if (translated) return translated;
      const earlier = offered.get(key);
      const ranges = earlier && code.match(earlier.kept);
      return ranges && use(key, earlier.kept, earlier.linked, ranges);
    },
    add(kept, ranges) {
      const [linked] = linker.link([kept.body]);
      const key = keyOfKept(kept);
      // The code of other images changes under way: what is kept is the last.
      made.set(key, kept);
      return use(key, kept, linked, ranges);
    },
    offer(bytes) {
      const list = decodeKept(bytes, linker.surroundings);
      const linked = linker.link(list.map(({ body }) => body));
      for (const [index, kept] of list.entries())
        offered.set(keyOfKept(kept), { kept, linked: linked[index] });
    },
    keep() {
      if (made.size === 0) return undefined;
      const all = new Map([...offered].map(([key, { kept }]) => [key, kept]));
      for (const [key, kept] of made) all.set(key, kept);
      return encodeKept([...all.values()], linker.surroundings);
    },
  };
}

/** Whether bytes [start, end) of the arena are among `ranges`. */
export const touches = (ranges: Translated['ranges'], start: number, end: number): boolean =>
  ranges.some(([first, last]) => first < end && last > start);
