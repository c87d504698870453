import { describe, expect, it } from 'vitest';
import { boards, findBoard } from '../chip/boards/boards.ts';
import type { Tokenizer } from '../model/index.ts';
import { largeModel } from '../model/testing.ts';
import { type QuantizedModel, quantize } from '../quantize/index.ts';
import { ROM_DATA, SRAM } from './memory.ts';
import { type PlanRequest, planMemory } from './plan.ts';
import { smallModel } from './testing.ts';

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

  it('puts the weights of a larger model in flash, small ones in SRAM first', () => {
    const plan = planMemory(large);
    expect(plan.flashBytes).toBeGreaterThan(2e6);
    expect(plan.context).toBeGreaterThanOrEqual(256);
    expect(plan.placed.find(({ name }) => name === 'model')?.region).toBe('sram');
  });

  it('moves all weights to flash when asked', () => {
    const plan = planMemory({ ...small, weights: 'flash' });
    for (const item of plan.placed) {
      if (item.purpose === 'weights' && item.memory === 'any') expect(item.region, item.name).toBe('flash');
    }
    expect(plan.context).toBe(512);
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

  it('plans or refuses for every board, whatever the context', () => {
    for (const board of boards) {
      for (const context of [1, 16, 255, 512, 4096]) {
        for (const base of [small, large]) {
          try {
            expect(planMemory({ ...base, board, context }).context).toBe(context);
          } catch (error) {
            expect((error as Error).message).toMatch(/does not fit/);
          }
        }
      }
    }
  });
});
