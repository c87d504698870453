import fc from 'fast-check';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { digestTokens, formatDigest } from '../firmware/index.ts';
import { smallModel } from '../firmware/testing.ts';
import { shippedPrograms } from '../node/device-programs.ts';
import { type Connection, createSignal, createTextStream } from '../serial/index.ts';
import type { BoardSource } from './board.ts';
import { hostConnection } from './host-board.ts';
import { createPool, type PoolOptions } from './pool.ts';
import { createServer, type ServerOptions } from './server.ts';
import { createVotingPool } from './vote.ts';

const { quantized, tokenizer } = smallModel();
const NAME = 'small';

/** A board that is the device program; `dropAfter`: its cable is pulled after so many bytes, once. */
function board(name: string, { dropAfter = Number.POSITIVE_INFINITY, modelName = NAME } = {}): BoardSource {
  let left = dropAfter;
  return {
    name,
    async open() {
      const inner = hostConnection(
        { programs: shippedPrograms, model: quantized, tokenizer, modelName, context: 128 },
        name,
      );
      return Number.isFinite(left) ? pulled(inner) : inner;
    },
  };
  function pulled(inner: Connection): Connection {
    const closed = createSignal();
    inner.onData((bytes) => {
      left -= bytes.length;
      if (left >= 0) return;
      left = Number.POSITIVE_INFINITY;
      void inner.close();
      closed.emit();
    });
    return { ...inner, onClose: closed.add };
  }
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(sources: BoardSource[], options: ServerOptions & PoolOptions = {}) {
  const pool = createPool(sources, { retry: 20, ...options });
  const app = createServer(pool, options);
  closers.push(
    () => pool.close(),
    () => app.close(),
  );
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const ready = (): boolean =>
    pool.status.boards.every(({ state }) => state === 'idle' || state === 'refused');
  while (!ready()) await new Promise((resolve) => setTimeout(resolve, 5));
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: options.token ?? 'none', maxRetries: 0 });
  return { pool, app, url, openai, ollama: new Ollama({ host: url }) };
}

const STORY = {
  model: NAME,
  prompt: 'Once upon a time',
  seed: 7,
  temperature: 0.8,
  top_p: 0.9,
  max_tokens: 40,
} as const;

describe("OpenAI's client", () => {
  it('lists the models and gets the same text whole and in a stream', async () => {
    const { openai } = await serve([board('a')]);
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual([NAME]);
    const whole = await openai.completions.create(STORY);
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'length', index: 0 });
    expect(whole.usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 40, total_tokens: 45 });
    let text = '';
    let usage: unknown;
    const stream = await openai.completions.create({
      ...STORY,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) {
      text += chunk.choices[0]?.text ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(whole.choices[0].text);
    expect(text.length).toBeGreaterThan(40);
    expect(usage).toMatchObject({ total_tokens: whole.usage!.total_tokens });
  });

  it('chats: the last message begins the story', async () => {
    const { openai } = await serve([board('a')]);
    const { prompt, ...rest } = STORY;
    const messages = [
      { role: 'system' as const, content: 'You tell stories.' },
      { role: 'user' as const, content: [{ type: 'text' as const, text: prompt }] },
    ];
    const chat = await openai.chat.completions.create({ ...rest, messages });
    const plain = await openai.completions.create(STORY);
    expect(chat.choices[0].message).toMatchObject({ role: 'assistant', content: plain.choices[0].text });
    let text = '';
    for await (const chunk of await openai.chat.completions.create({ ...rest, messages, stream: true })) {
      text += chunk.choices[0].delta.content ?? '';
    }
    expect(text).toBe(plain.choices[0].text);
  });

  it('ends at a stop, echoes, and gives several choices', async () => {
    const { openai } = await serve([board('a'), board('b')]);
    const plain = (await openai.completions.create(STORY)).choices[0].text;
    const stop = plain.slice(20, 25);
    const stopped = await openai.completions.create({ ...STORY, stop, echo: true, n: 2 });
    expect(stopped.choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(stopped.choices[0]).toMatchObject({
      text: STORY.prompt + plain.slice(0, plain.indexOf(stop)),
      finish_reason: 'stop',
    });
  });

  it.each<[string, object, number, RegExp]>([
    ['an unknown model', { model: 'gpt-4o' }, 404, /there is no model "gpt-4o" here; there is small/],
    ['too high a temperature', { temperature: 11 }, 400, /temperature/],
    ['a prompt longer than a line', { prompt: 'x'.repeat(600) }, 400, /the prompt has 600 bytes/],
    ['a command for a prompt', { prompt: '/reboot' }, 400, /begins with "\/"/],
    ['probabilities', { logprobs: 3 }, 400, /logprobs/],
    ['no tokens at all', { max_tokens: 0 }, 400, /max_tokens/],
  ])('is told what is wrong with %s', async (_, change, status, message) => {
    const { openai } = await serve([board('a')]);
    const error = await openai.completions.create({ ...STORY, ...change }).catch((reason) => reason);
    expect([error.status, error.message]).toEqual([status, expect.stringMatching(message)]);
  });

  it('must bring the token where there is one', async () => {
    const { openai, url } = await serve([board('a')], { token: 'secret' });
    expect((await openai.models.list()).data).toHaveLength(1);
    const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'guess', maxRetries: 0 });
    expect((await stranger.models.list().catch((reason) => reason)).status).toBe(401);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe("Ollama's client", () => {
  it('lists, shows, generates and chats', async () => {
    const { ollama, openai } = await serve([board('a')]);
    expect((await ollama.list()).models.map(({ name }) => name)).toEqual([`${NAME}:latest`]);
    expect((await ollama.show({ model: NAME })).capabilities).toEqual(['completion']);
    const options = { seed: 7, temperature: 0.8, top_p: 0.9, top_k: 0, repeat_penalty: 1, num_predict: 40 };
    const plain = (await openai.completions.create(STORY)).choices[0].text;
    const whole = await ollama.generate({ model: `${NAME}:latest`, prompt: STORY.prompt, options });
    expect(whole).toMatchObject({ response: plain, done: true, done_reason: 'length', eval_count: 40 });
    let text = '';
    const messages = [{ role: 'user', content: STORY.prompt }];
    for await (const { message } of await ollama.chat({ model: NAME, messages, options, stream: true }))
      text += message.content;
    expect(text).toBe(plain);
  });

  it('is told that a model is not there', async () => {
    const { ollama } = await serve([board('a')]);
    await expect(ollama.generate({ model: 'llama3', prompt: 'x' })).rejects.toThrow(
      'there is no model "llama3" here',
    );
  });
});

describe('the pool', () => {
  it('tells a story again elsewhere when its board is pulled, and the client sees no gap', async () => {
    const why: string[] = [];
    // The canary takes about 2,000 bytes: the cable goes in the middle of the story behind it.
    const { openai, pool } = await serve([board('bad', { dropAfter: 3500 }), board('good')], {
      onRetold: (text) => why.push(text),
    });
    const stories = await Promise.all([0, 1, 2].map(() => openai.completions.create(STORY)));
    expect(new Set(stories.map(({ choices }) => choices[0].text)).size).toBe(1);
    expect(why).toEqual([expect.stringContaining('bad')]);
    while (pool.status.boards.some(({ state }) => state !== 'idle'))
      await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('refuses a board that tells another story than its like', async () => {
    const liar = board('liar');
    const { pool } = await serve([board('a')]);
    const open = async (): Promise<Connection> => {
      const inner = await liar.open();
      return {
        ...inner,
        onData: (listener) =>
          inner.onData((bytes) =>
            listener(
              Buffer.from(
                Buffer.from(bytes)
                  .toString('latin1')
                  .replace(/"digest":"./, '"digest":"0'),
                'latin1',
              ),
            ),
          ),
      };
    };
    pool.add({ name: 'liar', open });
    while (!/idle|refused/.test(pool.status.boards[1].state))
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(pool.status.boards[1]).toMatchObject({
      state: 'refused',
      trouble: expect.stringContaining('it must not serve'),
    });
  });

  it('says 429 and when to come again where the queue is full', async () => {
    const { url } = await serve([board('a')], { queueLimit: 1 });
    const ask = () =>
      fetch(`${url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(STORY),
      });
    const answers = await Promise.all(Array.from({ length: 8 }, ask));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(Number(refused[0].headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answers.every(({ status }) => status === 429 || status === 200)).toBe(true);
  });

  it('stops a story whose client hung up', async () => {
    const { openai, pool } = await serve([board('a')]);
    const abort = new AbortController();
    const stream = await openai.completions.create(
      { ...STORY, max_tokens: 120, stream: true },
      { signal: abort.signal },
    );
    for await (const _ of stream) break;
    abort.abort();
    expect((await openai.completions.create({ ...STORY, max_tokens: 5 })).usage?.completion_tokens).toBe(5);
    expect(pool.status.waiting).toBe(0);
  });

  it('answers hostile bodies in a sentence and goes on', async () => {
    const { url, openai } = await serve([board('a')]);
    const json = fc.json({ maxDepth: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('/v1/completions', '/v1/chat/completions', '/api/generate', '/api/chat', '/api/show'),
        fc.oneof(json, fc.string()),
        async (path, body) => {
          const { status } = await fetch(url + path, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body,
          });
          expect(status === 404 || status === 400).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
    expect((await fetch(`${url}/v1/completions`, { method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(
      413,
    );
    expect((await openai.completions.create({ ...STORY, max_tokens: 3 })).usage?.completion_tokens).toBe(3);
  });

  it('shows its boards to Prometheus and to people', async () => {
    const { url } = await serve([board('<b>')]);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('esp32_llm_boards{state="idle"} 1');
    const page = await (await fetch(url)).text();
    expect(page).toContain('&lt;b&gt;');
    expect(page).not.toContain('<b>');
  });
});

describe('a vote', () => {
  /** Tells its canary as all others do, and stories of another seed. */
  const liar = (name: string, seed = 300): BoardSource => {
    const honest = board(name);
    return {
      name,
      async open() {
        const inner = await honest.open();
        const lie = (bytes: Uint8Array): Uint8Array =>
          Buffer.from(Buffer.from(bytes).toString('latin1').replace('/seed 7', `/seed ${seed}`), 'latin1');
        return { ...inner, write: (bytes) => inner.write(lie(bytes)) };
      },
    };
  };
  const STORY_OF_TWO = {
    prompt: STORY.prompt,
    sampling: { temperature: 0.8, topp: 0.9 },
    seed: 7n,
    tokens: 60,
  };

  async function vote(sources: BoardSource[]) {
    const inner = createPool(sources, { retry: 20 });
    closers.push(() => inner.close());
    while (!inner.status.boards.every(({ state }) => state === 'idle'))
      await new Promise((resolve) => setTimeout(resolve, 5));
    const outvoted: string[] = [];
    const pool = createVotingPool(inner, { onOutvoted: (why) => outvoted.push(why) });
    const ids: number[] = [];
    const told = pool.tell(STORY_OF_TWO, ({ n, id }) => {
      expect(n).toBe(ids.length);
      ids.push(id);
    });
    return { told, ids, outvoted, inner };
  }

  it("of three boards is one board's story, told by each of them once", async () => {
    const { told, ids, outvoted, inner } = await vote([board('a'), board('b'), board('c')]);
    const alone = await inner.tell(STORY_OF_TWO, () => {});
    const { end } = await told;
    expect(end.digest).toBe(alone.end.digest);
    expect(ids).toEqual(alone.tokens.map(({ id }) => id));
    expect(outvoted).toEqual([]);
  });

  it('outvotes one that lies, and says so', async () => {
    const { told, ids, outvoted, inner } = await vote([board('a'), liar('b'), board('c')]);
    const { end } = await told;
    while (outvoted.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(outvoted[0]).toMatch(/2 told [0-9a-f]{16}/);
    expect(ids).toEqual(
      (await inner.tell({ ...STORY_OF_TWO, apart: new Set(['b']) }, () => {})).tokens.map(({ id }) => id),
    );
    expect(formatDigest(digestTokens(ids))).toBe(end.digest);
    expect(inner.status.waiting).toBe(0);
  });

  it('of boards that all tell otherwise gives no story', async () => {
    const { told } = await vote([board('a'), liar('b', 301), liar('c', 302)]);
    await expect(told).rejects.toThrow(/no 2 of 3 boards tell the same story/);
  });

  it('ends with the server, whoever is still missing', async () => {
    const { told } = await vote([board('a'), liar('b')]);
    await closers.pop()!();
    await expect(told).rejects.toThrow('shutting down');
  });
});

describe('a text on its way out', () => {
  it.each([
    ['baé', ''],
    ['bab', 'b'],
    ['ba', 'b'],
  ])('ends at the stop that begins first, however the bytes of %s come', (text, told) => {
    const bytes = new TextEncoder().encode(text);
    for (let size = 1; size <= bytes.length; size++) {
      const out: string[] = [];
      const stream = createTextStream(['baé', 'a'], (piece) => out.push(piece));
      for (let at = 0; at < bytes.length; at += size) stream.push(bytes.subarray(at, at + size));
      stream.end();
      expect(out.join('')).toBe(told);
    }
  });

  it('holds back what may begin a stop, and loses nothing else', () => {
    const words = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '€', ' '), maxLength: 30 });
    const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 3 }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(words, stops, fc.infiniteStream(fc.integer({ min: 1, max: 4 })), (text, ends, sizes) => {
        const out: string[] = [];
        const stream = createTextStream(ends, (piece) => out.push(piece));
        const bytes = new TextEncoder().encode(text);
        for (let at = 0; at < bytes.length; ) {
          const size = sizes.next().value as number;
          if (stream.push(bytes.subarray(at, at + size))) break;
          at += size;
        }
        stream.end();
        const cut = Math.min(text.length, ...ends.map((end) => text.indexOf(end)).filter((at) => at >= 0));
        expect(out.join('')).toBe(text.slice(0, cut));
      }),
    );
  });
});
