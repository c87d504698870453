/** The core's time in slices: how long one may be, what its counters become, and matches of the timers. */
import { describe, expect, it } from 'vitest';
import { createMemory } from '../bus/bus.ts';
import { createSlices, LONGEST_SLICE } from './slices.ts';
import { createCoreState, SR, TIME } from './state.ts';

function create(compare = 0) {
  const state = createCoreState(0, createMemory(0x10000));
  for (const timer of [0, 1, 2]) state.special[SR.ccompare0 + timer] = compare;
  const slices = createSlices(state);
  const spend = (cycles: number, instructions: number) => {
    state.time[TIME.cycles] += cycles;
    state.time[TIME.instructions] += instructions;
  };
  return { state, slices, spend, limit: () => state.time[TIME.limit] };
}

describe('a slice', () => {
  it('is as long as was asked for, a quarter of what its counter holds at most', () => {
    const { slices, limit } = create();
    for (const length of [1, 1_000, 2 ** 29]) {
      slices.begin(length);
      expect(limit()).toBe(length);
      slices.settle();
    }
    slices.begin(2 ** 40);
    expect([limit(), LONGEST_SLICE]).toEqual([2 ** 30, 2 ** 30]);
  });

  it('adds to the totals when it ends, and CCOUNT goes on', () => {
    const { state, slices, spend } = create();
    slices.begin(1_000);
    spend(300, 120);
    expect([slices.now(), slices.instructions(), slices.until(1_000)]).toEqual([300, 120, 1_000]);
    slices.settle();
    expect([slices.now(), slices.instructions(), slices.until(1_000)]).toEqual([300, 120, 700]);
    expect([state.time[TIME.cycles], state.time[TIME.instructions], state.time[TIME.ccountBase]]).toEqual([
      0, 0, 300,
    ]);
    slices.sleep(50);
    slices.pass(20, 7);
    expect([slices.now(), slices.instructions(), state.time[TIME.ccountBase]]).toEqual([370, 127, 370]);
  });

  it('ends at the next match of a timer, the one behind it at the end that it asks for again', () => {
    const { state, slices, spend, limit } = create(500);
    slices.begin(2_000);
    expect(limit()).toBe(500);
    spend(500, 0);
    slices.settle();
    expect(state.special[SR.interrupt]).toBe((1 << 6) | (1 << 15) | (1 << 16));
    slices.begin(2_000);
    expect(limit()).toBe(2_000);
  });

  it('knows a match now for one that has been: the next is 2^32 cycles away', () => {
    const { slices } = create(0);
    expect(slices.untilTimer()).toBe(2 ** 32);
    slices.sleep(1);
    expect(slices.untilTimer()).toBe(2 ** 32 - 1);
  });

  it('asks for a look at interrupts where one is pending', () => {
    const { state, slices } = create();
    slices.settle();
    expect(state.time[TIME.attention]).toBe(0);
    state.special[SR.interrupt] = 1;
    slices.settle();
    expect(state.time[TIME.attention]).toBe(1);
  });

  it('is over at once where it is stopped, or where the timers change under it', () => {
    const { state, slices, limit, spend } = create();
    slices.begin(1_000);
    slices.stop();
    expect(limit()).toBe(-1);
    slices.begin(1_000);
    spend(100, 0);
    slices.retime();
    expect(limit()).toBe(-1);
    state.special[SR.ccompare0] = 150;
    slices.settle();
    slices.begin(1_000);
    expect(limit()).toBe(50);
  });
});
