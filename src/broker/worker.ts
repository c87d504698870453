/**
 * This machine's boards, offered on a broker. Every board has a connection of its own that holds one request at a time and says so
 * (receive maximum 1) and acknowledges it when it is done with it: what the broker has more of goes to others. Answers, statuses and
 * stops go over one connection for all.
 */
import { randomBytes } from 'node:crypto';
import type { IPublishPacket, MqttClient } from 'mqtt';
import type { StartEvent } from '../serial/index.ts';
import {
  type BoardSource,
  type BoardStatus,
  createCanaries,
  createPooledBoard,
  LostBoardError,
  type OnToken,
  type PooledBoard,
} from '../serve/index.ts';
import { AT_LEAST_ONCE, connectBroker, RETAINED } from './client.ts';
import { discoveryOf } from './discovery.ts';
import { type Answer, lastLevel, PREFIX, readRequest, topicsOf } from './protocol.ts';

export interface WorkerOptions {
  /** Of all topics. */
  prefix?: string;
  /** What this worker is called; random if not given. */
  id?: string;
  /** Tell Home Assistant of the boards, under this prefix of its own. */
  discovery?: string;
  silence?: number;
  retry?: number;
  /** Milliseconds between signs of life of a board that thinks. */
  heartbeat?: number;
}

export interface Worker {
  readonly id: string;
  readonly boards: readonly BoardStatus[];
  add(source: BoardSource): void;
  /** Boards finish what they tell, and leave. */
  close(): Promise<void>;
}

/** A board's place on the broker. */
interface Seat {
  key: string;
  board: PooledBoard;
  /** While it takes requests. */
  client?: Promise<MqttClient>;
  /** Of what it tells. */
  correlation?: string;
  done?: Promise<void>;
}

type Say = Answer extends infer One ? (One extends Answer ? Omit<One, 'from'> : never) : never;

const HEARTBEAT_MS = 3000;
/** Tokens wait so long for company. */
const GATHER_MS = 20;

export async function createWorker(
  broker: string,
  sources: readonly BoardSource[],
  options: WorkerOptions = {},
): Promise<Worker> {
  const { prefix = PREFIX, id = randomBytes(6).toString('hex'), heartbeat = HEARTBEAT_MS } = options;
  const topics = topicsOf(prefix);
  const canaries = createCanaries((model, digest) => {
    control.publish(topics.canary(model), digest, RETAINED);
  });
  const seats: Seat[] = [];
  let closed = false;
  const control = await connectBroker(broker, {
    will: { topic: topics.worker(id), payload: Buffer.alloc(0), ...RETAINED },
  });

  const publishStatus = ({ key, board }: Seat): void => {
    control.publish(topics.board(key), JSON.stringify(board.status), RETAINED);
  };

  /** A board that may serve takes a seat, one that is lost leaves it. */
  const follow = (seat: Seat): void => {
    publishStatus(seat);
    const { state } = seat.board.status;
    if (state === 'idle' && !seat.client && !closed) seat.client = take(seat);
    else if (/lost|refused|closed/.test(state)) void leave(seat);
  };

  const take = async (seat: Seat): Promise<MqttClient> => {
    const { name, model = '' } = seat.board.status;
    const client = await connectBroker(broker, {
      clientId: `${prefix}-${seat.key}`.replaceAll('/', '-'),
      properties: { receiveMaximum: 1 },
    });
    client.handleMessage = (packet, acknowledge) => {
      seat.done = serve(seat, client, packet).finally(() => acknowledge());
    };
    await client.subscribeAsync(topics.share(model), AT_LEAST_ONCE);
    if (options.discovery !== undefined) {
      const { topic, config } = discoveryOf(options.discovery, { topics, id, key: seat.key, name, model });
      control.publish(topic, JSON.stringify(config), RETAINED);
    }
    return client;
  };

  const leave = async (seat: Seat): Promise<void> => {
    const { client } = seat;
    seat.client = undefined;
    await client?.then((one) => one.endAsync(true)).catch(() => {});
  };

  const serve = async (seat: Seat, client: MqttClient, packet: IPublishPacket): Promise<void> => {
    const request = readRequest(packet.payload as Uint8Array);
    const { responseTopic, correlationData } = packet.properties ?? {};
    if (!request || !responseTopic?.startsWith(topics.answers('')) || !correlationData) return;
    const say = (answer: Say): void => {
      const text = JSON.stringify({ ...answer, from: seat.key });
      control.publish(responseTopic, text, { ...AT_LEAST_ONCE, properties: { correlationData } });
    };
    seat.correlation = correlationData.toString('hex');
    say({ say: 'taken' });
    const life = setInterval(() => {
      say({ say: 'taken' });
      // The connection hears nothing while it holds a request, not even the broker's answers to pings: so it sends none.
      client.publish(topics.board(`${seat.key}/busy`), '');
    }, heartbeat);
    try {
      const gatherer = createGatherer(say);
      const { end } = await seat.board.tell(request, gatherer.push);
      gatherer.flush();
      say({ say: 'end', end });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      say({ say: error instanceof LostBoardError ? 'lost' : 'refused', message });
    } finally {
      clearInterval(life);
      seat.correlation = undefined;
    }
  };

  control.on('message', (topic, payload, { properties }) => {
    if (topic.startsWith(topics.canary(''))) {
      canaries.learn(lastLevel(topic), payload.toString());
      return;
    }
    const seat = seats.find(({ key }) => topic === topics.stop(key));
    if (
      seat?.correlation !== undefined &&
      seat.correlation === properties?.correlationData?.toString('hex')
    ) {
      void seat.board.stop();
    }
  });

  const add = (source: BoardSource): void => {
    const key = `${id}/${seats.length + 1}`;
    const { silence, retry } = options;
    const onChange = (): void => {
      const seat = seats.find((one) => one.key === key);
      if (seat) follow(seat);
    };
    seats.push({
      key,
      board: createPooledBoard(source, { onChange, judge: canaries.judge, silence, retry }),
    });
  };

  /** What the broker does not keep through a restart. */
  const announce = (): void => {
    control.publish(topics.worker(id), 'online', RETAINED);
    for (const [model, digest] of canaries.digests) control.publish(topics.canary(model), digest, RETAINED);
    seats.forEach(publishStatus);
  };

  await control.subscribeAsync([topics.canaries, `${topics.stop(id)}/+`], AT_LEAST_ONCE);
  // Retained messages come right behind the subscription's answer; a message of our own comes behind them.
  await control.publishAsync(topics.worker(id), 'online', RETAINED);
  control.on('connect', announce);
  for (const source of sources) add(source);
  return {
    id,
    get boards() {
      return seats.map(({ board }) => board.status);
    },
    add,
    async close() {
      closed = true;
      await Promise.all(
        seats.map(async (seat) => {
          await seat.client?.then((client) =>
            client.unsubscribeAsync(topics.share(seat.board.status.model ?? '')),
          );
          await seat.done;
          await leave(seat);
          await seat.board.close();
          await control.publishAsync(topics.board(seat.key), '', RETAINED);
        }),
      );
      await control.publishAsync(topics.worker(id), '', RETAINED);
      await control.endAsync();
    },
  };
}

/** Tokens that come close together leave in one message. */
function createGatherer(say: (answer: Say) => void) {
  let held: Extract<Answer, { say: 'tokens' }>['tokens'] = [];
  let start: StartEvent | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (held.length > 0) say({ say: 'tokens', start: held[0].n === 0 ? start : undefined, tokens: held });
    held = [];
  };
  const push: OnToken = (token, begun) => {
    start = begun;
    held.push(token);
    timer ??= setTimeout(flush, GATHER_MS);
  };
  return { flush, push };
}
