/** int4 by the same digest everywhere: host, simulated chip, ESP-IDF component. */
import { describe, expect, it } from 'vitest';
import { smallModel } from '../firmware/testing.ts';
import { quantize } from '../quantize/index.ts';
import { itTellsTheSame } from './same-everywhere.ts';

describe('an int4 model', () => {
  const { int4: model, quantized, tokenizer } = smallModel();

  it('is not what int8 is, and smaller', () => {
    const bytes = ({ blobs }: typeof model): number =>
      blobs.reduce((sum, blob) => sum + (/^layer/.test(blob.name) ? blob.bytes.length : 0), 0);
    expect(bytes(model)).toBeLessThan(0.6 * bytes(quantized));
    expect(model.constants).toMatchObject({ qkvFormat: 2, outFormat: 2, gateUpFormat: 2, downFormat: 2 });
  });

  itTellsTheSame(model, tokenizer, [1]);
});

describe.each([
  [32, 'two cores'],
  [128, 'one core, weights in flash'],
] as const)('an int4 model in groups of %i', (int4Group, chip) => {
  const { model: floats, int4, tokenizer } = smallModel();
  const model = quantize({ ...floats, config: { ...floats.config, int4Group } }, { precision: 'int4' });

  it('has other scales than in groups of 64', () => {
    const bytes = ({ blobs }: typeof model): number =>
      blobs.find(({ name }) => name === 'layer0.down')!.bytes.length;
    expect(Math.sign(bytes(model) - bytes(int4))).toBe(Math.sign(64 - int4Group));
  });

  itTellsTheSame(model, tokenizer, [2], [chip]);
});
