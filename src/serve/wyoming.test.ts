import { once } from 'node:events';
import { type AddressInfo, connect, type Server } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { StartEvent, Story } from '../serial/index.ts';
import type { Pool } from './pool.ts';
import { createEventReader, createWyomingServer, encodeEvent, type WyomingEvent } from './wyoming.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const start = {
  event: 'start',
  prompt: 1,
  seed: '1',
  temperature: 0,
  topp: 1,
  topk: 0,
  minp: 0,
  penalty: 1,
} as StartEvent;
const end = {
  event: 'end',
  ending: 'finished',
  tokens: 1,
  digest: '0',
  cycles: '1',
  first: 1,
  last: 1,
  megahertz: 240,
} as Story['end'];

/** Boards that answer a request with this text, byte by byte. */
function poolOf(answer: (prompt: string) => string): Pool {
  return {
    status: { boards: [], waiting: 0, queueLimit: 1 },
    models: () => ['home'],
    close: async () => {},
    async tell({ prompt, sampling }, onToken) {
      expect(sampling).toEqual({ temperature: 0 });
      const bytes = [...Buffer.from(answer(prompt))];
      const tokens = bytes.map((byte, n) => ({
        event: 'token' as const,
        n,
        id: byte,
        text: String.fromCharCode(byte),
      }));
      for (const token of tokens) onToken(token, start);
      return { start, tokens, end };
    },
  };
}

/** Sends bytes, gives the first `count` events that come back, or all until the other side hangs up. */
async function talk(pool: Pool, bytes: Uint8Array, count = 1): Promise<WyomingEvent[]> {
  const server = createWyomingServer(pool, { languages: ['en'] });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const events: WyomingEvent[] = [];
  return new Promise((resolve) => {
    const read = createEventReader((event) => {
      events.push(event);
      if (events.length === count) socket.destroy();
    });
    socket.on('data', read).on('close', () => resolve(events));
    socket.write(bytes);
  });
}

const LIGHTS = '{"intent":"HassTurnOn","slots":{"area":"kitchen","brightness":30}}';

describe("Wyoming's intent service", () => {
  it('takes what Home Assistant sends, and gives intent and slots, the context with them', async () => {
    // As wyoming 1.8 writes it: data behind the line.
    const data = Buffer.from('{"text": "Küche an", "context": {"conversation_id": "7"}}');
    const line = `{"type": "transcript", "version": "1.8.0", "data_length": ${data.length}}\n`;
    const [reply] = await talk(
      poolOf((prompt) => (prompt === 'Küche an' ? LIGHTS : 'wrong')),
      Buffer.concat([Buffer.from(line), data]),
    );
    expect(reply).toEqual({
      type: 'intent',
      data: {
        name: 'HassTurnOn',
        entities: [
          { name: 'area', value: 'kitchen' },
          { name: 'brightness', value: 30 },
        ],
        context: { conversation_id: '7' },
      },
    });
  });

  it('describes itself, answers in order, and refuses what is no intent', async () => {
    const events = await talk(
      poolOf((prompt) => (prompt === 'light' ? LIGHTS : '{"intent":"none"}')),
      Buffer.concat(
        [
          { type: 'describe', data: {} },
          { type: 'recognize', data: { text: 'light' } },
          { type: 'audio-start', data: {} },
          { type: 'recognize', data: { text: 'who won the war' } },
          { type: 'recognize', data: {} },
        ].map(encodeEvent),
      ),
      4,
    );
    expect(events.map(({ type }) => type)).toEqual(['info', 'intent', 'not-recognized', 'not-recognized']);
    const [{ data }] = events;
    expect(data).toMatchObject({
      asr: [],
      intent: [{ name: 'esp32-llm', installed: true, models: [{ name: 'home', languages: ['en'] }] }],
    });
    expect(events[2].data).toEqual({ text: "Sorry, I can't do that." });
  });

  it('says when a board tells stories instead', async () => {
    const [reply] = await talk(
      poolOf(() => 'Once upon'),
      encodeEvent({ type: 'recognize', data: { text: 'x' } }),
    );
    expect(reply).toMatchObject({ type: 'error', data: { text: expect.stringContaining('intents build') } });
  });

  it.each([
    ['no JSON', 'hello\n'],
    ['an array', '[]\n'],
    ['a negative length', '{"type":"x","data_length":-1}\n'],
    ['a huge event', '{"type":"x","payload_length":1000000000}\n'],
    ['a line without end', 'x'.repeat(70_000)],
  ])('hangs up on %s', async (_, text) => {
    const events = await talk(
      poolOf(() => LIGHTS),
      Buffer.from(text),
      2,
    );
    expect(events.map(({ type }) => type)).toEqual(['error']);
  });

  it('reads events however their bytes are cut', () => {
    const event = fc.record({
      type: fc.string({ minLength: 1 }),
      data: fc.dictionary(fc.string(), fc.jsonValue()),
    });
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (sent, cuts) => {
          const heard: WyomingEvent[] = [];
          const read = createEventReader((one) => heard.push(one));
          const bytes = Buffer.concat(sent.map(encodeEvent));
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const next = at + cuts[i % cuts.length];
            read(bytes.subarray(at, next));
            at = next;
          }
          expect(JSON.stringify(heard)).toBe(JSON.stringify(sent.map(({ type, data }) => ({ type, data }))));
        },
      ),
    );
  });
});
