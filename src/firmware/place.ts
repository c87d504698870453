/**
 * Gives every item an address. Loaded items, then early ones, fill SRAM from below up to the ROM's own data, then from the top
 * down; what is left between is one run of addresses for the late ones, the ROM's data included.
 */
import {
  CACHED,
  type MemoryItem,
  MMU_PAGE,
  type PlacedItem,
  type RegionName,
  ROM_DATA,
  roundUp,
  SRAM,
} from './memory.ts';

/** Which memories the items that may lie anywhere can use. */
export interface Room {
  /** Where weights go that are not to stay, or do not fit, in SRAM; 0 without. */
  flashBytes: number;
  psramBytes: number;
  /** Keep all loaded items that may lie anywhere out of SRAM. */
  spareSram?: boolean;
}

export interface Layout {
  placed: PlacedItem[];
  /** Free bytes of SRAM, in one piece. */
  sramFree: number;
  /** Bytes mapped from flash, and from PSRAM behind it, each from a page boundary. */
  flashBytes: number;
  psramBytes: number;
}

/** The first item without room. */
export interface Shortage {
  readonly shortOf: MemoryItem;
}

interface Space {
  /** Next free address from below, within [SRAM.start, ROM_DATA.start). */
  low: number;
  /** Free end from above, within (ROM_DATA.end, SRAM.end]. */
  high: number;
  placed: PlacedItem[];
}

const alignDown = (value: number, unit: number): number => Math.floor(value / unit) * unit;

function put(space: Space, item: MemoryItem, region: RegionName, address: number): void {
  space.placed.push({ ...item, region, address });
}

/** Places an item outside the ROM's data; false if there is no room, or less than `reserve` bytes would remain. */
function placeLoadable(space: Space, item: MemoryItem, reserve: number): boolean {
  const start = item.fixed ?? roundUp(space.low, item.align);
  if (
    start >= space.low &&
    start + item.bytes <= ROM_DATA.start &&
    space.high - start - item.bytes >= reserve
  ) {
    put(space, item, 'sram', start);
    space.low = start + item.bytes;
    return true;
  }
  if (item.fixed !== undefined) return false;
  const top = alignDown(space.high - item.bytes, item.align);
  if (top < ROM_DATA.end || top - space.low < reserve) return false;
  put(space, item, 'sram', top);
  space.high = top;
  return true;
}

const size = (items: readonly MemoryItem[]): number =>
  items.reduce((sum, item) => sum + roundUp(item.bytes, item.align), 0);

const bySize = (a: MemoryItem, b: MemoryItem): number => b.bytes - a.bytes;
const byReadShare = (a: MemoryItem, b: MemoryItem): number => b.readShare - a.readShare || b.bytes - a.bytes;

/** Places everything, or says what did not fit. */
export function placeAll(items: readonly MemoryItem[], room: Room): Layout | Shortage {
  const space: Space = { low: SRAM.start, high: SRAM.end, placed: [] };
  const late = items.filter(({ lifetime }) => lifetime === 'late');
  const stay = (item: MemoryItem): boolean => item.memory === 'sram';
  // With PSRAM, late items that may lie there give way to weights, unless all fits.
  const lateInSram = late.filter((item) => stay(item) || room.psramBytes === 0);
  const early = items.filter(({ lifetime }) => lifetime === 'early');
  const reserve = size(lateInSram) + size(early);

  const present = items.filter(({ lifetime }) => lifetime === 'loaded');
  const fixed = present.filter((item) => item.fixed !== undefined).sort((a, b) => a.fixed! - b.fixed!);
  const must = present.filter((item) => item.fixed === undefined && stay(item)).sort(bySize);
  const may = present.filter((item) => item.fixed === undefined && !stay(item));

  for (const item of [...fixed, ...must]) {
    if (!placeLoadable(space, item, reserve)) return { shortOf: item };
  }
  const mapped: MemoryItem[] = [];
  for (const item of may.sort(byReadShare)) {
    const keep = !(room.spareSram && room.flashBytes > 0);
    if (keep && placeLoadable(space, item, reserve)) continue;
    if (room.flashBytes === 0) return { shortOf: item };
    mapped.push(item);
  }

  for (const item of early.sort(bySize)) {
    if (!placeLoadable(space, item, size(lateInSram))) return { shortOf: item };
  }

  const external: MemoryItem[] = [];
  for (const item of [...lateInSram.sort(bySize), ...late.filter((item) => !lateInSram.includes(item))]) {
    const start = roundUp(space.low, item.align);
    if (start + item.bytes <= space.high) {
      put(space, item, 'sram', start);
      space.low = start + item.bytes;
    } else if (lateInSram.includes(item)) {
      return { shortOf: item };
    } else {
      external.push(item);
    }
  }
  return mapExternal(space, mapped, external, room);
}

/** Flash pages first, PSRAM pages behind them. */
function mapExternal(
  space: Space,
  mapped: MemoryItem[],
  external: MemoryItem[],
  room: Room,
): Layout | Shortage {
  let next: number = CACHED.start;
  const take = (list: readonly MemoryItem[], region: RegionName, limit: number): Shortage | number => {
    const start = next;
    for (const item of list) {
      next = roundUp(next, Math.max(item.align, 64)); // a cache line of its own
      if (next + item.bytes > start + limit || next + item.bytes > CACHED.end) {
        return { shortOf: item };
      }
      put(space, item, region, next);
      next += item.bytes;
    }
    const bytes = next - start;
    next = roundUp(next, MMU_PAGE);
    return bytes;
  };
  const flashBytes = take(mapped, 'flash', room.flashBytes);
  if (typeof flashBytes !== 'number') return flashBytes;
  const psramBytes = take(external, 'psram', room.psramBytes);
  if (typeof psramBytes !== 'number') return psramBytes;
  return { placed: space.placed, sramFree: space.high - space.low, flashBytes, psramBytes };
}

export const isShortage = (result: Layout | Shortage): result is Shortage => 'shortOf' in result;
