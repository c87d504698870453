/** Tokens that are guessed and checked in one pass, on the simulated chip: what the host tells (speculate.test.ts). */
import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { storyLines } from '../contract/index.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { buildFirmware } from './build.ts';
import { createSession } from './session.ts';
import { simulate } from './simulate.ts';
import { formatDigest } from './status.ts';
import { CONTEXT, int4, quantized, tell, tokenizer } from './test-guesses.ts';
import { REPEATING, smallFirmware } from './testing.ts';

const LONG =
  'Once upon a time there was a little girl named Lily. One day she went to the park with her mom and saw a big red ball under the old tree. She was very happy and ran.';

const GREEDY = { temperature: 0 };
const DRAWN = { temperature: 0.7, topp: 0.9, penalty: 2, seed: 4n };

describe('guessing ahead', () => {
  it.each([
    ['two cores', {}, LONG, 6],
    ['one core', { cores: 1 }, LONG.slice(0, 40), 5],
    ['int4', { precision: 'int4' }, LONG.slice(0, 40), 5],
    ['portable kernels', { pie: false }, LONG.slice(0, 12), 4],
  ] as const)('on the chip, with weights in flash: %s', { timeout: 120_000 }, (_, variant, prompt, told) => {
    const firmware = smallFirmware({ weights: 'flash', context: CONTEXT, ...variant });
    const model = 'precision' in variant ? int4 : quantized;
    const session = createSession(firmware);
    session.boot();
    session.command('/temp 0');
    const tellHere = (text: string, tokens: number) => {
      session.command(`/tokens ${tokens}`);
      return session.tell(text, 60);
    };

    // A prompt whose positions are read several in one pass (lanes.test.ts); the host reads them one by one.
    const read = tell(model, 0, '/temp 0', prompt).prompt + 2;
    const alone = tell(model, 0, '/temp 0', prompt, { tokens: read, lanes: 0 });
    expect(formatDigest(tellHere(prompt, read).digest)).toBe(alone.digest);

    const tokens = tell(model, 0, '/temp 0', REPEATING).prompt + told;
    const { drafts, lanes } = firmware;
    const expected = tell(model, drafts, '/temp 0', REPEATING, { tokens, lanes, history: true });
    const { digest, drafted, accepted } = tellHere(REPEATING, tokens);
    expect({ digest: formatDigest(digest), drafted, accepted }).toEqual({
      digest: tell(model, 0, '/temp 0', REPEATING, { tokens }).digest,
      drafted: expected.drafted,
      accepted: expected.accepted,
    });
    expect(expected.drafted).toBeGreaterThan(0);
    expect(session.chip.warnings.list).toEqual([]);
  });

  it.each([
    ['two cores', {}, [GREEDY, DRAWN]],
    ['one core', { cores: 1 }, [DRAWN]],
    ['portable kernels', { pie: false }, [GREEDY]],
  ] as const)('asks a small model on the chip: %s', { timeout: 120_000 }, (_, variant, ways) => {
    const firmware = buildFirmware({
      programs,
      model: quantized,
      tokenizer,
      weights: 'flash',
      context: CONTEXT,
      draft: int4,
      board: findBoard('devkitc-n16r8'),
      ...variant,
    });
    expect([firmware.drafter, firmware.drafts]).toEqual([true, 7]);
    const prompt = 'Once';
    const tokens = 14;
    for (const how of ways) {
      const settings = storyLines(how).join('\r');
      const expected = tell(quantized, firmware.drafts, settings, prompt, { tokens, drafter: int4 });
      const { digest, status, warnings } = simulate(firmware, { prompt, tokens, ...how });
      const { drafted, accepted } = status;
      expect({ digest, drafted, accepted }).toEqual({
        digest: tell(quantized, 0, settings, prompt, { tokens }).digest,
        drafted: expected.drafted,
        accepted: expected.accepted,
      });
      expect(accepted).toBeGreaterThan(4);
      expect(warnings).toEqual([]);
    }
  });
});
