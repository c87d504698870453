/** Random items in random memories: the planner places whatever a search through all possibilities places. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { lineCycles, memoryCosts } from './costs.ts';
import {
  CACHE_LINE,
  CACHED,
  type MemoryItem,
  MMU_PAGE,
  memoryItem,
  type PlacedItem,
  ROM_DATA,
  roundUp,
  SRAM,
} from './memory.ts';
import { isShortage, placeAll, type Room } from './place.ts';
import { lightestCover, mostValuable } from './subset.ts';

const costs = memoryCosts(findBoard('devkitc-n16r8'));

/** Sizes that fill the memories, or almost. */
const item = fc
  .record({
    bytes: fc.oneof(fc.integer({ min: 1, max: 12_000 }), fc.integer({ min: 1, max: 300_000 })),
    lifetime: fc.constantFrom('loaded', 'loaded', 'early', 'late'),
    anywhere: fc.boolean(),
    share: fc.constantFrom(0, 0.25, 1),
  })
  .map(
    ({ bytes, lifetime, anywhere, share }): Omit<MemoryItem, 'name'> => ({
      purpose: 'weights',
      bytes,
      align: 16,
      lifetime: lifetime as MemoryItem['lifetime'],
      memory: anywhere && lifetime !== 'early' ? 'any' : 'sram',
      zero: lifetime !== 'loaded',
      reads: bytes * share,
      writes: 0,
    }),
  );
const items = fc
  .array(item, { minLength: 3, maxLength: 7 })
  .map((list) => list.map((item, index): MemoryItem => ({ ...item, name: `item${index}` })));
const room = fc.record({
  flashBytes: fc.constantFrom(0, MMU_PAGE, 4 * MMU_PAGE, 1 << 22),
  psramBytes: fc.constantFrom(0, MMU_PAGE, 4 * MMU_PAGE, 1 << 21),
});

const BELOW = ROM_DATA.start - SRAM.start;
const ABOVE = SRAM.end - ROM_DATA.end;

/** Whether any of all ways to put each item below the ROM's data, above, between, in flash or PSRAM has room for all. */
function fitsSomehow(items: readonly MemoryItem[], { flashBytes, psramBytes }: Omit<Room, 'costs'>): boolean {
  const used = { below: 0, above: 0, between: 0, flash: 0, psram: 0 };
  const fits = () =>
    used.below <= BELOW &&
    used.above <= ABOVE &&
    used.below + used.above + used.between <= SRAM.end - SRAM.start &&
    used.flash <= flashBytes &&
    used.psram <= psramBytes;
  const search = (index: number): boolean => {
    if (!fits()) return false;
    if (index === items.length) return true;
    const { lifetime, memory, bytes } = items[index];
    const inside = lifetime === 'late' ? (['between'] as const) : (['below', 'above'] as const);
    const outside =
      memory === 'sram' ? [] : lifetime === 'late' ? (['psram'] as const) : (['flash'] as const);
    return [...inside, ...outside].some((place) => {
      const size = roundUp(bytes, place === 'flash' || place === 'psram' ? CACHE_LINE : 16);
      used[place] += size;
      const found = search(index + 1);
      used[place] -= size;
      return found;
    });
  };
  return search(0);
}

function expectSound(placed: readonly PlacedItem[], items: readonly MemoryItem[]): void {
  const whole = placed.filter(({ isRest }) => !isRest);
  expect(whole.map(({ name }) => name).sort()).toEqual(items.map(({ name }) => name).sort());
  const sorted = placed.toSorted((a, b) => a.address - b.address);
  sorted.forEach((item, index) => {
    const end = item.address + item.bytes;
    if (item.isRest) expectRest(item, sorted[index - 1]);
    expect(item.address % item.align).toBe(0);
    expect(end).toBeLessThanOrEqual(sorted[index + 1]?.address ?? SRAM.end);
    if (item.region !== 'sram') {
      expect(item.memory).toBe('any');
      expect(end).toBeLessThanOrEqual(CACHED.end);
      expect(item.region === 'flash' && item.lifetime !== 'loaded').toBe(false);
    } else if (item.lifetime !== 'late') {
      expect(item.address < ROM_DATA.end && end > ROM_DATA.start, item.name).toBe(false);
    }
  });
}

/** The end of an item in PSRAM, right behind its beginning in flash: one run of addresses. */
function expectRest(rest: PlacedItem, beginning: PlacedItem): void {
  expect(rest.name).toBe(`${beginning.name}, rest`);
  expect([beginning.region, rest.region]).toEqual(['flash', 'psram']);
  expect(beginning.address + beginning.bytes).toBe(rest.address);
  expect(rest.address % MMU_PAGE).toBe(0);
}

describe('placing', () => {
  it('places whatever can be placed, soundly', () => {
    let placed = 0;
    let refused = 0;
    fc.assert(
      fc.property(items, room, (items, room) => {
        const result = placeAll(items, { ...room, costs });
        expect(isShortage(result)).toBe(!fitsSomehow(items, room));
        if (isShortage(result)) {
          refused++;
          return;
        }
        placed++;
        expectSound(result.placed, items);
        expect(result.psramBytes).toBeLessThanOrEqual(room.psramBytes);
        const inFlash =
          result.copiedBytes > 0
            ? roundUp(result.flashBytes, MMU_PAGE) + result.copiedBytes
            : result.flashBytes;
        expect(inFlash).toBeLessThanOrEqual(room.flashBytes);
      }),
      { numRuns: 600 },
    );
    expect(Math.min(placed, refused)).toBeGreaterThan(40);
  });

  it('lets an item that PSRAM has no room for begin in flash and end there', () => {
    const item = memoryItem('large', 400_032, { memory: 'any', reads: 400_032, purpose: 'weights' });
    const full = [memoryItem('below', BELOW), memoryItem('above', ABOVE)];
    for (const psramBytes of [4000, 3 * MMU_PAGE + 77]) {
      const result = placeAll([item, ...full], { flashBytes: 1 << 20, psramBytes, costs });
      if (isShortage(result)) throw new Error('no room');
      const parts = result.placed.filter(({ name }) => name.startsWith('large'));
      expect(parts.map(({ region }) => region)).toEqual(psramBytes < 4096 ? ['flash'] : ['flash', 'psram']);
      for (const of of ['bytes', 'reads'] as const)
        expect(parts.reduce((sum, part) => sum + part[of], 0)).toBeCloseTo(item[of], 6);
      if (parts.length === 1) continue;
      expectRest(parts[1], parts[0]);
      expect(parts[0].address % CACHE_LINE).toBe(0);
      expect(parts[1].bytes).toBeGreaterThan(psramBytes - 3 * CACHE_LINE);
      expect(result.copiedBytes).toBe(roundUp(parts[1].bytes, CACHE_LINE));
    }
  });

  it('copies no more to PSRAM than that holds, and than flash has room for in pages of their own', () => {
    const fill = (name: string, bytes: number): MemoryItem => memoryItem(name, bytes, { purpose: 'code' });
    const streamed = (name: string): MemoryItem => ({
      ...fill(name, 40_000),
      memory: 'any',
      reads: 40_000,
    });
    const full = [fill('below', BELOW), fill('above', ABOVE)];
    const copiedWith = (flashBytes: number, psramBytes: number) => {
      const result = placeAll([...full, ...['a', 'b', 'c', 'd'].map(streamed)], {
        flashBytes,
        psramBytes,
        costs,
      });
      if (isShortage(result)) throw new Error('no room');
      return result.placed.filter(({ region, isRest }) => region === 'psram' && !isRest).length;
    };
    // While three or two are mapped these take two pages: no copy, one, two and then the others, too.
    const byFlash = [160_000, 131_072 + 40_000, 131_072 + 80_000].map((bytes) => copiedWith(bytes, 1 << 21));
    expect(byFlash).toEqual([0, 1, 4]);
    const byPsram = [39_999, 40_000, 79_999, 80_000, 160_000].map((bytes) => copiedWith(1 << 21, bytes));
    expect(byPsram).toEqual([0, 1, 1, 2, 4]);
    const cache = memoryItem('cache', MMU_PAGE, { memory: 'any', lifetime: 'late' });
    const fits = (psramBytes: number) =>
      !isShortage(placeAll([...full, cache], { flashBytes: 0, psramBytes, costs }));
    expect([MMU_PAGE - 1, MMU_PAGE].map(fits)).toEqual([false, true]);
  });

  it('keeps in SRAM what would cost most elsewhere, whichever memory is the faster one', () => {
    const [ROOM, SIZE] = [65_536, 16_384];
    // Loaded and late items compete for one run of SRAM; the rest of it is taken.
    const taken = [
      memoryItem('below', BELOW - ROOM, { purpose: 'code' }),
      memoryItem('above', ABOVE, { purpose: 'code' }),
      memoryItem('between', ROM_DATA.end - ROM_DATA.start, { lifetime: 'late' }),
    ];
    const part = fc.record({
      late: fc.boolean(),
      size: fc.constantFrom(1, 2, 3),
      reads: fc.nat(100_000),
      writes: fc.nat(20_000),
    });
    const price = fc.record({
      read: fc.integer({ min: 1, max: 400 }),
      first: fc.constant(1),
      write: fc.nat(400),
    });
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 3, maxLength: 7 }),
        price,
        price,
        fc.boolean(),
        (parts, flash, psram, flashOnly) => {
          const loose = parts.map(({ late, size, reads, writes }, index) =>
            memoryItem(`item${index}`, size * SIZE, {
              memory: 'any',
              lifetime: late ? 'late' : 'loaded',
              reads,
              writes: late ? writes : 0,
            }),
          );
          const outside = ({ lifetime, ...item }: MemoryItem) => {
            const [inFlash, inPsram] = [lineCycles(item, flash), lineCycles(item, psram)];
            if (lifetime === 'late') return inPsram;
            return flashOnly ? inFlash : Math.min(inFlash, inPsram);
          };
          const result = placeAll([...taken, ...loose], {
            flashBytes: 1 << 22,
            psramBytes: 1 << 22,
            flashOnly,
            costs: { flash, psram },
          });
          if (isShortage(result)) throw new Error('no room');
          const inside = result.placed.filter(
            ({ name, region }) => name.startsWith('item') && region === 'sram',
          );
          const saved = (kept: readonly MemoryItem[]) => kept.reduce((sum, item) => sum + outside(item), 0);
          const candidates = loose.filter(({ lifetime }) => !(flashOnly && lifetime === 'loaded'));
          const best = Array.from({ length: 2 ** candidates.length }, (_, bits) =>
            candidates.filter((_, index) => (bits >> index) & 1),
          )
            .filter((kept) => kept.reduce((sum, { bytes }) => sum + bytes, 0) <= ROOM)
            .reduce((most, kept) => Math.max(most, saved(kept)), 0);
          expect(saved(inside)).toBeGreaterThanOrEqual(best - 1);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('leaves in SRAM what saves most, if only the sizes count', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { maxLength: 9 }),
        fc.nat(120),
        (pairs, limit) => {
          const [values, weights] = [0, 1].map((part) => pairs.map((pair) => pair[part]));
          const sums = (chosen: readonly number[]) =>
            [values, weights].map((of) => chosen.reduce((sum, item) => sum + of[item], 0));
          const all = Array.from({ length: 2 ** pairs.length }, (_, bits) =>
            sums(pairs.flatMap((_, item) => ((bits >> item) & 1 ? [item] : []))),
          );
          const [value, weight] = sums(mostValuable(values, weights, limit));
          expect(weight).toBeLessThanOrEqual(limit);
          expect(value).toBe(
            Math.max(...all.filter(([, weight]) => weight <= limit).map(([value]) => value)),
          );
          const cover = lightestCover(values, weights, limit);
          const lightest = Math.min(...all.filter(([value]) => value >= limit).map(([, weight]) => weight));
          expect(cover ? sums(cover)[1] : Number.POSITIVE_INFINITY).toBe(lightest);
        },
      ),
      { numRuns: 200 },
    );
  });
});
