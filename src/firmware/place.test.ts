/** Random items in random memories: the planner places whatever a search through all possibilities places. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { memoryCosts } from './costs.ts';
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
  expect(placed.map(({ name }) => name).sort()).toEqual(items.map(({ name }) => name).sort());
  const sorted = placed.toSorted((a, b) => a.address - b.address);
  sorted.forEach((item, index) => {
    const end = item.address + item.bytes;
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

  it('copies no more to PSRAM than flash has room for in pages of their own', () => {
    const fill = (name: string, bytes: number): MemoryItem => memoryItem(name, bytes, { purpose: 'code' });
    const streamed = (name: string): MemoryItem => ({
      ...fill(name, 40_000),
      memory: 'any',
      reads: 40_000,
    });
    const items = [fill('below', BELOW), fill('above', ABOVE), ...['a', 'b', 'c', 'd'].map(streamed)];
    const copiedWith = (flashBytes: number) => {
      const result = placeAll(items, { flashBytes, psramBytes: 1 << 21, costs });
      if (isShortage(result)) throw new Error('no room');
      return result.copiedBytes / 40_000;
    };
    // While three or two are mapped these take two pages: no copy, one, two and then the others, too.
    expect([160_000, 131_072 + 40_000, 131_072 + 80_000].map(copiedWith)).toEqual([0, 1, 4]);
  });

  it('leaves in SRAM what saves most, if only the sizes count', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 50 })), { maxLength: 9 }),
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
