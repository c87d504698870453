/**
 * Where everything lies, for boards and models of all sizes and for random items: it says that a plan changed, not that it is right (place.test.ts
 * searches through all possibilities). Where plans change on purpose, the figures change with them.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { largeModel } from '../model/testing.ts';
import { quantize } from '../quantize/index.ts';
import { memoryCosts } from './costs.ts';
import { type MemoryItem, memoryItem, type PlacedItem, SRAM } from './memory.ts';
import { isShortage, type Layout, placeAll, type Room } from './place.ts';
import { type MemoryPlan, planMemory } from './plan.ts';
import { longestContext, longestInSram } from './plan-search.ts';
import { tinyStories } from './testing.ts';

const regions = ['sram', 'flash', 'psram'] as const;

/** Items in each memory, and what the plan decides beside. */
function summary({ context, lanes, drafts, history, drafter, placed }: MemoryPlan): string {
  const counts = regions.map((name) => placed.filter(({ region }) => region === name).length);
  const passes = `${lanes} lanes, ${drafts} drafts${history ? ', history' : ''}${drafter ? ', drafter' : ''}`;
  return `${context}: ${counts.join(' ')}, ${passes}`;
}

describe('the plan for', () => {
  const small = tinyStories();
  const large = largeModel();
  const models = {
    small: { model: small.quantized, tokenizer: small.tokenizer },
    'small float': { model: small.float, tokenizer: small.tokenizer },
    large: { model: quantize(large.model), tokenizer: large.tokenizer },
    'large int4': { model: quantize(large.model, { precision: 'int4' }), tokenizer: large.tokenizer },
  };
  it.each([
    ['small', 'bare-s3', {}, '352: 85 0 0, 0 lanes, 0 drafts; at most 512, 352 in SRAM'],
    ['small', 'bare-s3', { context: 100 }, '100: 85 0 0, 0 lanes, 0 drafts; at most 512, 352 in SRAM'],
    [
      'small',
      'devkitc-n16r8',
      { weights: 'flash' },
      '512: 30 60 0, 12 lanes, 7 drafts, history; at most 512, 352 in SRAM',
    ],
    [
      'small',
      'bare-s3',
      { weights: 'flash', draft: 'none' },
      '512: 26 60 0, 12 lanes, 0 drafts; at most 512, 352 in SRAM',
    ],
    ['small float', 'devkitc-n16r8', {}, '512: 59 5 14, 0 lanes, 0 drafts; at most 512, 0 in SRAM'],
    ['small float', 's3-zero', {}, '512: 59 17 2, 0 lanes, 0 drafts; at most 512, 0 in SRAM'],
    ['small float', 'bare-s3', { context: 64 }, '64: 48 30 0, 0 lanes, 0 drafts; at most 320, 0 in SRAM'],
    ['large', 'devkitc-n16r8', {}, '512: 70 6 26, 24 lanes, 7 drafts, history; at most 512, 0 in SRAM'],
    [
      'large',
      'devkitc-n16r8',
      { draft: 'none' },
      '512: 70 6 23, 24 lanes, 0 drafts, history; at most 512, 0 in SRAM',
    ],
    [
      'large',
      'devkitc-n16r8',
      { draft: small.quantized },
      '512: 98 8 59, 12 lanes, 7 drafts, history, drafter; at most 512, 0 in SRAM',
    ],
    ['large', 'devkitc-n8', {}, '512: 27 69 0, 2 lanes, 0 drafts; at most 512, 0 in SRAM'],
    [
      'large',
      's3-zero',
      { context: 200 },
      '200: 69 25 8, 24 lanes, 7 drafts, history; at most 512, 0 in SRAM',
    ],
    ['large', 'bare-s3', {}, '336: 44 51 0, 0 lanes, 0 drafts; at most 336, 0 in SRAM'],
    [
      'large',
      'bare-s3',
      { draft: small.quantized, context: 64 },
      '64: 50 48 0, 12 lanes, 7 drafts; at most 336, 0 in SRAM',
    ],
    [
      'large',
      't-camera-s3',
      { weights: 'flash', grammarRoom: 40_000 },
      '512: 29 71 4, 12 lanes, 7 drafts, history; at most 512, 0 in SRAM',
    ],
    ['large int4', 'devkitc-n16r8', {}, '512: 69 7 26, 24 lanes, 7 drafts, history; at most 512, 0 in SRAM'],
    ['large int4', 'bare-s3', {}, '512: 27 69 0, 2 lanes, 0 drafts; at most 512, 0 in SRAM'],
    [
      'large int4',
      'heltec-v3',
      { draft: 'none', grammarRoom: 100_000 },
      '384: 42 57 0, 0 lanes, 0 drafts; at most 384, 0 in SRAM',
    ],
  ] as const)('%s on %s, row %#', (name, board, more, kept) => {
    const request = { ...models[name], board: findBoard(board), program: [], ...more };
    const contexts = [longestContext(request), longestInSram(request)];
    expect(`${summary(planMemory(request))}; at most ${contexts.join(', ')} in SRAM`).toBe(kept);
  });
});

describe('random items', () => {
  const boards = ['devkitc-n16r8', 's3-zero', 'bare-s3', 't-camera-s3'];
  /** A stream of whole numbers below a bound. */
  function createRandom(seed: number): (below: number) => number {
    let state = Math.imul(seed, 0x9e3779b1);
    return (below) => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return ((state ^ (state >>> 15)) >>> 0) % below;
    };
  }

  function randomItem(random: (below: number) => number, index: number): MemoryItem {
    const lifetime = (['loaded', 'loaded', 'loaded', 'early', 'late'] as const)[random(5)];
    const bytes = 1 + random([200, 9_000, 90_000][random(3)]);
    return memoryItem(`item${index}`, bytes, {
      purpose: 'weights',
      align: [4, 16, 16, 32, 256][random(5)],
      lifetime,
      memory: lifetime === 'early' || random(3) === 0 ? 'sram' : 'any',
      zero: lifetime !== 'loaded',
      reads: [0, bytes >> 6, bytes >> 2, bytes, 3 * bytes][random(5)],
      writes: lifetime === 'loaded' ? 0 : [0, bytes >> 2][random(2)],
      executable: lifetime === 'loaded' && random(8) === 0,
      ...(random(24) === 0 ? { fixed: SRAM.start + 16 * random(4000) } : {}),
    });
  }

  const told = ({ placed, ...rest }: Layout): string =>
    JSON.stringify([placed.map(({ name, region, address }: PlacedItem) => [name, region, address]), rest]);

  it.each([
    ['that fit', 20, '58 of 60, 585f1511'],
    ['that fill the memories', 34, '51 of 60, 965340d0'],
    ['that hardly fit', 46, '41 of 60, 45511732'],
  ])('%s', (_, most, kept) => {
    const hash = createHash('sha1');
    let placed = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const random = createRandom(seed * most);
      const items = Array.from({ length: 3 + random(most) }, (_, index) => randomItem(random, index));
      const room: Room = {
        flashBytes: [0, 1 << 17, 1 << 19, 1 << 22][random(4)],
        psramBytes: [0, 1 << 16, 1 << 18, 1 << 21][random(4)],
        flashOnly: random(6) === 0,
        costs: memoryCosts(findBoard(boards[random(boards.length)])),
      };
      const result = placeAll(items, room);
      if (!isShortage(result)) placed++;
      hash.update(isShortage(result) ? result.shortOf.name : told(result));
    }
    expect(`${placed} of 60, ${hash.digest('hex').slice(0, 8)}`).toBe(kept);
  });
});
