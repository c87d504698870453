/** int4 by the same digest everywhere: host, simulated chip, ESP-IDF component. */
import { describe, expect, it } from 'vitest';
import { buildFirmware, createHostProgram, type FirmwareOptions, simulate } from '../firmware/index.ts';
import { formatDigest } from '../firmware/status.ts';
import { smallModel } from '../firmware/testing.ts';
import { buildComponent } from '../idf/index.ts';
import { runComponent } from '../idf/testing/machine.ts';
import { shippedTemplates } from '../node/component.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';

const CONTEXT = 64;
const TOKENS = 10;
const PROMPT = 'Once upon a time';

describe('an int4 model', () => {
  const { int4: model, quantized, tokenizer } = smallModel();
  const host = createHostProgram({ programs, model, tokenizer, context: CONTEXT });
  host.type(`/temp 0\r/tokens ${TOKENS}\r${PROMPT}\r`);
  host.settle();
  const digest = formatDigest(host.status.digest);

  it('is not what int8 is, and smaller', () => {
    const bytes = ({ blobs }: typeof model): number =>
      blobs.reduce((sum, blob) => sum + (/^layer/.test(blob.name) ? blob.bytes.length : 0), 0);
    expect(bytes(model)).toBeLessThan(0.6 * bytes(quantized));
    expect(model.constants).toMatchObject({ qkvFormat: 2, outFormat: 2, gateUpFormat: 2, downFormat: 2 });
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

  it.each([1, 2] as const)('tells the same as an ESP-IDF component on %s core(s)', (cores) => {
    const component = buildComponent({
      ...{ programs, model, tokenizer, cores, context: CONTEXT },
      ...shippedTemplates(),
    });
    const told = runComponent(component, {
      ...{ cores, prompt: PROMPT, temperature: 0, topp: 1, seed: 1n, tokens: TOKENS },
    });
    expect(formatDigest(told.digest)).toBe(digest);
  });
});
