import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import type { Tokenizer } from '../model/index.ts';
import { largeModel } from '../model/testing.ts';
import { type QuantizedModel, quantize } from '../quantize/index.ts';
import { sramBytes } from './arrange.ts';
import { memoryCosts } from './costs.ts';
import { type MemoryItem, memoryItem, ROM_DATA, roundUp, SRAM } from './memory.ts';
import { isShortage, placeAll } from './place.ts';
import { type MemoryPlan, type PlanRequest, planIfFits, planMemory } from './plan.ts';
import { passesMemory } from './plan-items.ts';
import { longestContext } from './plan-search.ts';
import { smallModel, tinyStories } from './testing.ts';

function request(model: QuantizedModel, tokenizer: Tokenizer, board: string): PlanRequest {
  return { model, tokenizer, board: findBoard(board), program: [] };
}

describe('memory plan', () => {
  const small = request(smallModel().quantized, smallModel().tokenizer, 'bare-s3');
  const { model, tokenizer } = largeModel();
  const large = request(quantize(model), tokenizer, 'devkitc-n16r8');

  it('keeps a model of 260,000 parameters in SRAM with a context of at least 256', () => {
    const plan = planMemory(small);
    expect(plan.context).toBeGreaterThanOrEqual(256);
    expect(plan.flashBytes).toBe(0);
    expect(plan.placed.every(({ region }) => region === 'sram')).toBe(true);
    // Nothing streams, so no lanes, and no room for any.
    expect([plan.lanes, plan.placed.some(({ name }) => name === 'batch')]).toEqual([0, false]);
  });

  it('gives every item bytes of its own, aligned, and loads nothing over the ROM', () => {
    for (const context of [256, 320]) {
      const { placed } = planMemory({ ...small, context });
      const sorted = placed.toSorted((a, b) => a.address - b.address);
      sorted.forEach((item, index) => {
        expect(item.address % item.align, item.name).toBe(0);
        const next = sorted[index + 1];
        if (next) expect(item.address + item.bytes, item.name).toBeLessThanOrEqual(next.address);
        if (item.region !== 'sram') return;
        expect(item.address).toBeGreaterThanOrEqual(SRAM.start);
        expect(item.address + item.bytes).toBeLessThanOrEqual(SRAM.end);
        const overRom = item.address < ROM_DATA.end && item.address + item.bytes > ROM_DATA.start;
        if (overRom) expect(item.lifetime, item.name).toBe('late');
      });
    }
  });

  it('knows what passes of several positions need', () => {
    const { laneBytes, config, constants } = tinyStories().quantized;
    expect(config).toMatchObject({ layers: 5, vocabulary: 1024, kvHeads: 2 });
    const needs = passesMemory({ laneBytes, config, constants }, { lanes: 4, drafts: 3, history: true }, 64);
    expect(Object.fromEntries(needs.map(({ name, bytes }) => [name, bytes]))).toEqual({
      batch: 5120,
      laneProducts: 8224,
      rawKeys: 10240,
      growths: 2560,
      guesses: 32,
    });
    const none = passesMemory({ laneBytes, config, constants }, { lanes: 0, drafts: 0, history: false }, 64);
    expect(none.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(0);
  });

  const regionOf = (plan: MemoryPlan, name: string) => plan.placed.find((item) => item.name === name)?.region;

  it('fills SRAM with what moves most, PSRAM with the other weights and the cache, flash with what is read by row', () => {
    const plan = planMemory(large);
    expect(plan.context).toBe(512);
    expect(plan.sramFree).toBeLessThan(1024);
    expect(plan.copiedBytes).toBeGreaterThan(2e6);
    expect(regionOf(plan, 'model')).toBe('sram');
    const gains = plan.placed.filter(({ name }) => /Gain$/.test(name));
    const inSram = gains.filter(({ region }) => region === 'sram');
    expect(inSram.length).toBeGreaterThan(gains.length / 2);
    for (const name of ['classifier', 'keys', 'values']) expect(regionOf(plan, name), name).toBe('psram');
    for (const name of ['embeddingUnits', 'pieceBytes']) expect(regionOf(plan, name), name).toBe('flash');
  });

  it('puts the weights of a larger model in flash without PSRAM, and where PSRAM is no faster', () => {
    const plan = planMemory({ ...large, board: findBoard('devkitc-n8') });
    expect(plan.flashBytes).toBeGreaterThan(2e6);
    expect(plan.context).toBeGreaterThanOrEqual(256);
    expect(regionOf(plan, 'model')).toBe('sram');
    const quad = planMemory({ ...large, board: findBoard('s3-zero') });
    expect([quad.copiedBytes, regionOf(quad, 'classifier')]).toEqual([0, 'flash']);
  });

  it('moves all weights to flash when asked', () => {
    const plan = planMemory({ ...small, weights: 'flash' });
    for (const item of plan.placed) {
      if (item.purpose === 'weights' && item.memory === 'any') expect(item.region, item.name).toBe('flash');
    }
    expect(plan.context).toBe(512);
    // They stream, so that passes of several positions are worth their memory.
    expect([plan.lanes, plan.drafts]).toEqual([12, 7]);
  });

  it('reads as many positions in one pass as there is memory for, of those that are tried', () => {
    const board = findBoard('devkitc-n8');
    const lanes = new Set<number | undefined>();
    for (let bytes = 0; bytes < 100_000; bytes += 1000) {
      const program = [memoryItem('filler', bytes, { purpose: 'code' })];
      lanes.add(planIfFits({ ...large, board, draft: 'none', context: 400, program })?.lanes);
    }
    expect([...lanes]).toEqual([12, 8, 6, 4, 2, 0, undefined]);
  });

  it('refuses with a table that says what would fit', () => {
    let message = '';
    try {
      planMemory({ ...large, board: findBoard('bare-s3'), context: 100000 });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/does not fit the board bare-s3/);
    expect(message).toMatch(/KV cache +[\d.]+ MB {3}SRAM/);
    expect(message).toMatch(/a context of \d+ \(--context \d+\)/);
  });

  it.each([
    // Longest contexts that fit: small has one of 512 at most, large too.
    ['t-camera-s3', 512, 512],
    ['devkitc-n16r8', 512, 512],
    ['devkitc-n8', 512, 512],
    ['heltec-v3', 512, 512],
    ['bare-s3', 512, 336],
  ])(
    'plans for %s whatever fits and refuses what does not, to the context',
    (id, longestSmall, longestLarge) => {
      const board = findBoard(id);
      for (const [base, longest] of [
        [small, longestSmall],
        [large, longestLarge],
      ] as const) {
        expect(longestContext({ ...base, board })).toBe(longest);
        for (const context of [1, 16, 255, longest]) {
          expect(planMemory({ ...base, board, context }).context).toBe(context);
        }
        if (longest === 512) continue;
        for (const context of [longest + 16, 4096]) {
          expect(() => planMemory({ ...base, board, context })).toThrow(/does not fit the board/);
        }
      }
    },
  );

  /** The small model with caches of so many bytes a position, and weights beside. */
  const withCache = (bytes: number, memory: 'sram' | 'any', weightBytes = 0): PlanRequest['model'] => ({
    ...small.model,
    blobs: [
      ...small.model.blobs,
      { name: 'filler', bytes: new Uint8Array(weightBytes), align: 16, memory: 'any', references: [] },
    ],
    buffers: (context) => [{ name: 'cache', bytes: bytes * context, align: 16, memory, purpose: 'kv cache' }],
  });

  it('takes the longest context even where it is not a comfortable one', () => {
    const plan = planMemory({ ...small, model: withCache(4096, 'sram') });
    expect(plan.context).toBeGreaterThan(16);
    expect(plan.context).toBeLessThan(256);
    expect(plan.context).toBe(longestContext({ ...small, model: withCache(4096, 'sram') }));
    expect(longestContext({ ...small, model: withCache(1 << 20, 'sram') })).toBe(0);
  });

  it('tries every sixteenth position and the longest context of the model itself', () => {
    const contexts = new Set<number>();
    for (let bytes = 6_000; bytes < 24_000; bytes += 250) {
      const model = withCache(bytes, 'sram');
      const config = { ...model.config, context: 33 };
      contexts.add(longestContext({ ...small, model: { ...model, config } }));
    }
    expect([...contexts].sort((a, b) => a - b)).toEqual([16, 32, 33]);
  });

  it('keeps products and guesses for a single guess, and for none nothing', () => {
    const bytesOf = (drafts: number) =>
      passesMemory(small.model, { lanes: 2, drafts, history: false }, 16)
        .slice(1)
        .map(({ bytes }) => bytes > 0);
    expect([0, 1].map(bytesOf)).toEqual([
      [false, false],
      [true, true],
    ]);
  });

  it('stays in SRAM with a comfortable context, though PSRAM would hold a longer one', () => {
    const board = findBoard('devkitc-n16r8');
    const plans = Array.from({ length: 60 }, (_, step) =>
      planMemory({ ...small, board, model: withCache(200 + 8 * step, 'any') }),
    );
    const comfortable = plans.filter(({ context }) => context === 256);
    expect(comfortable.length).toBeGreaterThan(0);
    for (const { psramBytes } of comfortable) expect(psramBytes).toBe(0);
    expect(new Set(plans.map(({ context }) => context)).has(512)).toBe(true);
  });

  it('has weights and caches at places that the vector unit takes, and clears what nothing loads', () => {
    const odd = { name: 'odd', bytes: 100, align: 1, memory: 'any', purpose: 'kv cache' } as const;
    const model: PlanRequest['model'] = { ...small.model, buffers: () => [odd, { ...odd, name: 'odder' }] };
    const { placed } = planMemory({ ...small, model });
    for (const { name, purpose, address, lifetime, zero } of placed) {
      if (purpose === 'weights' || purpose === 'kv cache') expect(address % 16, name).toBe(0);
      if (purpose === 'kv cache') expect(zero, name).toBe(true);
      if (lifetime === 'loaded') expect(zero, name).toBe(false);
    }
  });

  it('finds room for a stack where weights could take it', () => {
    const request = { ...small, model: smallModel().float, board: findBoard('devkitc-n16r8') };
    for (const context of [320, 336, 400]) expect(planMemory({ ...request, context }).context).toBe(context);
  });

  it('leaves the image its part of the flash', () => {
    const board = { ...findBoard('devkitc-n8'), flashBytes: 4 << 20 };
    const withTable = (bytes: number): PlanRequest => ({
      ...small,
      board,
      context: 64,
      model: {
        ...small.model,
        blobs: [
          ...small.model.blobs,
          { name: 'filler', bytes: new Uint8Array(bytes), align: 16, memory: 'any', references: [] },
        ],
      },
    });
    expect(planMemory(withTable(3 << 20)).flashBytes).toBe(3 << 20);
    expect(() => planMemory(withTable((3 << 20) + 16))).toThrow(/does not fit/);
  });
});

describe('placing', () => {
  const item = (name: string, bytes: number, more: Partial<MemoryItem> = {}): MemoryItem =>
    memoryItem(name, bytes, { purpose: 'weights', ...more });
  const room = { flashBytes: 0, psramBytes: 0, costs: memoryCosts(findBoard('devkitc-n16r8')) };
  const below = ROM_DATA.start - SRAM.start;
  const above = SRAM.end - ROM_DATA.end;
  const place = (...items: MemoryItem[]) => {
    const result = placeAll(items, room);
    if (isShortage(result)) return 'no room';
    return Object.fromEntries(result.placed.map(({ name, address }) => [name, address]));
  };

  it('names the largest item where they do not fit, in whatever order they come', () => {
    const shortOf = (...items: MemoryItem[]) => {
      const result = placeAll(items, room);
      return isShortage(result) && result.shortOf.name;
    };
    const [small, big] = [item('small', 64), item('big', 1 << 20)];
    expect([shortOf(small, big), shortOf(big, small)]).toEqual(['big', 'big']);
    // All of SRAM would hold this, but not the part before the ROM's data, beyond which no code can lie.
    const code = item('code', below + 16, { executable: true });
    expect([shortOf(code), shortOf(small, code)]).toEqual(['code', 'code']);
  });

  it('counts on the worst place that an item can get', () => {
    for (const align of [1, 16, 32, 4096])
      for (const bytes of [1, 16, 100]) {
        const starts = Array.from({ length: 256 }, (_, index) => 16 * index);
        const taken = starts.map((at) => roundUp(roundUp(at, align) + bytes, 16) - at);
        expect(sramBytes(item('a', bytes, { align }))).toBe(Math.max(...taken));
      }
  });

  it("loads up to the first byte of the ROM's data and not one further", () => {
    const largest = below - (below % 16);
    expect(place(item('a', largest))).toEqual({ a: SRAM.start });
    expect(place(item('a', below + 1))).toBe('no room');
    expect(place(item('a', largest), item('b', 32))).toEqual({ a: SRAM.start, b: SRAM.end - 32 });
  });

  it("loads above the ROM's data what does not fit below, down to their end", () => {
    const filler = item('a', below - (below % 16));
    expect(place(filler, item('b', above))).toEqual({ a: SRAM.start, b: ROM_DATA.end });
    expect(place(filler, item('b', above + 16))).toBe('no room');
  });

  it("keeps the early out of the ROM's data, too, and gives it to the late", () => {
    const early = item('e', 64, { lifetime: 'early' });
    const late = item('l', ROM_DATA.end - ROM_DATA.start, { lifetime: 'late' });
    const filler = item('a', below - (below % 16) - 32);
    expect(place(filler, early, late)).toEqual({
      a: SRAM.start,
      e: SRAM.end - 64,
      l: SRAM.start + filler.bytes,
    });
    expect(place(filler, item('b', above), early)).toBe('no room');
  });

  it('gives the late all that is left, to the last byte', () => {
    const all = SRAM.end - SRAM.start;
    const late = (bytes: number) => item('l', bytes, { lifetime: 'late' });
    expect(place(item('a', 64), late(all - 64))).toEqual({ a: SRAM.start, l: SRAM.start + 64 });
    expect(place(item('a', 64), late(all - 48))).toBe('no room');
  });

  it('maps no more than the 32 MB of addresses of the cache, whatever the flash has', () => {
    const mapped = (bytes: number) =>
      placeAll([item('m', bytes, { memory: 'any' })], {
        flashBytes: 64 << 20,
        psramBytes: 0,
        flashOnly: true,
        costs: room.costs,
      });
    expect(isShortage(mapped(32 << 20))).toBe(false);
    expect(mapped((32 << 20) + 16)).toMatchObject({ shortOf: { name: 'm' } });
  });

  it('keeps what has an address there, or says that it cannot', () => {
    const fixed = SRAM.start + 4096;
    expect(place(item('a', 64, { fixed }), item('b', 16))).toEqual({ a: fixed, b: fixed + 64 });
    const behind = item('b', 64, { fixed: fixed + 128 });
    expect(place(behind, item('a', 64, { fixed }))).toEqual({ a: fixed, b: fixed + 128 });
    expect(place(item('a', 64, { fixed: ROM_DATA.start - 32 }))).toBe('no room');
    expect(place(item('a', 64, { fixed }), item('b', 64, { fixed: fixed + 32 }))).toBe('no room');
  });
});
