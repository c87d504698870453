/** Translations of one core: found by address and variant, dropped when the bytes they were made from change. */
import type { Memory } from '../bus/index.ts';

export interface CompiledRegion {
  readonly pc: number;
  readonly variant: number;
  /** Runs it. @returns the address to go on at */
  readonly run: () => number;
  /** Addresses of the first byte and behind the last, over all its instructions. */
  readonly low: number;
  readonly high: number;
  /** LEND values at which it loops back. */
  readonly loopEnds: ReadonlySet<number>;
  /** Bytes of the arena that it was made from. */
  readonly offsets: readonly number[];
}

const SLOTS = 1 << 13;
const slotOf = (pc: number, variant: number) => ((pc >>> 1) ^ (pc >>> 14) ^ (variant << 5)) & (SLOTS - 1);

export interface RegionCache {
  /** Direct-mapped front; may hold another region: compare `pc` and `variant`. */
  readonly slots: (CompiledRegion | undefined)[];
  find(pc: number, variant: number): CompiledRegion | undefined;
  add(region: CompiledRegion): void;
  clear(): void;
}

export const frontSlot = slotOf;

export function createRegionCache(memory: Memory): RegionCache {
  const slots: (CompiledRegion | undefined)[] = new Array(SLOTS).fill(undefined);
  const all = new Map<number, CompiledRegion>();
  const keyOf = (pc: number, variant: number) => (pc >>> 0) * 64 + variant;

  const clear = () => {
    slots.fill(undefined);
    all.clear();
  };
  memory.onInvalidate((offset, length) => {
    if (length === Number.POSITIVE_INFINITY) return clear();
    const end = offset + length;
    for (const [key, region] of all) {
      if (!region.offsets.some((at) => at < end && at + 4 > offset)) continue;
      all.delete(key);
      slots[slotOf(region.pc, region.variant)] = undefined;
    }
  });
  return {
    slots,
    find: (pc, variant) => all.get(keyOf(pc, variant)),
    add(region) {
      all.set(keyOf(region.pc, region.variant), region);
      slots[slotOf(region.pc, region.variant)] = region;
    },
    clear,
  };
}
