/** int4 by the same digest everywhere: host, simulated chip, ESP-IDF component. */
import { describe, expect, it } from 'vitest';
import { smallModel } from '../firmware/testing.ts';
import { itTellsTheSame } from './same-everywhere.ts';

describe('an int4 model', () => {
  const { int4: model, quantized, tokenizer } = smallModel();

  it('is not what int8 is, and smaller', () => {
    const bytes = ({ blobs }: typeof model): number =>
      blobs.reduce((sum, blob) => sum + (/^layer/.test(blob.name) ? blob.bytes.length : 0), 0);
    expect(bytes(model)).toBeLessThan(0.6 * bytes(quantized));
    expect(model.constants).toMatchObject({ qkvFormat: 2, outFormat: 2, gateUpFormat: 2, downFormat: 2 });
  });

  itTellsTheSame(model, tokenizer, [1, 2]);
});
