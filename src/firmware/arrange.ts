/**
 * Addresses in SRAM. Loaded and early items must keep off the ROM's own data, which cut SRAM in two: they fill it from below, and what
 * does not fit there from the top down. What is left between is one run of addresses for the late ones, the ROM's data included.
 */
import { type MemoryItem, type PlacedItem, ROM_DATA, roundUp, SRAM } from './memory.ts';
import { lightestCover } from './subset.ts';

const UNIT = 16;

export interface SramLayout {
  placed: PlacedItem[];
  /** Free bytes, in one piece. */
  free: number;
}

/** Bytes that an item takes, whatever lies before it. */
export const sramBytes = ({ bytes, align }: MemoryItem): number =>
  roundUp(bytes, UNIT) + Math.max(0, align - UNIT);

const placedAt = (item: MemoryItem, address: number): PlacedItem => ({ ...item, region: 'sram', address });
const bySize = (a: MemoryItem, b: MemoryItem): number => b.bytes - a.bytes;

/** Places all of the items, in whatever order they come; the first that finds no room where not all do. */
export function arrangeSram(items: readonly MemoryItem[]): SramLayout | MemoryItem {
  const placed: PlacedItem[] = [];
  let low: number = SRAM.start;
  for (const item of items.filter(isFixed).sort((a, b) => a.fixed! - b.fixed!)) {
    if (item.fixed! < low || item.fixed! + item.bytes > ROM_DATA.start) return item;
    placed.push(placedAt(item, item.fixed!));
    low = item.fixed! + item.bytes;
  }
  const early = items.filter((item) => !isFixed(item) && item.lifetime !== 'late').sort(bySize);
  const above = beyondTheRom(early, ROM_DATA.start - roundUp(low, UNIT));
  if (!above) return early[0];
  for (const item of early.filter((item) => !above.has(item))) {
    const address = roundUp(low, item.align);
    if (address + item.bytes > ROM_DATA.start) return item;
    placed.push(placedAt(item, address));
    low = address + item.bytes;
  }
  let high: number = SRAM.end;
  for (const item of above) {
    high = Math.floor((high - item.bytes) / item.align) * item.align;
    if (high < ROM_DATA.end) return item;
    placed.push(placedAt(item, high));
  }
  for (const item of items.filter(({ lifetime }) => lifetime === 'late').sort(bySize)) {
    const address = roundUp(low, item.align);
    if (address + item.bytes > high) return item;
    placed.push(placedAt(item, address));
    low = address + item.bytes;
  }
  return { placed, free: high - low };
}

const isFixed = ({ fixed }: MemoryItem): boolean => fixed !== undefined;

/** The smallest set of items whose going above the ROM's data leaves `room` enough for the others; undefined if none does. */
function beyondTheRom(items: readonly MemoryItem[], room: number): Set<MemoryItem> | undefined {
  const movable = items.filter(({ executable }) => !executable);
  const units = movable.map((item) => sramBytes(item) / UNIT);
  const total = items.reduce((sum, item) => sum + sramBytes(item), 0);
  const excess = total - room;
  if (excess > SRAM.end - ROM_DATA.end) return undefined;
  const chosen = lightestCover(units, units, Math.ceil(excess / UNIT));
  return chosen && new Set(chosen.map((index) => movable[index]));
}
