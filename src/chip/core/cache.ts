/**
 * Translations of one core: found by address and variant, dropped when the bytes they were made from change. Those used last lie in slots
 * of the memory, where the dispatcher finds them (wasm/dispatch.ts).
 */
import { CORE_SLOTS_BYTES, type Memory } from '../bus/index.ts';
import { type Translated, touches } from './translations.ts';
import { IN_USE, SLOT, SLOT_WORDS, SLOTS, slotOf } from './wasm/dispatch.ts';

export interface CompiledRegion extends Translated {
  readonly pc: number;
  readonly variant: number;
  /** Cycles spent in it so far, those that its slot has counted aside. */
  cycles: number;
}

export interface RegionCache {
  /** The region, if it is in its slot. */
  inSlot(pc: number, variant: number): CompiledRegion | undefined;
  find(pc: number, variant: number): CompiledRegion | undefined;
  add(region: CompiledRegion): void;
  /** Puts a region into its slot; with `loopEnd`, as one that loops back there. */
  use(region: CompiledRegion, loopEnd?: number): void;
  /** Whether the dispatcher would run this very region. */
  isInSlot(region: CompiledRegion): boolean;
  /** Cycles spent in regions so far, by the address where a region begins. */
  spent(): Map<number, number>;
}

export function createRegionCache(memory: Memory, core: number): RegionCache {
  const slots: (CompiledRegion | undefined)[] = new Array(SLOTS).fill(undefined);
  const words = new Int32Array(memory.arena, memory.slotsOffset(core), CORE_SLOTS_BYTES / 4);
  const counters = new Float64Array(memory.arena, memory.slotsOffset(core), CORE_SLOTS_BYTES / 8);
  const all = new Map<number, CompiledRegion>();
  const keyOf = (pc: number, variant: number) => (pc >>> 0) * 64 + variant;
  /** Cycles of regions that are gone. */
  const before = new Map<number, number>();

  /** Takes what a slot has counted. */
  const settle = (slot: number) => {
    const region = slots[slot];
    const counter = (slot * SLOT_WORDS + SLOT.cycles) / 2;
    if (region) region.cycles += counters[counter];
    counters[counter] = 0;
  };
  const empty = (slot: number) => {
    settle(slot);
    slots[slot] = undefined;
    words[slot * SLOT_WORDS + SLOT.variant] = 0;
  };
  const count = (counts: Map<number, number>, { pc, cycles }: CompiledRegion) => {
    if (cycles > 0) counts.set(pc >>> 0, (counts.get(pc >>> 0) ?? 0) + cycles);
  };
  const forget = (region: CompiledRegion) => {
    const slot = slotOf(region.pc, region.variant);
    if (slots[slot] === region) empty(slot);
    count(before, region);
  };

  memory.onInvalidate((offset, length) => {
    const end = offset + length;
    for (const [key, region] of all) {
      if (length !== Number.POSITIVE_INFINITY && !touches(region.ranges, offset, end)) continue;
      all.delete(key);
      forget(region);
    }
  });
  return {
    inSlot(pc, variant) {
      const region = slots[slotOf(pc, variant)];
      return region !== undefined && region.pc === pc && region.variant === variant ? region : undefined;
    },
    find: (pc, variant) => all.get(keyOf(pc, variant)),
    add(region) {
      const key = keyOf(region.pc, region.variant);
      const replaced = all.get(key);
      if (replaced) forget(replaced);
      all.set(key, region);
    },
    use(region, loopEnd = 0) {
      const slot = slotOf(region.pc, region.variant);
      settle(slot);
      slots[slot] = region;
      const at = slot * SLOT_WORDS;
      words[at + SLOT.pc] = region.pc;
      words[at + SLOT.variant] = region.variant | IN_USE;
      words[at + SLOT.index] = region.index;
      words[at + SLOT.low] = region.low;
      words[at + SLOT.high] = region.high;
      words[at + SLOT.loopEnd] = loopEnd;
    },
    isInSlot: (region) => slots[slotOf(region.pc, region.variant)] === region,
    spent() {
      for (let slot = 0; slot < SLOTS; slot++) settle(slot);
      const counts = new Map(before);
      for (const region of all.values()) count(counts, region);
      return counts;
    },
  };
}
