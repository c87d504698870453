/**
 * Wyoming's intent service (github.com/OHF-Voice/wyoming): events as JSON lines over TCP, some followed by more JSON and a payload of the
 * lengths that the line says. Home Assistant's voice pipeline sends what was heard and takes back an intent with its slots. The protocol
 * has no authentication: whoever reaches the port may ask.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { FailureError } from '../errors.ts';
import { VERSION } from '../firmware/index.ts';
import { complete } from './completion.ts';
import type { Pool } from './pool.ts';

/** A line with what goes behind it. */
const MOST_BYTES = 64 * 1024;
const MOST_SOCKETS = 64;
/** A caller says its next event within so many milliseconds, or is hung up on. */
const PATIENCE_MS = 120_000;

export interface WyomingEvent {
  type: string;
  data: Record<string, unknown>;
}

/** A board's answer to a request, {"intent": NAME, "slots": {...}}, as Wyoming says it. */
interface Recognized {
  name: string;
  entities: { name: string; value: unknown }[];
}

/** Takes bytes as they come, gives events. @throws FailureError for what is none, which ends the connection */
export function createEventReader(onEvent: (event: WyomingEvent) => void): (bytes: Uint8Array) => void {
  let held = Buffer.alloc(0);
  return (bytes) => {
    held = Buffer.concat([held, bytes]);
    for (;;) {
      const newline = held.indexOf(10);
      if (newline < 0) break;
      const head = parseObject(held.subarray(0, newline));
      const dataBytes = lengthOf(head.data_length);
      const end = newline + 1 + dataBytes + lengthOf(head.payload_length);
      if (end > MOST_BYTES) throw new FailureError('an event is larger than any that this service takes');
      if (held.length < end) break;
      const more = dataBytes > 0 ? parseObject(held.subarray(newline + 1, newline + 1 + dataBytes)) : {};
      held = held.subarray(end);
      if (typeof head.type !== 'string') throw new FailureError('an event without a type');
      onEvent({ type: head.type, data: { ...(isObject(head.data) ? head.data : {}), ...more } });
    }
    if (held.length > MOST_BYTES)
      throw new FailureError('an event is larger than any that this service takes');
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseObject(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (isObject(value)) return value;
  } catch {} // said below
  throw new FailureError('a line that is no JSON object');
}

const lengthOf = (value: unknown): number => {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new FailureError('a length that is none');
};

export function encodeEvent({ type, data }: WyomingEvent): Buffer {
  const more = Buffer.from(JSON.stringify(data));
  const head = {
    type,
    version: VERSION,
    ...(Object.keys(data).length > 0 ? { data_length: more.length } : {}),
  };
  const line = Buffer.from(`${JSON.stringify(head)}\n`);
  return Object.keys(data).length > 0 ? Buffer.concat([line, more]) : line;
}

export interface WyomingOptions {
  /** Languages of the models' sentences. */
  languages?: readonly string[];
  /** What is said to a request that no board takes. */
  refusal?: string;
}

/** A server over a pool; the caller listens and closes. */
export function createWyomingServer(
  pool: Pool,
  { languages = ['en'], refusal = "Sorry, I can't do that." }: WyomingOptions = {},
): Server {
  const answer = async (
    { type, data }: WyomingEvent,
    signal: AbortSignal,
  ): Promise<WyomingEvent | undefined> => {
    if (type === 'describe') return { type: 'info', data: infoOf(pool, languages) };
    if (type === 'ping') return { type: 'pong', data };
    if (type !== 'recognize' && type !== 'transcript') return undefined; // of other services
    const context = isObject(data.context) ? { context: data.context } : {};
    const recognized = typeof data.text === 'string' ? await recognize(pool, data.text, signal) : undefined;
    return recognized
      ? { type: 'intent', data: { ...recognized, ...context } }
      : { type: 'not-recognized', data: { text: refusal, ...context } };
  };

  const server = createServer((socket: Socket) => {
    const gone = new AbortController();
    let turn: Promise<unknown> = Promise.resolve();
    const read = createEventReader((event) => {
      turn = turn.then(async () => {
        const reply = await answer(event, gone.signal).catch(({ message }: Error) => ({
          type: 'error',
          data: { text: message, code: 'failed' },
        }));
        if (reply && !socket.destroyed) socket.write(encodeEvent(reply));
      });
    });
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.on('error', () => {}); // close follows
    socket.on('close', () => gone.abort());
    socket.on('data', (bytes) => {
      try {
        read(bytes);
      } catch (error) {
        socket.end(
          encodeEvent({ type: 'error', data: { text: (error as Error).message, code: 'malformed' } }),
        );
      }
    });
  });
  server.maxConnections = MOST_SOCKETS;
  return server;
}

/** What a board makes of a request; undefined: it is none of its intents. */
async function recognize(pool: Pool, text: string, signal: AbortSignal): Promise<Recognized | undefined> {
  let said = '';
  await complete(
    pool,
    { prompt: text, sampling: { temperature: 0 }, seed: 1n, stops: [] },
    (piece) => (said += piece),
    signal,
  );
  let answer: unknown;
  try {
    answer = JSON.parse(said);
  } catch {
    throw new FailureError(
      'the board answers no intent: flash it with an image of "esp32-llm intents build"',
    );
  }
  if (!isObject(answer) || typeof answer.intent !== 'string' || answer.intent === 'none') return undefined;
  const { intent, slots } = answer;
  const entities = Object.entries(isObject(slots) ? slots : {});
  return { name: intent, entities: entities.map(([name, value]) => ({ name, value })) };
}

function infoOf(pool: Pool, languages: readonly string[]) {
  const artifact = (name: string, description: string) => ({
    name,
    description,
    installed: true,
    version: VERSION,
    attribution: { name: 'esp32-llm', url: 'https://www.npmjs.com/package/esp32-llm' },
  });
  const models = pool.models().map((name) => ({ ...artifact(name, 'understood by an ESP32-S3'), languages }));
  return {
    asr: [],
    tts: [],
    handle: [],
    wake: [],
    intent: [{ ...artifact('esp32-llm', 'Requests understood by microcontrollers'), models }],
  };
}
