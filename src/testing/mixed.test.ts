/** A model whose matrices have formats of their own, embedding and classifier in int4: the same digest everywhere. */
import { describe, expect, it } from 'vitest';
import { value } from '../contract/index.ts';
import { buildFirmware, createHostProgram, type FirmwareOptions, simulate } from '../firmware/index.ts';
import { formatDigest } from '../firmware/status.ts';
import { buildComponent } from '../idf/index.ts';
import { runComponent } from '../idf/testing/machine.ts';
import { loadSmallModel } from '../model/testing.ts';
import { shippedTemplates } from '../node/component.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { quantizeMixed } from '../quantize/index.ts';

const CONTEXT = 64;
const TOKENS = 10;
const PROMPT = 'Once upon a time';

describe('a model in mixed precision', () => {
  const { model: float, tokenizer } = loadSmallModel();
  const stories = [[...tokenizer.encode(`${PROMPT}, there was a little girl.`)]];
  const model = quantizeMixed(float, { programs, stories, bits: 4.5 });
  const host = createHostProgram({ programs, model, tokenizer, context: CONTEXT });
  host.type(`/temp 0\r/tokens ${TOKENS}\r${PROMPT}\r`);
  host.settle();
  const digest = formatDigest(host.status.digest);

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

  const chips: readonly (readonly [name: string, Partial<FirmwareOptions>])[] = [
    ['two cores', {}],
    ['one core', { cores: 1 }],
    ['portable kernels', { pie: false }],
    ['weights in flash', { weights: 'flash' }],
  ];
  it.each(chips)('tells on the simulated chip what the host tells: %s', (_, options) => {
    const firmware = buildFirmware({ programs, model, tokenizer, context: CONTEXT, ...options });
    const told = simulate(firmware, { prompt: PROMPT, temperature: 0, seed: 1, tokens: TOKENS });
    expect(told.digest).toBe(digest);
    expect(told.warnings).toEqual([]);
  });

  it('tells the same as an ESP-IDF component', () => {
    const component = buildComponent({
      ...{ programs, model, tokenizer, cores: 2, context: CONTEXT },
      ...shippedTemplates(),
    });
    const told = runComponent(component, {
      ...{ cores: 2, prompt: PROMPT, temperature: 0, topp: 1, seed: 1n, tokens: TOKENS },
    });
    expect(formatDigest(told.digest)).toBe(digest);
  });
});
