/** What the memories behind the cache cost, from the chip's model of their bus. */
import { type Board, type BusTiming, lineCosts, psramMegahertz } from '../chip/index.ts';
import { CACHE_LINE, type RegionName } from './memory.ts';

/** CPU cycles for which a line of 64 bytes keeps the bus busy. */
export interface LineCost {
  read: number;
  /** Until the core that waits for it goes on. */
  first: number;
  /** Written back. */
  write: number;
}

export interface MemoryCosts {
  flash: LineCost;
  psram: LineCost;
}

const INSTRUCTION_LINE = 32;

/** How the firmware runs a board's memories. */
export const busTiming = (board: Board, clock: number): BusTiming => ({
  flashMode: board.flashMode,
  flashHertz: board.flashMegahertz * 1e6,
  psramMode: board.psramMode ?? 'octal',
  psramHertz: psramMegahertz(board) * 1e6,
  cpuHertz: clock * 1e6,
});

/** Of a board at a CPU clock in MHz. */
export function memoryCosts(board: Board, clock = 240): MemoryCosts {
  const { dataFlash, dataPsram, writeBack } = lineCosts(
    busTiming(board, clock),
    CACHE_LINE,
    INSTRUCTION_LINE,
  );
  return {
    flash: { read: dataFlash.whole, first: dataFlash.first, write: 0 },
    psram: { read: dataPsram.whole, first: dataPsram.first, write: writeBack },
  };
}

/** Cycles of the bus that a token costs whose traffic goes there. */
export const lineCycles = ({ reads, writes }: { reads: number; writes: number }, cost: LineCost): number =>
  lines(reads) * cost.read + lines(writes) * cost.write;

/** What is behind the cache. */
export const isOutside = <Item extends { region: RegionName }>(
  item: Item,
): item is Item & { region: keyof MemoryCosts } => item.region === 'flash' || item.region === 'psram';

/** Cycles of the bus that a token costs whose traffic is that of these; what lies in SRAM costs none. */
export const busCyclesOf = (
  items: readonly { region: RegionName; reads: number; writes: number }[],
  costs: MemoryCosts,
): number => items.filter(isOutside).reduce((sum, item) => sum + lineCycles(item, costs[item.region]), 0);

/** Cycles that a core waits for the lines of a token's traffic while the bus is free. */
export const waitCycles = ({ reads }: { reads: number }, cost: LineCost): number => lines(reads) * cost.first;

/** A run of bytes touches a line more than it fills, and the core waits for the first word of the first. */
const lines = (bytes: number): number => (bytes > 0 ? bytes / CACHE_LINE + 1 : 0);
