import { describe, expect, it } from 'vitest';
import { crc32 } from '../bytes.ts';
import { compileGrammar } from '../grammar/index.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { buildFirmware } from './build.ts';
import { createHostProgram, type HostProgramOptions } from './host.ts';
import { createSession } from './session.ts';
import { digestBytes, formatDigest } from './status.ts';
import { tinyStories } from './testing.ts';
import { vocabularyDigest } from './vocabulary.ts';

const { quantized: model, float, tokenizer } = tinyStories();
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
function tell(
  lines: readonly string[],
  options: Partial<Pick<HostProgramOptions, 'model' | 'context' | 'grammar' | 'grammarRoom'>> = {},
) {
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
    const few = tell(['/grammar off', '/tokens 2', 'Once upon a time']);
    expect([few.status.ending, few.tokens.length]).toEqual(['limit', 2]);
    expect(tell(['/grammar off', '/temp 0', 'Once upon a time']).text).toMatch(/^, there was/);
    expect(tell(['/grammar maybe']).output).toContain('/grammar wants on or off');
  });
});

describe('a grammar that is sent', () => {
  const answers = compileGrammar(JSON.stringify([' yes', ' no', ' perhaps']), tokenizer).packed;
  const digest = formatDigest(digestBytes(answers));
  const pieces = (bytes = answers, size = 300): string[] =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => {
      const piece = bytes.subarray(i * size, (i + 1) * size);
      return `/grammar put ${i * size} ${crc32(piece).toString(16)} ${Buffer.from(piece).toString('base64')}`;
    });
  const use = `/grammar use ${answers.length} ${digest}`;
  const room = { grammar: undefined, grammarRoom: 8192 };

  it('is as the host computes it', () => {
    expect(digestBytes(new TextEncoder().encode('foobar'))).toBe(0x85944171f73967e8n); // FNV-1a's own test vector
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('binds once it is whole, until it is switched off', () => {
    for (const seed of [1, 2, 3]) {
      const { text, status } = tell([...pieces(), use, `/seed ${seed}`, '/temp 3', 'Is it?'], room);
      expect([' yes', ' no', ' perhaps']).toContain(text);
      expect(status.ending).toBe('complete');
    }
    const { output, text } = tell([...pieces(), use, '/grammar off', '/temp 0', 'Once upon a time'], room);
    expect(output).toContain('bound to the grammar');
    expect(text).toMatch(/^, there was/);
  });

  it('takes the place of the grammar of the image, and leaves it', () => {
    const lines = ['/seed 4', '/temp 1', 'Turn on the light'];
    const both = { grammarRoom: 8192 };
    expect(tell([...pieces(), use, ...lines], both).text).toMatch(/^ (yes|no|perhaps)$/);
    expect(tell([...pieces(), use, '/grammar on', ...lines], both).text).toBe(tell(lines).text);
  });

  it('is refused when it is garbled, incomplete, too large or none', () => {
    const [first, ...others] = pieces();
    const said = (...lines: string[]) => tell(lines, room).output;
    expect(said(first.replace(/AAAA$|AAAA/, 'AAAB'), use)).toMatch(/garbled on the way[\s\S]*not here/);
    expect(said(...others, use)).toContain('That grammar is not here');
    expect(said(...pieces(), use.replace(/.$/, 'x'))).toContain('not here');
    expect(said(...pieces(), use, first, '/temp 0', 'Once upon a time')).toContain(', there was');
    expect(said('/grammar put 8190 0 AAAAAAAA')).toContain('there is no room for it');
    expect(said('/grammar put 0 0 !!!!')).toContain('no base64');
    expect(said('/grammar put x', '/grammar use', '/grammar put 99999999999999999999 0 AA')).toMatch(
      /wants a place[\s\S]*not here[\s\S]*wants a place/,
    );
    expect(tell([first, use], { grammar: undefined }).output).toContain('There is no such command');
    expect(said('/grammar so')).toContain('/grammar wants on, off, put or use');
  });

  it.each([
    ['on two cores', {}],
    ['on one without the vector unit', { cores: 1, pie: false }],
  ] as const)("says the same on the simulated chip, and so does the image's own: %s", (_, settings) => {
    const both = { context: 128, grammarRoom: 8192 };
    const firmware = buildFirmware({ programs, model, tokenizer, grammar, ...both, ...settings });
    const session = createSession(firmware);
    session.boot();
    const question = ['/temp 0.9', '/topp 0.9', '/seed 4', '/tokens 48'];
    const sent = [...pieces(), use, '/temp 1', '/seed 6'];
    const said = (lines: readonly string[], prompt: string) => {
      for (const line of lines) session.command(line);
      return session.tell(prompt, 10).digest;
    };
    const own = tell([...question, 'Turn on the light']).status.digest;
    expect(said(question, 'Turn on the light')).toBe(own);
    expect(said([...sent, '/topp 1', '/tokens 0'], 'Is it?')).toBe(
      tell([...sent, '/topp 1', 'Is it?'], room).status.digest,
    );
    session.type('/json on\r');
    session.runUntil(() => /"bound":true}/.test(session.printed), 10, 'not ready');
    expect(session.printed).toContain(
      `"room":8192,"vocabulary":"${vocabularyDigest(tokenizer)}","pieces":${tokenizer.vocabulary.length},"bound":true}`,
    );
  });
});
