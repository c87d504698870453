/**
 * How fast a story will be told, before any is: what a pass costs the cores (ideal.ts) and what it moves through the one bus behind the
 * cache (traffic.ts, costs.ts). Misses of two cores follow each other on that bus, so a product whose weights lie there takes as long as
 * its lines do, or as computing and waiting for the first word of each; everything else adds up.
 */
import type { Board } from '../chip/boards/index.ts';
import { busCyclesOf, isOutside, memoryCosts, waitCycles } from './costs.ts';
import { CACHE_LINE, type Purpose, type RegionName } from './memory.ts';
import { meanPositions, storyPositions } from './traffic.ts';

/** What a memory does for a token, in the mean of a story. */
export interface MemoryTraffic {
  region: RegionName;
  /** Bytes a token. */
  reads: number;
  writes: number;
  /** Bytes a second that the memory can be read with; none for SRAM, which keeps up with the cores. */
  limit?: number;
  /** Share of the time that its transfers take, 0 to 1. */
  share: number;
}

export interface Prediction {
  /** Of the story that it is the mean of. */
  positions: number;
  tokensPerSecond: number;
  cyclesPerToken: number;
  /** Of these, what the cores would take if no memory made them wait. */
  coreCycles: number;
  /** And what the bus to flash and PSRAM is busy. */
  busCycles: number;
  traffic: MemoryTraffic[];
}

/** Where something lies, and what a token moves of it. */
export interface Moving {
  purpose: Purpose;
  region: RegionName;
  reads: number;
  writes: number;
}

export interface PredictionFacts {
  placed: readonly Moving[];
  board: Board;
  context: number;
  cores: 1 | 2;
  /** Hand-written vector kernels, or the portable ones. */
  pie: boolean;
  /** MHz. */
  clock: number;
  /** Cycles of a pass at a position where no memory makes the cores wait. */
  coreCycles(position: number): number;
}

/** Printing a token and what else goes on between two passes; cycles, nearly the same for all models. */
export const BETWEEN_PASSES = 1000;
/**
 * Share of a pass that overlaps with transfers: nearly all of the products, whose vector kernels read line after line. Portable ones read rows
 * side by side, so that lines are waited for in bunches (fitted; with them the prediction is a rough one).
 */
const STREAMING = { vector: 0.85, portable: 0.42 } as const;
/** The data cache: what moves again and again and fits stays in it. */
const CACHE_BYTES = 32 << 10;

/** The mean of a story of so many positions; coreCycles are asked for at two. */
export function predict(
  { placed, board, context, clock, cores: coreCount, pie, coreCycles }: PredictionFacts,
  positions = storyPositions(context),
): Prediction {
  const cores = meanCoreCycles(coreCycles, positions) + BETWEEN_PASSES;
  const costs = memoryCosts(board, clock);
  // Items say what they move in a story of the usual length; a shorter one looks back on less.
  const growth = meanPositions(positions) / meanPositions(storyPositions(context));
  const moving = placed
    .filter(({ reads, writes }) => reads + writes > 0)
    .map((item) => (item.purpose === 'kv cache' ? { ...item, reads: item.reads * growth } : item));
  const outside = moving.filter(isOutside);
  const stays = total(outside, ({ reads }) => reads) < CACHE_BYTES;
  const cyclesOf = (region: RegionName): number =>
    busCyclesOf(
      outside.filter((item) => item.region === region),
      costs,
    );
  const busCycles = stays ? 0 : cyclesOf('flash') + cyclesOf('psram');
  const streamed = total(moving, ({ reads }) => reads);
  const hidden =
    streamed > 0
      ? (STREAMING[pie ? 'vector' : 'portable'] * cores * total(outside, ({ reads }) => reads)) / streamed
      : 0;
  const waits = stays ? 0 : total(outside, (item) => waitCycles(item, costs[item.region])) / coreCount;
  const cyclesPerToken = cores + Math.max(0, busCycles - hidden, waits);
  const regions = [...new Set(moving.map(({ region }) => region))];
  return {
    positions,
    tokensPerSecond: (clock * 1e6) / cyclesPerToken,
    cyclesPerToken,
    coreCycles: cores,
    busCycles,
    traffic: regions.map((region): MemoryTraffic => {
      const here = moving.filter((item) => item.region === region);
      return {
        region,
        reads: total(here, ({ reads }) => reads),
        writes: total(here, ({ writes }) => writes),
        limit:
          region === 'flash' || region === 'psram'
            ? (CACHE_LINE * clock * 1e6) / costs[region].read
            : undefined,
        share: stays ? 0 : cyclesOf(region) / cyclesPerToken,
      };
    }),
  };
}

const total = <Item>(items: readonly Item[], of: (item: Item) => number): number =>
  items.reduce((sum, item) => sum + of(item), 0);

/** Attention grows with the position, by groups of 16: the mean is the cost of the mean group, between two that are looked at. */
function meanCoreCycles(coreCycles: PredictionFacts['coreCycles'], positions: number): number {
  const groups = Array.from({ length: positions }, (_, position) => Math.floor(position / GROUP));
  const mean = groups.reduce((sum, group) => sum + group, 0) / positions;
  const group = Math.floor(mean);
  const inside = (group: number): number => coreCycles(Math.min(GROUP * group + GROUP / 2, positions - 1));
  const low = inside(group);
  return mean === group ? low : low + (inside(group + 1) - low) * (mean - group);
}

const GROUP = 16;
