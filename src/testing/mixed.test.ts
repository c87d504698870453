/** A model whose matrices have formats of their own, embedding and classifier in int5: the same digest everywhere. */
import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/index.ts';
import { formats, value } from '../contract/index.ts';
import { asFastAs, buildFirmware } from '../firmware/index.ts';
import { inTurn } from '../firmware/testing.ts';
import { loadSmallModel } from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { type QuantizedModel, quantize, quantizeAuto, quantizeMixed } from '../quantize/index.ts';
import { packFixed } from '../quantize/pack.ts';
import { kept as cache } from './kept.ts';
import { itTellsTheSame, PROMPT } from './same-everywhere.ts';

const MATRIX = /^(classifier|layer\d+\.(qkv|out|gateUp|down))$/;

describe('a model in mixed precision', () => {
  const { model: float, tokenizer } = loadSmallModel();
  const stories = [[...tokenizer.encode(`${PROMPT}, there was a little girl.`)]];
  const BITS = 5;
  const model = quantizeMixed(float, { programs, stories, bits: BITS });

  it('has several formats in layers of the same kind, and few bits', () => {
    const { qkvFormat, outFormat, gateUpFormat, downFormat } = model.constants;
    expect([qkvFormat, outFormat, gateUpFormat, downFormat]).toContain(value.MIXED);
    // One tensor, and none costs more when it is rounded.
    expect(model.constants.classifierFormat).toBe(model.constants.embeddingFormat);
    expect(model.constants.classifierFormat).not.toBe(formats.int4.code);
    expect(model.label).toMatch(/^mixed \(int8: \d+, int5: [1-9]\d* of 21 matrices\)$/);
    const bytes = model.blobs
      .filter(({ name }) => MATRIX.test(name))
      .reduce((sum, blob) => sum + blob.bytes.length, 0);
    const { dim, hiddenDim, layers, kvHeads, heads, vocabulary } = float.config;
    const weights =
      layers * (2 * dim * dim + 2 * ((dim * kvHeads) / heads) * dim + 3 * dim * hiddenDim) + vocabulary * dim;
    expect((8 * bytes) / weights).toBeLessThanOrEqual(BITS);
    expect(() => quantizeMixed(float, { programs, stories, bits: 4 })).toThrow(/more than 4 bits/);
  });

  itTellsTheSame(packFixed(float, { precision: 'int4', formats: inTurn }), tokenizer, [2]);
});

describe('a model in as many bits as there is room for', () => {
  const { model: float, tokenizer } = loadSmallModel();
  const options = { programs, stories: [[...tokenizer.encode(`${PROMPT}, there was a little girl.`)]] };
  const bytesOf = ({ blobs }: QuantizedModel): number =>
    blobs.filter(({ name }) => MATRIX.test(name)).reduce((sum, { bytes }) => sum + bytes.length, 0);
  const within = (share: number): [model: QuantizedModel, room: number] => {
    const whole = bytesOf(quantize(float, { precision: 'int8' }));
    let room = 0;
    const model = quantizeAuto(float, options, (least) => {
      room = bytesOf(least) + share * (whole - bytesOf(least));
      return (candidate) => bytesOf(candidate) <= room;
    });
    return [model, room];
  };

  it('is int8 where that fits, int4 where nothing does, and between them uses what there is', () => {
    expect(within(1)[0].label).toBe('int8');
    expect(within(-1)[0].label).toBe('auto (int8: 0, int5: 0 of 21 matrices)');
    const [some, room] = within(0.5);
    expect(bytesOf(some)).toBeLessThanOrEqual(room);
    expect(bytesOf(some)).toBeGreaterThan(within(0.3)[1]);
  });

  it('keeps out of slower memory on its board', () => {
    const board = findBoard('bare-s3');
    const image = { tokenizer, programs, board, cache, context: 64, grammarRoom: 150 * 1024 };
    const regionsOf = (model: QuantizedModel): string[] =>
      buildFirmware({ ...image, model })
        .memoryMap.regions.filter(({ entries }) => entries.some(({ name }) => MATRIX.test(name)))
        .map(({ name }) => name);
    expect(regionsOf(quantize(float, { precision: 'int8' }))).toContain('flash');
    const model = quantizeAuto(float, options, asFastAs(image));
    expect(model.label).toMatch(/^auto \(int8: \d+, int5: [1-9]\d* of 21 matrices\)$/);
    expect(regionsOf(model)).toEqual(['sram']);
  });
});
