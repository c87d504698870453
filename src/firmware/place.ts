/** Gives every item an address: in SRAM what moves most for its size, the rest behind the cache. */
import { arrangeSram, type SramLayout, sramBytes } from './arrange.ts';
import { lineCycles, type MemoryCosts } from './costs.ts';
import { CACHE_LINE, CACHED, type MemoryItem, MMU_PAGE, type PlacedItem, roundUp, SRAM } from './memory.ts';
import { type Choice, lightestCover, mostValuable } from './subset.ts';

/** Which memories the items that may lie anywhere can use. */
export interface Room {
  /** Where weights go that are not to stay, or do not fit, in SRAM; 0 without. */
  flashBytes: number;
  psramBytes: number;
  /** Flash for what lies there in any case (default: none). */
  tableBytes?: number;
  /** Keep all loaded items that may lie anywhere out of SRAM and PSRAM. */
  flashOnly?: boolean;
  /** Of the memories behind the cache. */
  costs: MemoryCosts;
}

export interface Layout {
  placed: PlacedItem[];
  /** Free bytes of SRAM, in one piece. */
  sramFree: number;
  /** Bytes mapped from flash, and of PSRAM behind them, each from a page boundary. */
  flashBytes: number;
  psramBytes: number;
  /** Bytes of PSRAM, from its first, that are copied from flash at boot; they lie there behind what is mapped. */
  copiedBytes: number;
}

/** An item without room. */
export interface Shortage {
  readonly shortOf: MemoryItem;
}

/** So much dearer must flash be than PSRAM for a copy to be worth its time at boot. */
const WORTH_COPYING = 1.1;
/** Bytes of PSRAM for whose sake an item is divided. */
const LEAST_SHARE = 4096;
/** What lies in SRAM although nothing reads it while a story is told: where there is room, before the prompt waits for flash. */
const IDLE_VALUE = 1e-6;
const UNIT = 64;

const total = (items: readonly MemoryItem[], sizeOf: (item: MemoryItem) => number): number =>
  items.reduce((sum, item) => sum + sizeOf(item), 0);
/** Bytes behind the cache: lines of its own. */
const cachedBytes = ({ bytes, align }: MemoryItem): number => roundUp(bytes, Math.max(align, CACHE_LINE));

/** Places everything, or says what did not fit. */
export function placeAll(items: readonly MemoryItem[], room: Room): Layout | Shortage {
  const isLoaded = ({ lifetime }: MemoryItem): boolean => lifetime === 'loaded';
  const canLeave = (item: MemoryItem): boolean =>
    item.memory === 'any' &&
    item.fixed === undefined &&
    (isLoaded(item) ? room.flashBytes : room.psramBytes) > 0;
  const tables = items.filter(isTable);
  const tableBytes = total(tables, cachedBytes);
  if (tableBytes > (room.tableBytes ?? 0)) return { shortOf: tables[0] };
  const others = items.filter((item) => !isTable(item));
  const leaving = others.filter(canLeave);
  const staying = others.filter((item) => !canLeave(item));
  const forced = new Set<MemoryItem>();
  // Where what is behind the cache has no room for all of them, the smallest part of them that must stay.
  for (const [kind, bytes] of [
    [leaving.filter(isLoaded), room.flashBytes - Math.min(tableBytes, room.flashBytes)],
    [leaving.filter((item) => !isLoaded(item)), room.psramBytes],
  ] as const) {
    const kept = overflowing(kind, bytes);
    if (!kept) return { shortOf: kind[0] };
    for (const index of kept) forced.add(kind[index]);
  }
  staying.push(...forced);
  const bytesLeft = SRAM.end - SRAM.start - total(staying, sramBytes);
  if (bytesLeft < 0) return { shortOf: staying.toSorted((a, b) => b.bytes - a.bytes)[0] };
  const free = leaving.filter((item) => !forced.has(item) && !(room.flashOnly && isLoaded(item)));
  const inside = fillSram(staying, free, bytesLeft, room);
  if ('bytes' in inside) return { shortOf: inside };
  const { chosen, sram } = inside;
  const outside = leaving.filter((item) => !forced.has(item) && !chosen.has(item));
  return mapExternal(sram, [...outside, ...tables], room);
}

interface Inside {
  chosen: ReadonlySet<MemoryItem>;
  sram: SramLayout;
}

/** Bytes less than there are, to be tried where the ROM's data are in the way of what would fit without them. */
const SPARED = [1 << 10, 2 << 10, 4 << 10, 8 << 10];

/** What stays beside what must, and where; or what has no room. */
function fillSram(
  staying: readonly MemoryItem[],
  free: readonly MemoryItem[],
  bytes: number,
  room: Room,
): Inside | MemoryItem {
  const fill = (chosen: readonly MemoryItem[]): Inside | MemoryItem => {
    const sram = arrangeSram([...staying, ...chosen]);
    return 'bytes' in sram ? sram : { chosen: new Set(chosen), sram };
  };
  const chosen = worthiest(free, bytes, room);
  const best = fill(chosen);
  if (!('bytes' in best)) return best;
  const others = SPARED.map((less) => fill(worthiest(free, Math.max(0, bytes - less), room)));
  // Or without the least worthy.
  let fewer: Inside | MemoryItem = best;
  while ('bytes' in fewer && chosen.pop()) fewer = fill(chosen);
  const worthIn = ({ chosen }: Inside): number => total([...chosen], (item) => worthOf(item, room));
  const found = [fewer, ...others].filter((one): one is Inside => !('bytes' in one));
  return found.sort((a, b) => worthIn(b) - worthIn(a))[0] ?? fewer;
}

const isTable = ({ memory }: MemoryItem): boolean => memory === 'flash';

/** Numbers of the items that memory of so many bytes cannot take, as few bytes of SRAM as that can be. */
function overflowing(items: readonly MemoryItem[], bytes: number): Choice | undefined {
  const excess = total(items, cachedBytes) - bytes;
  if (excess <= 0) return [];
  if (excess > SRAM.end - SRAM.start) return undefined;
  const units = items.map((item) => cachedBytes(item) / UNIT);
  return lightestCover(units, items.map(sramBytes), Math.ceil(excess / UNIT));
}

/** Cycles a token that an item costs behind the cache. */
const costOutside = (item: MemoryItem, { psramBytes, flashOnly, costs }: Room): number => {
  const inFlash = lineCycles(item, costs.flash);
  const inPsram = lineCycles(item, costs.psram);
  if (item.lifetime !== 'loaded') return inPsram;
  return psramBytes > 0 && !flashOnly ? Math.min(inFlash, inPsram) : inFlash;
};

/** What keeping it inside is worth. */
const worthOf = (item: MemoryItem, room: Room): number => costOutside(item, room) + item.bytes * IDLE_VALUE;

/** What is best kept in `bytes` of SRAM, the worthiest for its size first. */
function worthiest(items: readonly MemoryItem[], bytes: number, room: Room): MemoryItem[] {
  const values = items.map((item) => worthOf(item, room));
  const units = items.map((item) => Math.ceil(sramBytes(item) / UNIT));
  const density = (index: number): number => values[index] / units[index];
  return mostValuable(values, units, Math.floor(bytes / UNIT))
    .sort((a, b) => density(b) - density(a))
    .map((index) => items[index]);
}

/** Flash pages first, PSRAM pages behind them: copies, then what begins empty. An item may lie across the border. */
function mapExternal(sram: SramLayout, items: readonly MemoryItem[], room: Room): Layout | Shortage {
  const { copied, divided } = worthCopying(items, room);
  const mapped = items.filter(
    (item) => item.lifetime === 'loaded' && !copied.has(item) && item !== divided?.item,
  );
  const empty = items.filter(({ lifetime }) => lifetime !== 'loaded');
  const placed = [...sram.placed];
  let next: number = CACHED.start;
  const take = (list: Iterable<MemoryItem>, region: 'flash' | 'psram'): void => {
    for (const item of list) {
      next = roundUp(next, Math.max(item.align, CACHE_LINE));
      placed.push({ ...item, region, address: next });
      next += item.bytes;
    }
  };
  take(mapped, 'flash');
  const [beginning, rest] = divided ? halvesOf(divided, next) : [];
  next = rest?.address ?? next;
  const flashBytes = next - CACHED.start;
  next = roundUp(next, MMU_PAGE);
  const psramStart = next;
  if (beginning && rest) placed.push(beginning, rest);
  next += rest?.bytes ?? 0;
  take(copied, 'psram');
  const copiedBytes = roundUp(next - psramStart, CACHE_LINE);
  take(empty, 'psram');
  const psramBytes = next - psramStart;
  const window = roundUp(next, MMU_PAGE) + roundUp(copiedBytes, MMU_PAGE); // a boot maps the copies' source there
  if (window > CACHED.end) return { shortOf: items[0] };
  return { placed, sramFree: sram.free, flashBytes, psramBytes, copiedBytes };
}

/** An item that begins in flash and ends in PSRAM. */
interface Divided {
  readonly item: MemoryItem;
  /** Bytes, at most. */
  readonly inPsram: number;
}

/** So many bytes of an item, with what a token moves of them. */
const shareOf = (item: MemoryItem, bytes: number): MemoryItem => ({
  ...item,
  bytes,
  reads: (item.reads * bytes) / item.bytes,
});

/** What of it lies in flash, from `free` on: up to the end of a page, behind which PSRAM is mapped; and the rest. */
function halvesOf({ item, inPsram }: Divided, free: number): [beginning: PlacedItem, rest: PlacedItem] {
  const align = Math.max(item.align, CACHE_LINE);
  const least = item.bytes - inPsram;
  const border = roundUp(free + align + least, MMU_PAGE);
  const address = Math.floor((border - least) / align) * align;
  const beginning = shareOf(item, border - address);
  const rest = { ...shareOf(item, item.bytes - beginning.bytes), name: `${item.name}, rest`, isRest: true };
  return [
    { ...beginning, region: 'flash', address },
    { ...rest, region: 'psram', address: border },
  ];
}

/**
 * Loaded items that PSRAM serves faster, those that gain most for their size first, as far as it has room beside what begins empty; and
 * the largest of those that found none, with what room is left for its end.
 */
function worthCopying(
  items: readonly MemoryItem[],
  { costs, psramBytes, flashBytes, flashOnly }: Room,
): { copied: ReadonlySet<MemoryItem>; divided?: Divided } {
  const copied = new Set<MemoryItem>();
  if (flashOnly || psramBytes === 0 || costs.flash.read < WORTH_COPYING * costs.psram.read) return { copied };
  const loaded = items.filter(({ lifetime }) => lifetime === 'loaded');
  let free =
    psramBytes -
    total(
      items.filter((item) => !loaded.includes(item)),
      cachedBytes,
    );
  let mapped = total(loaded, cachedBytes);
  let inPsram = 0;
  const gain = (item: MemoryItem): number => lineCycles(item, costs.flash) - lineCycles(item, costs.psram);
  const streamed = loaded.filter(isStreamed).sort((a, b) => gain(b) / b.bytes - gain(a) / a.bytes);
  for (const item of streamed) {
    const bytes = cachedBytes(item);
    const inFlash = roundUp(mapped - bytes, MMU_PAGE) + inPsram + bytes; // copies lie there from a page of their own
    if (bytes > free || inFlash > flashBytes) continue;
    copied.add(item);
    free -= bytes;
    mapped -= bytes;
    inPsram += bytes;
  }
  const item = streamed.filter((item) => !copied.has(item)).sort((a, b) => b.bytes - a.bytes)[0];
  const most = Math.floor(free / CACHE_LINE) * CACHE_LINE;
  // The end of what is mapped is as long as before, but for a page.
  const hasRoom =
    item &&
    most >= LEAST_SHARE &&
    most < item.bytes &&
    roundUp(mapped, MMU_PAGE) + MMU_PAGE + inPsram <= flashBytes;
  return { copied, divided: hasRoom ? { item, inPsram: most } : undefined };
}

/** Rows of tables are as fast from flash, for all that a story notices. */
const isStreamed = ({ reads, bytes }: MemoryItem): boolean => reads > bytes / 16;

export const isShortage = (result: Layout | Shortage): result is Shortage => 'shortOf' in result;
