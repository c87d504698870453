/**
 * What gateways and workers say to each other through an MQTT 5 broker. A request goes to the topic of its model, which the boards with
 * that model share ($share, MQTT 5 section 4.8.2), with the gateway's topic as response topic and an attempt's number as correlation
 * data (sections 3.3.2.3.5 and .6). Answers name the board that gives them. A board's status is retained; a worker's is, too, and
 * its last will empties it.
 */
import { z } from 'zod';
import { settingNames } from '../contract/index.ts';
import { ROLES } from '../model/index.ts';
import type { BoardState, BoardStatus, TellRequest } from '../serve/index.ts';

/** Levels of topics between those that the prefix names. */
export interface Topics {
  tell(model: string): string;
  /** The topic of {@link tell} as all boards with the model share it. */
  share(model: string): string;
  answers(gateway: string): string;
  worker(id: string): string;
  board(key: string): string;
  /** Asks the board to end what it tells under the correlation data. */
  stop(key: string): string;
  /** Digest of a model's canary story. */
  canary(model: string): string;
  /** Those of all models. */
  canaries: string;
}

/** Of all topics, where none is given. */
export const PREFIX = 'esp32-llm';

/** Neither a separator nor a wildcard is left. */
const level = encodeURIComponent;

export const topicsOf = (prefix: string): Topics => ({
  tell: (model) => `${prefix}/tell/${level(model)}`,
  share: (model) => `$share/boards/${prefix}/tell/${level(model)}`,
  answers: (gateway) => `${prefix}/answers/${gateway}`,
  worker: (id) => `${prefix}/workers/${id}`,
  board: (key) => `${prefix}/boards/${key}`,
  stop: (key) => `${prefix}/stop/${key}`,
  canary: (model) => `${prefix}/canary/${level(model)}`,
  canaries: `${prefix}/canary/+`,
});

/** Last level of a topic, as {@link Topics} made it. */
export const lastLevel = (topic: string): string =>
  decodeURIComponent(topic.slice(topic.lastIndexOf('/') + 1));

/** The board's part of a topic: worker and number. */
export const keyOfTopic = (topic: string): string => topic.split('/').slice(-2).join('/');

const whole = z.int().min(0);
const digits = z.string().regex(/^\d{1,20}$/);

const digest = z.string().regex(/^[0-9a-f]{16}$/);
const grammarMessage = z.object({
  packed: z.base64().max(2 << 20),
  digest,
  vocabulary: digest,
});
const requestMessage = z.object({
  prompt: z.string().max(4096),
  seed: digits,
  tokens: whole.max(1_000_000),
  turns: z
    .array(z.object({ role: z.enum(ROLES), content: z.string().max(65_536) }))
    .min(1)
    .max(1000)
    .optional(),
  sampling: z.partialRecord(z.enum(settingNames as [string, ...string[]]), z.number()),
  grammar: grammarMessage.optional(),
});

export const encodeRequest = ({ prompt, seed, tokens, turns, sampling, grammar }: TellRequest): string =>
  JSON.stringify({
    prompt,
    turns,
    seed: String(seed),
    tokens,
    sampling,
    grammar: grammar && { ...grammar, packed: Buffer.from(grammar.packed).toString('base64') },
  });

const startEvent = z.object({
  event: z.literal('start'),
  prompt: whole,
  seed: digits,
  temperature: z.number(),
  topp: z.number(),
  topk: z.number(),
  minp: z.number(),
  penalty: z.number(),
});
const tokenEvent = z.object({ event: z.literal('token'), n: whole, id: whole, text: z.string() });
const endEvent = z.object({
  event: z.literal('end'),
  ending: z.enum(['finished', 'limit', 'stopped']),
  tokens: whole,
  digest,
  cycles: digits,
  first: whole,
  last: whole,
  megahertz: whole,
  reused: whole.optional(),
});

const from = z.string();
const answerMessage = z.discriminatedUnion('say', [
  /** A board has begun, or still thinks. */
  z.object({ say: z.literal('taken'), from }),
  z.object({ say: z.literal('tokens'), from, start: startEvent.optional(), tokens: z.array(tokenEvent) }),
  z.object({ say: z.literal('end'), from, end: endEvent }),
  /** The board is gone: begin anew elsewhere. */
  z.object({ say: z.literal('lost'), from, message: z.string() }),
  /** No board would tell this. */
  z.object({ say: z.literal('refused'), from, message: z.string() }),
]);
export type Answer = z.infer<typeof answerMessage>;

const STATES = ['connecting', 'checking', 'idle', 'busy', 'lost', 'refused', 'away', 'closed'] as const;
const statusMessage = z.object({
  name: z.string(),
  state: z.enum(STATES satisfies readonly BoardState[]),
  model: z.string().optional(),
  context: whole.optional(),
  room: whole.optional(),
  vocabulary: z.string().optional(),
  bound: z.boolean().optional(),
  converses: z.boolean().optional(),
  answerEnd: z.string().optional(),
  trouble: z.string().optional(),
  stories: whole,
  tokens: whole,
  speed: z.number().optional(),
  digest: z.string().optional(),
});

/** A message of this shape, or undefined for anything else: whoever may write to the broker may write nonsense. */
function read<T>(shape: z.ZodType<T>, payload: Uint8Array): T | undefined {
  try {
    return shape.safeParse(JSON.parse(new TextDecoder().decode(payload))).data;
  } catch {
    return undefined;
  }
}

export function readRequest(payload: Uint8Array): TellRequest | undefined {
  const message = read(requestMessage, payload);
  if (!message) return undefined;
  const { seed, grammar, ...rest } = message;
  return {
    ...rest,
    seed: BigInt(seed),
    grammar: grammar && { ...grammar, packed: new Uint8Array(Buffer.from(grammar.packed, 'base64')) },
  };
}
export const readAnswer = (payload: Uint8Array): Answer | undefined => read(answerMessage, payload);
export const readStatus = (payload: Uint8Array): BoardStatus | undefined => read(statusMessage, payload);
