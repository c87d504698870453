/** A format's digest: the host's, and tests that the simulated chip and the ESP-IDF component give the same. */
import { expect, it } from 'vitest';
import { buildFirmware, createHostProgram, type FirmwareOptions, simulate } from '../firmware/index.ts';
import { formatDigest } from '../firmware/status.ts';
import { buildComponent } from '../idf/index.ts';
import { runComponent } from '../idf/testing/machine.ts';
import type { Tokenizer } from '../model/index.ts';
import { shippedTemplates } from '../node/component.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import type { QuantizedModel } from '../quantize/index.ts';

const CONTEXT = 64;
const TOKENS = 10;
export const PROMPT = 'Once upon a time';

const chips: readonly (readonly [name: string, Partial<FirmwareOptions>])[] = [
  ['two cores', {}],
  ['one core, weights in flash', { cores: 1, weights: 'flash' }],
  ['portable kernels', { pie: false }],
];

/** @param componentCores the component is tried on so many */
export function itTellsTheSame(
  model: QuantizedModel,
  tokenizer: Tokenizer,
  componentCores: readonly (1 | 2)[],
): void {
  const host = createHostProgram({ programs, model, tokenizer, context: CONTEXT });
  host.type(`/temp 0\r/tokens ${TOKENS}\r${PROMPT}\r`);
  host.settle();
  const digest = formatDigest(host.status.digest);

  it.each(chips)('tells on the simulated chip what the host tells: %s', (_, options) => {
    const firmware = buildFirmware({ programs, model, tokenizer, context: CONTEXT, ...options });
    const told = simulate(firmware, { prompt: PROMPT, temperature: 0, seed: 1, tokens: TOKENS });
    expect(told.digest).toBe(digest);
    expect(told.warnings).toEqual([]);
  });

  it.each(componentCores)('tells the same as an ESP-IDF component on %s core(s)', (cores) => {
    const component = buildComponent({
      ...{ programs, model, tokenizer, cores, context: CONTEXT },
      ...shippedTemplates(),
    });
    const told = runComponent(component, {
      ...{ cores, prompt: PROMPT, temperature: 0, topp: 1, seed: 1n, tokens: TOKENS },
    });
    expect(formatDigest(told.digest)).toBe(digest);
  });
}
