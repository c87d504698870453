/**
 * The lines of both caches: which are there, and how long the core waits for one that comes over the bus they share
 * (docs/esp32-s3.md B4, B5).
 */

import { FIRST_WORD_BYTES, type RecentLines } from '../bus/index.ts';
import { type CacheGeometry, type CacheTags, createCacheTags, LOOKUP } from './cache-tags.ts';
import type { Clock } from './clock.ts';
import {
  type BusTiming,
  createExternalBus,
  type LineCost,
  type LineCosts,
  lineCosts,
} from './external-bus.ts';
import type { Autoload, Which } from './extmem.ts';
import { createLinesAhead, type LinesAhead } from './lines-ahead.ts';
import type { Mmu } from './mmu.ts';

export interface CacheLines {
  /** Which lines are there. */
  readonly tags: Record<Which, CacheTags>;
  /** Lines that were wanted and not there: instructions, data in flash and in PSRAM. */
  readonly misses: { instruction: number; flash: number; psram: number };
  /** Lines of a cache that has another geometry now are forgotten. */
  reshape(geometry: Record<Which, CacheGeometry>): void;
  costs(): LineCosts;
  costsChanged(): void;
  /** Brings a line in if it is missing; returns the wait for `bytes` of it from `address` on. */
  fill(which: Which, address: number, bytes: number, store: boolean, cycle: number): number;
  /** The line of data that was filled last may be read again without asking. @param offset of `address` in the arena */
  share(core: number, address: number, offset: number): void;
  /** Writes dirty lines of data back from now on; returns the cycles until that is done. */
  writeBack(address: number, bytes: number): number;
  /** Lines that nobody waits for yet: each takes its turn on the bus when that is free. */
  preload(which: Which, lines: readonly number[]): void;
  /** Whether all of these are there. */
  preloaded(which: Which): boolean;
  forgetMisses(): void;
  reset(): void;
}

export interface CacheLinesOptions {
  readonly clock: Clock;
  readonly mmu: Mmu;
  /** At first. */
  readonly geometry: Record<Which, CacheGeometry>;
  readonly recent: RecentLines;
  /** What is to be brought in beside what is looked at; may change. */
  readonly autoload: Readonly<Record<Which, Autoload | undefined>>;
  timing(): BusTiming;
  /** Whether PSRAM is sampled at the right moment (psram-timing.ts). */
  psramReadsRight(): boolean;
  /** What reading a line of PSRAM at a wrong one does. */
  garbleLine(address: number, lineBytes: number): void;
}

/** One cache's, by its own name: looked up by a name that varies it takes longer, at each access. */
const sideOf = <Side>(both: Readonly<Record<Which, Side>>, which: Which): Side =>
  which === 'data' ? both.data : both.instruction;

const isSame = (one: CacheGeometry, other: CacheGeometry): boolean =>
  one.bytes === other.bytes && one.ways === other.ways && one.lineBytes === other.lineBytes;

/** Cycles from `cycle` on until `bytes` from `address` on are there, of the line that the cache was asked for last. */
function waitFor(
  { arrival, geometry }: CacheTags,
  { first, whole, perByte }: LineCost,
  address: number,
  bytes: number,
  cycle: number,
): number {
  if (arrival <= cycle) return 0;
  const start = arrival - whole;
  const offset = address & (geometry.lineBytes - 1);
  return Math.max(0, start + first + perByte * (offset + bytes - FIRST_WORD_BYTES) - cycle);
}

/** What lines cost as things are set up now: known anew when that has changed. */
function createCosts(
  { mmu, timing, psramReadsRight, recent }: CacheLinesOptions,
  tags: Readonly<Record<Which, CacheTags>>,
) {
  let known: LineCosts | undefined;
  let garbles = false;
  const now = (): LineCosts => {
    if (known) return known;
    known = lineCosts(timing(), tags.data.geometry.lineBytes, tags.instruction.geometry.lineBytes);
    garbles = !psramReadsRight();
    return known;
  };
  return {
    now,
    of(which: Which, address: number): LineCost {
      const lines = now();
      if (which === 'instruction')
        return mmu.inPsram(address) ? lines.instructionPsram : lines.instructionFlash;
      return mmu.inPsram(address) ? lines.dataPsram : lines.dataFlash;
    },
    changed() {
      known = undefined;
      recent.forget();
    },
    /** Whether PSRAM is read at a wrong moment. */
    get garbles() {
      return garbles;
    },
  };
}

export function createCacheLines(options: CacheLinesOptions): CacheLines {
  const { clock, mmu, geometry, autoload, recent } = options;
  const tags = { data: createCacheTags(geometry.data), instruction: createCacheTags(geometry.instruction) };
  const misses = { instruction: 0, flash: 0, psram: 0 };
  const bus = createExternalBus();
  const costs = createCosts(options, tags);
  /** Of the line that was filled last. */
  let lastCost: LineCost | undefined;

  /** Brings a line in that is missing, from `cycle` on at the earliest; returns the cycle at which it is complete. */
  const bringIn = (
    cache: CacheTags,
    address: number,
    cost: LineCost,
    outcome: number,
    cycle: number,
  ): number => {
    bus.transfer(cycle, cost);
    if (costs.garbles && mmu.inPsram(address)) options.garbleLine(address, cache.geometry.lineBytes);
    const complete = bus.freeAt;
    cache.arrival = complete;
    // The victim leaves after the line that replaces it has come.
    if (outcome === LOOKUP.missDirtyVictim) bus.background(cycle, costs.now().eviction);
    return complete;
  };
  const aheadOf = (which: Which): LinesAhead =>
    createLinesAhead({
      freeAt: () => bus.freeAt,
      bring(address, cycle) {
        const cache = sideOf(tags, which);
        if (cache.holds(address) || !mmu.isMapped(address)) return cycle;
        return bringIn(cache, address, costs.of(which, address), cache.access(address, false), cycle);
      },
    });
  recent.reshape(geometry.data.lineBytes);
  const ahead = { data: aheadOf('data'), instruction: aheadOf('instruction') };

  const fill = (which: Which, address: number, bytes: number, store: boolean, cycle: number): number => {
    if (ahead.data.pending || ahead.instruction.pending) {
      ahead.data.advance(cycle);
      ahead.instruction.advance(cycle);
    }
    const cache = sideOf(tags, which);
    const cost = costs.of(which, address);
    const outcome = cache.access(address, store);
    const loading = sideOf(autoload, which);
    lastCost = cost;
    if (outcome !== LOOKUP.hit) {
      if (which === 'instruction') misses.instruction++;
      else if (mmu.inPsram(address)) misses.psram++;
      else misses.flash++;
      bringIn(cache, address, cost, outcome, cycle);
    }
    if (loading && (outcome === LOOKUP.hit ? loading.onHit : loading.onMiss)) {
      const next = loading.linesAfter(address, cache.geometry.lineBytes);
      ahead[which].ask(
        next.filter((line) => !cache.holds(line) && !ahead[which].waitsFor(line)),
        cycle,
      );
    }
    return waitFor(cache, cost, address, bytes, cycle);
  };

  return {
    tags,
    misses,
    reshape(next) {
      for (const which of ['data', 'instruction'] as const) {
        if (!isSame(tags[which].geometry, next[which])) tags[which] = createCacheTags(next[which]);
      }
      recent.reshape(next.data.lineBytes);
      costs.changed();
    },
    costs: costs.now,
    costsChanged: costs.changed,
    fill,
    share(core, address, offset) {
      // Each access may ask for lines then, or start some.
      if (autoload.data || ahead.data.pending || ahead.instruction.pending) return recent.forget();
      const { first, whole, perByte } = lastCost!;
      const complete = tags.data.arrival;
      recent.note(core, address, offset, complete, complete - whole + first, perByte);
    },
    writeBack(address, bytes) {
      bus.background(clock.cycles, tags.data.writeBack(address, bytes) * costs.now().writeBack);
      return bus.freeAt - clock.cycles;
    },
    preload(which, lines) {
      recent.forget();
      ahead[which].ask(lines, clock.cycles);
    },
    preloaded(which) {
      ahead[which].advance(clock.cycles);
      return ahead[which].doneAt() <= clock.cycles;
    },
    forgetMisses() {
      misses.instruction = misses.flash = misses.psram = 0;
    },
    reset() {
      bus.reset();
      ahead.data.reset();
      ahead.instruction.reset();
      recent.forget();
      tags.data.invalidate(0, 0);
      tags.instruction.invalidate(0, 0);
    },
  };
}
