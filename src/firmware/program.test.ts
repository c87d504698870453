import { expect, it } from 'vitest';
import { type Cache, noCache } from '../cache.ts';
import { boards } from '../chip/boards/index.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { buildFirmware } from './build.ts';
import { tinyStories } from './testing.ts';

it.each([
  ['quantized', true],
  ['float', true],
  ['int4', false],
] as const)(
  'the %s program, kernels by hand: %s, is compiled once: its data are known before',
  (form, pie) => {
    const { tokenizer, [form]: model } = tinyStories();
    const board = boards.find(({ screen }) => screen)!;
    let compiled = 0;
    const cache: Cache = { ...noCache, put: ([what]) => void (compiled += what === 'program' ? 1 : 0) };
    buildFirmware({ programs, model, tokenizer, modelName: 'tiny', board, pie, context: 64, cache });
    expect(compiled).toBe(1);
  },
);
