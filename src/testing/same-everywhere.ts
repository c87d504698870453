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

const CHIPS = {
  'two cores': {},
  'one core, weights in flash': { cores: 1, weights: 'flash' },
  'portable kernels': { pie: false },
} as const satisfies Record<string, Partial<FirmwareOptions>>;
type Chip = keyof typeof CHIPS;
const ALL = Object.keys(CHIPS) as Chip[];

/**
 * @param componentCores the component is tried on so many
 * @param chips of the simulated ones; a format that is near to one which is tried on all may do with one
 */
export function itTellsTheSame(
  model: QuantizedModel,
  tokenizer: Tokenizer,
  componentCores: readonly (1 | 2)[],
  chips: readonly Chip[] = ALL,
): void {
  const host = createHostProgram({ programs, model, tokenizer, context: CONTEXT });
  host.type(`/temp 0\r/tokens ${TOKENS}\r${PROMPT}\r`);
  host.settle();
  const digest = formatDigest(host.status.digest);

  it.each(chips)('tells on the simulated chip what the host tells: %s', (chip) => {
    const firmware = buildFirmware({ programs, model, tokenizer, context: CONTEXT, ...CHIPS[chip] });
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
