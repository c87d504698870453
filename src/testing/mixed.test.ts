/** A model whose matrices have formats of their own, embedding and classifier in int4: the same digest everywhere. */
import { describe, expect, it } from 'vitest';
import { value } from '../contract/index.ts';
import { loadSmallModel } from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { quantizeMixed } from '../quantize/index.ts';
import { itTellsTheSame, PROMPT } from './same-everywhere.ts';

describe('a model in mixed precision', () => {
  const { model: float, tokenizer } = loadSmallModel();
  const stories = [[...tokenizer.encode(`${PROMPT}, there was a little girl.`)]];
  const model = quantizeMixed(float, { programs, stories, bits: 4.5 });

  it('has both formats in layers of the same kind, and few bits', () => {
    const { qkvFormat, outFormat, gateUpFormat, downFormat } = model.constants;
    expect([qkvFormat, outFormat, gateUpFormat, downFormat]).toContain(value.MIXED);
    expect(model.constants).toMatchObject({ classifierFormat: 2, embeddingFormat: 2 });
    expect(model.label).toMatch(/^mixed \(int8: \d+ of 21 matrices\)$/);
    const bytes = model.blobs
      .filter(({ name }) => /^(classifier|layer\d+\.(qkv|out|gateUp|down))$/.test(name))
      .reduce((sum, blob) => sum + blob.bytes.length, 0);
    const { dim, hiddenDim, layers, kvHeads, heads, vocabulary } = float.config;
    const weights =
      layers * (2 * dim * dim + 2 * ((dim * kvHeads) / heads) * dim + 3 * dim * hiddenDim) + vocabulary * dim;
    expect((8 * bytes) / weights).toBeLessThanOrEqual(4.5);
    expect(() => quantizeMixed(float, { programs, stories, bits: 4 })).toThrow(/more than 4 bits/);
  });

  itTellsTheSame(model, tokenizer, [2]);
});
