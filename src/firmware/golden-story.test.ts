/** All of it, from the checkpoint to the last token. */
import { describe, expect, it } from 'vitest';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { int8Goldens } from '../testing/shared-files.ts';
import { buildFirmware } from './build.ts';
import { simulate } from './simulate.ts';
import { tinyStories } from './testing.ts';

describe('our own tinystories, on the simulated chip', () => {
  it.each(int8Goldens().slice(3, 4))(
    'tells the golden story: $prompt, $temperature, $topp, $seed',
    (golden) => {
      const { name, quantized, tokenizer } = tinyStories();
      const firmware = buildFirmware({ programs, model: quantized, tokenizer, modelName: name });
      const { prompt, temperature, topp, seed, steps } = golden;
      const story = simulate(firmware, { prompt, temperature, topp, seed, tokens: steps });
      expect(story.tokens).toEqual(golden.tokens);
      expect(story.digest).toBe(golden.digest);
      expect(story.warnings).toEqual([]);
    },
  );
});
