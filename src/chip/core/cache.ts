/** Translations of one core: found by address and variant, dropped when the bytes they were made from change. */
import type { Memory } from '../bus/index.ts';
import { type Translated, touches } from './translations.ts';

export interface CompiledRegion extends Translated {
  readonly pc: number;
  readonly variant: number;
  /** Cycles spent in it so far. */
  cycles: number;
}

const SLOTS = 1 << 13;
const slotOf = (pc: number, variant: number) => ((pc >>> 1) ^ (pc >>> 14) ^ (variant << 5)) & (SLOTS - 1);

export interface RegionCache {
  /** Direct-mapped front; may hold another region: compare `pc` and `variant`. */
  readonly slots: (CompiledRegion | undefined)[];
  find(pc: number, variant: number): CompiledRegion | undefined;
  add(region: CompiledRegion): void;
  clear(): void;
  /** Cycles spent in regions so far, by the address where a region begins. */
  spent(): Map<number, number>;
}

export const frontSlot = slotOf;

export function createRegionCache(memory: Memory): RegionCache {
  const slots: (CompiledRegion | undefined)[] = new Array(SLOTS).fill(undefined);
  const all = new Map<number, CompiledRegion>();
  const keyOf = (pc: number, variant: number) => (pc >>> 0) * 64 + variant;

  /** Cycles of regions that are gone. */
  const before = new Map<number, number>();
  const count = (counts: Map<number, number>, { pc, cycles }: CompiledRegion) => {
    if (cycles > 0) counts.set(pc >>> 0, (counts.get(pc >>> 0) ?? 0) + cycles);
  };

  const clear = () => {
    for (const region of all.values()) count(before, region);
    slots.fill(undefined);
    all.clear();
  };
  memory.onInvalidate((offset, length) => {
    if (length === Number.POSITIVE_INFINITY) return clear();
    const end = offset + length;
    for (const [key, region] of all) {
      if (!touches(region.ranges, offset, end)) continue;
      count(before, region);
      all.delete(key);
      slots[slotOf(region.pc, region.variant)] = undefined;
    }
  });
  return {
    slots,
    find: (pc, variant) => all.get(keyOf(pc, variant)),
    add(region) {
      const key = keyOf(region.pc, region.variant);
      const replaced = all.get(key);
      if (replaced) count(before, replaced);
      all.set(key, region);
      slots[slotOf(region.pc, region.variant)] = region;
    },
    clear,
    spent() {
      const counts = new Map(before);
      for (const region of all.values()) count(counts, region);
      return counts;
    },
  };
}
