import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterEach, expect, it } from 'vitest';
import { createSimulatedBoard } from '../board/simulated/index.ts';
import { buildFirmware } from '../firmware/index.ts';
import { smallModel } from '../firmware/testing.ts';
import { compileGrammar } from '../grammar/index.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import type { BoardSource } from './board.ts';
import { createGrammars } from './grammars.ts';
import { hostConnection } from './host-board.ts';
import { createPool } from './pool.ts';
import { createServer, type ServerOptions } from './server.ts';

const { quantized: model, tokenizer } = smallModel();
const MODEL = 'small';
const hostBoard = (options: { grammarRoom?: number; grammar?: Uint8Array } = {}): BoardSource => ({
  name: 'host',
  open: async () =>
    hostConnection({ programs, model, tokenizer, modelName: MODEL, context: 128, ...options }, 'host'),
});

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(source: BoardSource, options: ServerOptions = { tokenizers: [tokenizer] }) {
  const pool = createPool([source], { retry: 20 });
  const app = createServer(pool, options);
  closers.push(
    () => pool.close(),
    () => app.close(),
  );
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  while (pool.status.boards[0].state !== 'idle') await new Promise((resolve) => setTimeout(resolve, 5));
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
  const chat = (format: object | undefined, more: object = {}) =>
    openai.chat.completions.create({
      model: MODEL,
      messages: [{ role: 'user', content: 'Once upon a time' }],
      ...(format ? { response_format: format as never } : {}),
      ...more,
    });
  return { pool, url, openai, chat, ollama: new Ollama({ host: url }) };
}

const ANIMAL = {
  type: 'object',
  properties: {
    animal: { enum: ['cat', 'dog', 'dragon'] },
    age: { type: 'integer', minimum: 0, maximum: 9 },
    name: { type: 'string', maxLength: 8 },
  },
  required: ['animal', 'age'],
  additionalProperties: false,
};
const schema = (of: object) => ({
  type: 'json_schema',
  json_schema: { name: 'answer', strict: true, schema: of },
});
const isAnimal = (text: string | null | undefined): void => {
  const value = JSON.parse(text ?? '');
  expect(['cat', 'dog', 'dragon']).toContain(value.animal);
  expect(Number.isInteger(value.age) && value.age >= 0 && value.age <= 9).toBe(true);
};

it('answers in the schema that a request brings, whatever the seed, and freely again without one', async () => {
  const { chat, pool } = await serve(hostBoard({ grammarRoom: 1 << 20 }));
  const free = (await chat(undefined, { seed: 1, max_tokens: 20 })).choices[0].message.content;
  for (const seed of [1, 2, 3]) {
    const { choices } = await chat(schema(ANIMAL), { seed, temperature: 1.5 });
    isAnimal(choices[0].message.content);
    expect(choices[0].finish_reason).toBe('stop');
  }
  const other = await chat(schema({ enum: ['yes', 'no'] }), { seed: 1 });
  expect(['yes', 'no']).toContain(JSON.parse(other.choices[0].message.content!));
  expect(
    JSON.parse((await chat({ type: 'json_object' }, { seed: 5 })).choices[0].message.content!),
  ).toBeTypeOf('object');
  expect((await chat(undefined, { seed: 1, max_tokens: 20 })).choices[0].message.content).toBe(free);
  expect(pool.status.boards[0]).toMatchObject({ room: 1 << 20, state: 'idle' });
});

it('finishes within the tokens that a request allows, streams, and says when they are too few', async () => {
  const { chat, openai } = await serve(hostBoard({ grammarRoom: 1 << 20 }));
  const { shortest } = compileGrammar(JSON.stringify(ANIMAL), tokenizer);
  for (const max_tokens of [shortest, shortest + 3]) {
    isAnimal((await chat(schema(ANIMAL), { max_tokens, seed: 3 })).choices[0].message.content);
  }
  const error = await chat(schema(ANIMAL), { max_tokens: shortest - 1 }).catch((reason) => reason);
  expect([error.status, error.message]).toEqual([400, expect.stringMatching(/tokens at least/)]);
  let text = '';
  const stream = await openai.chat.completions.create({
    model: MODEL,
    messages: [{ role: 'user', content: 'Hello' }],
    response_format: schema(ANIMAL) as never,
    stream: true,
  });
  for await (const chunk of stream) text += chunk.choices[0].delta.content ?? '';
  isAnimal(text);
});

it("takes Ollama's format", async () => {
  const { ollama } = await serve(hostBoard({ grammarRoom: 1 << 20 }));
  const told = await ollama.generate({ model: MODEL, prompt: 'Once', format: ANIMAL });
  isAnimal(told.response);
  const chat = await ollama.chat({
    model: MODEL,
    messages: [{ role: 'user', content: 'Once' }],
    format: 'json',
    options: { seed: 2 },
  });
  expect(JSON.parse(chat.message.content)).toBeTypeOf('object');
});

it.each<[string, BoardSource, ServerOptions | undefined, object, string, RegExp]>([
  [
    'a board without room',
    hostBoard(),
    undefined,
    ANIMAL,
    'grammar_not_supported',
    /build its image with --grammar-room/,
  ],
  [
    'too little room',
    hostBoard({ grammarRoom: 64 }),
    undefined,
    ANIMAL,
    'grammar_too_large',
    /have room for 64/,
  ],
  [
    'no vocabulary',
    hostBoard({ grammarRoom: 9999 }),
    {},
    ANIMAL,
    'vocabulary_unknown',
    /start it with --model/,
  ],
  [
    "an owner's grammar",
    hostBoard({ grammarRoom: 9999, grammar: compileGrammar('[" yes"]', tokenizer).packed }),
    undefined,
    ANIMAL,
    'grammar_not_supported',
    /bound to a grammar of their own/,
  ],
  [
    'what is no schema',
    hostBoard({ grammarRoom: 9999 }),
    undefined,
    { type: 'cat' },
    'invalid_schema',
    /no type "cat"/,
  ],
  [
    'an impossible one',
    hostBoard({ grammarRoom: 9999 }),
    undefined,
    { enum: [] },
    'invalid_schema',
    /not empty/,
  ],
])("refuses in OpenAI's form: %s", async (_, source, options, of, code, message) => {
  const { chat, url } = await serve(source, options);
  const error = await chat(schema(of)).catch((reason) => reason);
  expect(error).toMatchObject({ status: 400, code, param: 'response_format', type: 'invalid_request_error' });
  expect(error.message).toMatch(message);
  const ollama = await fetch(`${url}/api/generate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: MODEL, prompt: 'a', format: of }),
  });
  expect([ollama.status, await ollama.json()]).toEqual([400, { error: expect.stringMatching(message) }]);
});

it('compiles a schema once for a vocabulary', async () => {
  const { pool } = await serve(hostBoard({ grammarRoom: 1 << 20 }));
  const grammars = createGrammars([tokenizer]);
  const first = grammars.compile(ANIMAL, pool, undefined);
  expect(grammars.compile(structuredClone(ANIMAL), pool, MODEL).grammar).toBe(first.grammar);
});

it('binds a simulated board over its serial line, with the answer of the host', {
  timeout: 180_000,
}, async () => {
  const yesOrNo = schema({ enum: ['yes', 'no', 'perhaps'] });
  const ask = { seed: 9, temperature: 1 };
  const { flash, board } = buildFirmware({
    programs,
    model,
    tokenizer,
    modelName: MODEL,
    context: 128,
    grammarRoom: 8192,
  });
  const simulated: BoardSource = {
    name: 'simulated',
    open: async () => createSimulatedBoard({ board, flash }).connection,
  };
  const host = await serve(hostBoard({ grammarRoom: 8192 }));
  const expected = (await host.chat(yesOrNo, ask)).choices[0].message.content;
  const { chat } = await serve(simulated);
  for (let time = 0; time < 2; time++) {
    expect((await chat(yesOrNo, ask)).choices[0].message.content).toBe(expected);
  }
});
