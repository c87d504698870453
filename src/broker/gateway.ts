/**
 * Boards behind a broker as a pool: the broker spreads and keeps requests, the gateway only remembers who waits. A request whose board
 * falls silent is sent again under a new number; what an old number still brings is stopped. Tokens are deterministic, so the client
 * sees none twice and misses none.
 */
import { randomBytes } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import { FailureError } from '../errors.ts';
import type { StartEvent, Story } from '../serial/index.ts';
import {
  type BoardStatus,
  createPace,
  createTelling,
  isWhole,
  modelsOf,
  NoBoardError,
  type Pool,
  type Telling,
  type TellRequest,
} from '../serve/index.ts';
import { AT_LEAST_ONCE, connectBroker } from './client.ts';
import {
  type Answer,
  encodeRequest,
  keyOfTopic,
  lastLevel,
  PREFIX,
  readAnswer,
  readStatus,
  topicsOf,
} from './protocol.ts';

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

interface Ask {
  request: TellRequest & { model: string };
  telling: Telling;
  resolve: (story: Story) => void;
  reject: (error: unknown) => void;
  signal?: AbortSignal;
  onAbort: () => void;
  began: number;
  /** Stories begun and lost. */
  losses: number;
  /** Number of the present attempt. */
  correlation: string;
  /** Who tells it. */
  from?: string;
  start?: StartEvent;
  timer?: ReturnType<typeof setTimeout>;
}

const DEFAULTS = { queueLimit: 256, patience: 3000, silence: 10_000, deadline: 60_000, attempts: 5 };

export async function createBrokerPool(broker: string, options: GatewayOptions = {}): Promise<Pool> {
  const { queueLimit, patience, silence, deadline, attempts } = { ...DEFAULTS, ...options };
  const topics = topicsOf(options.prefix ?? PREFIX);
  const answers = topics.answers(randomBytes(8).toString('hex'));
  const workers = new Set<string>();
  const boards = new Map<string, BoardStatus>();
  const asks = new Map<string, Ask>();
  const pace = createPace();
  const client: MqttClient = await connectBroker(broker);

  const properties = (correlation: string) => ({ correlationData: Buffer.from(correlation, 'hex') });

  const send = (ask: Ask): void => {
    asks.delete(ask.correlation);
    ask.correlation = randomBytes(16).toString('hex');
    ask.from = undefined;
    asks.set(ask.correlation, ask);
    client.publish(topics.tell(ask.request.model), encodeRequest(ask.request), {
      ...AT_LEAST_ONCE,
      properties: {
        ...properties(ask.correlation),
        responseTopic: answers,
        contentType: 'application/json',
        messageExpiryInterval: Math.ceil(patience / 1000),
      },
    });
    wait(ask, patience, () => {
      if (performance.now() - ask.began < deadline) send(ask);
      else
        finish(ask, () => ask.reject(new NoBoardError(`no board took the request in ${deadline / 1000} s`)));
    });
  };

  const wait = (ask: Ask, milliseconds: number, then: () => void): void => {
    clearTimeout(ask.timer);
    ask.timer = setTimeout(then, milliseconds);
  };

  const finish = (ask: Ask, settle: () => void): void => {
    clearTimeout(ask.timer);
    asks.delete(ask.correlation);
    ask.signal?.removeEventListener('abort', ask.onAbort);
    settle();
  };

  const lose = (ask: Ask, why: string): void => {
    stop(ask.from, ask.correlation);
    if (ask.signal?.aborted) finish(ask, () => ask.reject(new FailureError('the request was given up')));
    else if (++ask.losses >= attempts) {
      finish(ask, () =>
        ask.reject(new NoBoardError(`${attempts} boards were lost while they told this: ${why}`)),
      );
    } else {
      options.onRetold?.(why);
      send(ask);
    }
  };

  const stop = (from: string | undefined, correlation: string): void => {
    if (from !== undefined)
      client.publish(topics.stop(from), '', { ...AT_LEAST_ONCE, properties: properties(correlation) });
  };

  const hear = (answer: Answer, correlation: string): void => {
    const ask = asks.get(correlation);
    const theirs = ask && (ask.from === undefined || ask.from === answer.from);
    if (!theirs) {
      // Given up, or sent again and told by another meanwhile.
      if (answer.say === 'taken' || answer.say === 'tokens') stop(answer.from, correlation);
      return;
    }
    ask.from = answer.from;
    wait(ask, silence, () => lose(ask, `${answer.from}: said nothing for ${silence / 1000} s`));
    if (answer.say === 'tokens') handOn(ask, answer);
    else if (answer.say === 'end') end(ask, answer.end);
    else if (answer.say === 'lost') lose(ask, answer.message);
    else if (answer.say === 'refused') finish(ask, () => ask.reject(new FailureError(answer.message)));
  };

  const handOn = (ask: Ask, { start, tokens }: Extract<Answer, { say: 'tokens' }>): void => {
    ask.start = start ?? ask.start;
    try {
      for (const token of tokens) ask.telling.pass(token, ask.start);
    } catch (error) {
      stop(ask.from, ask.correlation);
      finish(ask, () => ask.reject(error));
    }
  };

  const end = (ask: Ask, event: Story['end']): void => {
    if (!isWhole(ask.telling.tokens, event)) {
      lose(ask, `${ask.from}: answers were lost on the way`);
      return;
    }
    pace.told(ask.began);
    finish(ask, () => ask.resolve({ start: ask.start, tokens: ask.telling.tokens, end: event }));
  };

  /** Stories of boards that are gone are told again at once. */
  const left = (isGone: (key: string) => boolean): void => {
    for (const ask of [...asks.values()]) {
      if (ask.from !== undefined && isGone(ask.from)) lose(ask, `${ask.from}: is gone`);
    }
  };

  const noteWorker = (id: string, online: boolean): void => {
    if (online) workers.add(id);
    else {
      workers.delete(id);
      const isOfIt = (key: string): boolean => key.startsWith(`${id}/`);
      for (const key of [...boards.keys()].filter(isOfIt)) boards.delete(key);
      left(isOfIt);
    }
  };

  const noteBoard = (key: string, status: BoardStatus | undefined): void => {
    if (status) boards.set(key, { ...status, name: `${key.split('/')[0]} ${status.name}` });
    else boards.delete(key);
    if (status?.state === 'lost' || !status) left((one) => one === key);
  };

  client.on('message', (topic, payload, packet) => {
    if (topic === answers) {
      const answer = readAnswer(payload);
      const correlation = packet.properties?.correlationData?.toString('hex');
      if (answer && correlation) hear(answer, correlation);
    } else if (topic.startsWith(topics.worker(''))) noteWorker(lastLevel(topic), payload.length > 0);
    else if (payload.length === 0) noteBoard(keyOfTopic(topic), undefined);
    else {
      const status = readStatus(payload);
      if (status) noteBoard(keyOfTopic(topic), status);
    }
  });
  // Answers of the meantime are lost with the session.
  client.on('connect', () => {
    for (const ask of [...asks.values()]) send(ask);
  });
  await client.subscribeAsync([answers, topics.worker('+'), topics.board('+/+')], AT_LEAST_ONCE);

  const present = (): BoardStatus[] =>
    [...boards].flatMap(([key, status]) => (workers.has(key.split('/')[0]) ? [status] : []));

  const models = (): string[] => modelsOf(present());

  return {
    get status() {
      const waiting = [...asks.values()].filter(({ from }) => from === undefined).length;
      return { boards: present(), waiting, queueLimit };
    },
    models,
    tell(request, onToken, signal) {
      const model = request.model ?? models()[0];
      if (model === undefined) return Promise.reject(new NoBoardError('no board has come to the broker yet'));
      if (asks.size >= queueLimit) return Promise.reject(pace.busy(asks.size, boards.size));
      return new Promise((resolve, reject) => {
        const ask: Ask = {
          request: { ...request, model },
          telling: createTelling(onToken),
          resolve,
          reject,
          signal,
          onAbort: () => giveUp(ask),
          began: performance.now(),
          losses: 0,
          correlation: '',
        };
        signal?.addEventListener('abort', ask.onAbort, { once: true });
        send(ask);
      });
    },
    async close() {
      for (const ask of [...asks.values()]) {
        stop(ask.from, ask.correlation);
        finish(ask, () => ask.reject(new NoBoardError('the server is shutting down')));
      }
      await client.endAsync();
    },
  };

  /** One that is being told ends with what was told. */
  function giveUp(ask: Ask): void {
    if (ask.from !== undefined) stop(ask.from, ask.correlation);
    else finish(ask, () => ask.reject(new FailureError('the request was given up')));
  }
}
