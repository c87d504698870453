import { describe, expect, it } from 'vitest';
import { compileGrammar } from '../grammar/index.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { buildFirmware } from './build.ts';
import { createHostProgram } from './host.ts';
import { simulate } from './simulate.ts';
import { formatDigest } from './status.ts';
import { shippedModel } from './testing.ts';

const { quantized: model, float, tokenizer } = shippedModel();
const HOME = JSON.stringify({
  type: 'object',
  properties: {
    intent: { enum: ['light_on', 'light_off', 'climate'] },
    area: { type: 'string', maxLength: 40 },
    level: { type: 'integer', minimum: 0, maximum: 100 },
  },
  required: ['intent', 'area'],
});
const { packed: grammar, shortest } = compileGrammar(HOME, tokenizer);

/** What the host program says to some lines, the tokens of the prompt left out. */
function tell(lines: readonly string[], options: { model?: typeof model; context?: number } = {}) {
  let output = '';
  const host = createHostProgram({
    programs,
    model,
    tokenizer,
    grammar,
    context: 128,
    ...options,
    output: (bytes) => (output += Buffer.from(bytes).toString('latin1')),
  });
  for (const line of lines) {
    host.type(`${line}\r`);
    host.settle();
  }
  const { status, tokens } = host;
  const told = [...tokens].slice(status.promptTokens - 1);
  let previous = tokens[status.promptTokens - 2];
  const bytes = told.flatMap((token) => {
    const text = [...tokenizer.decode(previous, token)];
    previous = token;
    return text;
  });
  return { text: Buffer.from(bytes).toString(), output, status, tokens };
}

describe('a grammar on the device', () => {
  it.each([
    ['int8', model],
    ['f32', float],
  ] as const)('binds what is said, whatever the seed (%s)', (_, precision) => {
    for (const temperature of [0, 1, 3]) {
      for (const seed of [1, 2, 3]) {
        const { text, status } = tell([`/temp ${temperature}`, `/seed ${seed}`, 'Turn on the light'], {
          model: precision,
        });
        const value = JSON.parse(text);
        expect(['light_on', 'light_off', 'climate']).toContain(value.intent);
        expect(value.area.length).toBeLessThanOrEqual(40);
        expect(status.ending).toBe('complete');
      }
    }
  });

  it('finishes with the tokens that are left, however few', () => {
    const prompt = tokenizer.encode('Lights').length;
    for (let tokens = prompt - 1 + shortest; tokens < prompt + shortest + 12; tokens++) {
      const { text, tokens: told } = tell([`/tokens ${tokens}`, '/seed 5', '/temp 2', 'Lights']);
      expect(() => JSON.parse(text), `${tokens}: ${text}`).not.toThrow();
      expect(told.length).toBeLessThanOrEqual(tokens);
    }
    expect(tell([`/tokens ${prompt - 2 + shortest}`, 'Lights']).output).toContain(
      `has ${shortest} tokens at least`,
    );
  });

  it('can be switched off', () => {
    expect(tell(['/grammar off', '/temp 0', 'Once upon a time']).text).toMatch(/^, there was/);
    expect(tell(['/grammar maybe']).output).toContain('/grammar wants on or off');
  });

  it('says the same on the simulated chip, on two cores, and on one without the vector unit', () => {
    const question = { prompt: 'Turn on the light', temperature: 0.9, topp: 0.9, seed: 4n, tokens: 48 };
    const host = tell(['/temp 0.9', '/topp 0.9', '/seed 4', '/tokens 48', question.prompt]);
    for (const settings of [{}, { cores: 1 as const, pie: false }]) {
      const firmware = buildFirmware({ programs, model, tokenizer, grammar, context: 128, ...settings });
      expect(simulate(firmware, question).digest).toBe(formatDigest(host.status.digest));
    }
  });
});
