/**
 * Boards behind a broker as a pool: the broker spreads and keeps requests, the gateway only remembers who waits (asks.ts) and who is
 * there. Tokens are deterministic, so the client sees none twice and misses none.
 */
import { randomBytes } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import {
  type BoardStatus,
  createPace,
  createTelling,
  modelsOf,
  NoBoardError,
  type Pool,
} from '../serve/index.ts';
import { type Ask, type Asks, giveUp, hear, loseThoseOf, reject, send, stop } from './asks.ts';
import { AT_LEAST_ONCE, connectBroker } from './client.ts';
import { keyOfTopic, lastLevel, PREFIX, readAnswer, readStatus, topicsOf } from './protocol.ts';

export interface GatewayOptions {
  prefix?: string;
  /** Requests of this gateway that may be under way or wait. */
  queueLimit?: number;
  /** Milliseconds until a request that no board has taken is sent once more. */
  patience?: number;
  /** Milliseconds without a word from its board after which a story is told again elsewhere. */
  silence?: number;
  /** Milliseconds after which a request that no board takes fails. */
  deadline?: number;
  /** How often a story is begun anew before the request fails. */
  attempts?: number;
  onRetold?: (why: string) => void;
}

const DEFAULTS = { queueLimit: 256, patience: 3000, silence: 10_000, deadline: 60_000, attempts: 5 };

/** Who is there: boards count while the worker that offers them does. @param gone boards for which this holds are there no more */
function createPresence(gone: (isGone: (key: string) => boolean) => void) {
  const workers = new Set<string>();
  const boards = new Map<string, BoardStatus>();
  return {
    /** Boards that were heard of. */
    count: () => boards.size,
    present: (): BoardStatus[] =>
      [...boards].flatMap(([key, status]) => (workers.has(key.split('/')[0]) ? [status] : [])),
    noteWorker(id: string, online: boolean): void {
      if (online) {
        workers.add(id);
        return;
      }
      workers.delete(id);
      const isOfIt = (key: string): boolean => key.startsWith(`${id}/`);
      for (const key of [...boards.keys()].filter(isOfIt)) boards.delete(key);
      gone(isOfIt);
    },
    noteBoard(key: string, status: BoardStatus | undefined): void {
      if (status) boards.set(key, { ...status, name: `${key.split('/')[0]} ${status.name}` });
      else boards.delete(key);
      if (status?.state === 'lost' || !status) gone((one) => one === key);
    },
  };
}

/** Has messages go where they belong, from now on. */
async function listen(asks: Asks, presence: ReturnType<typeof createPresence>): Promise<void> {
  const { client, topics, answers, open } = asks;
  client.on('message', (topic, payload, packet) => {
    if (topic === answers) {
      const answer = readAnswer(payload);
      const correlation = packet.properties?.correlationData?.toString('hex');
      if (answer && correlation) hear(asks, answer, correlation);
    } else if (topic.startsWith(topics.worker(''))) presence.noteWorker(lastLevel(topic), payload.length > 0);
    else if (payload.length === 0) presence.noteBoard(keyOfTopic(topic), undefined);
    else {
      const status = readStatus(payload);
      if (status) presence.noteBoard(keyOfTopic(topic), status);
    }
  });
  // Answers of the meantime are lost with the session.
  client.on('connect', () => {
    for (const ask of [...open.values()]) send(asks, ask);
  });
  await client.subscribeAsync([answers, topics.worker('+'), topics.board('+/+')], AT_LEAST_ONCE);
}

export async function createBrokerPool(broker: string, options: GatewayOptions = {}): Promise<Pool> {
  const { queueLimit, prefix, ...limits } = { ...DEFAULTS, ...options };
  const topics = topicsOf(prefix ?? PREFIX);
  const open = new Map<string, Ask>();
  const pace = createPace();
  const client: MqttClient = await connectBroker(broker);
  const asks: Asks = {
    client,
    topics,
    answers: topics.answers(randomBytes(8).toString('hex')),
    open,
    pace,
    ...limits,
  };
  const presence = createPresence((isGone) => loseThoseOf(asks, isGone));
  await listen(asks, presence);
  const models = (): string[] => modelsOf(presence.present());

  return {
    get status() {
      const waiting = [...open.values()].filter(({ from }) => from === undefined).length;
      return { boards: presence.present(), waiting, queueLimit };
    },
    models,
    tell(request, onToken, signal) {
      const model = request.model ?? models()[0];
      if (model === undefined) return Promise.reject(new NoBoardError('no board has come to the broker yet'));
      if (open.size >= queueLimit) return Promise.reject(pace.busy(open.size, presence.count()));
      return new Promise((resolve, rejectStory) => {
        const ask: Ask = {
          request: { ...request, model },
          telling: createTelling(onToken),
          resolve,
          reject: rejectStory,
          signal,
          onAbort: () => giveUp(asks, ask),
          began: performance.now(),
          losses: 0,
          correlation: '',
        };
        signal?.addEventListener('abort', ask.onAbort, { once: true });
        send(asks, ask);
      });
    },
    async close() {
      for (const ask of [...open.values()]) {
        stop(asks, ask.from, ask.correlation);
        reject(asks, ask, new NoBoardError('the server is shutting down'));
      }
      await client.endAsync();
    },
  };
}
