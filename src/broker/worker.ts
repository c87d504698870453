/**
 * This machine's boards, offered on a broker. Every board has a connection of its own that holds one request at a time and says so
 * (receive maximum 1) and acknowledges it when it is done with it: what the broker has more of goes to others. Answers, statuses and
 * stops go over one connection for all.
 */

import { randomBytes } from 'node:crypto';
import type { IPublishPacket, MqttClient } from 'mqtt';
import { messageOf } from '../errors.ts';
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
import { type Answer, lastLevel, PREFIX, readRequest, type Topics, topicsOf } from './protocol.ts';

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
const SEAT_AGAIN_MS = 1000;
/** Tokens wait so long for company. */
const GATHER_MS = 20;

/** What seats need to serve. */
interface Room {
  readonly broker: string;
  /** This machine's connection: statuses and answers of all its boards. */
  readonly control: MqttClient;
  readonly topics: Topics;
  readonly id: string;
  readonly prefix: string;
  readonly heartbeat: number;
  readonly discovery?: string;
  closed: boolean;
}

const publishStatus = ({ control, topics }: Room, { key, board }: Seat): void => {
  control.publish(topics.board(key), JSON.stringify(board.status), RETAINED);
};

/** A board that may serve takes a seat, one that is lost leaves it. */
function follow(room: Room, seat: Seat): void {
  publishStatus(room, seat);
  const { state } = seat.board.status;
  if (state === 'idle' && !seat.client && !room.closed) sit(room, seat);
  else if (/lost|refused|away|closed/.test(state)) void leave(seat);
}

/** Takes a seat; where the broker is away just now, as soon as it is back. */
function sit(room: Room, seat: Seat): void {
  const client = take(room, seat);
  seat.client = client;
  client.catch(() => {
    if (seat.client !== client) return;
    seat.client = undefined;
    setTimeout(() => follow(room, seat), SEAT_AGAIN_MS).unref();
  });
}

async function take(room: Room, seat: Seat): Promise<MqttClient> {
  const { topics, id, prefix, discovery } = room;
  const { name, model = '' } = seat.board.status;
  const client = await connectBroker(room.broker, {
    clientId: `${prefix}-${seat.key}`.replaceAll('/', '-'),
    properties: { receiveMaximum: 1 },
  });
  client.handleMessage = (packet, acknowledge) => {
    seat.done = serve(room, seat, client, packet).finally(() => acknowledge());
  };
  await client.subscribeAsync(topics.share(model), AT_LEAST_ONCE).catch((error: unknown) => {
    client.end(true);
    throw error;
  });
  if (discovery !== undefined) {
    const { topic, config } = discoveryOf(discovery, { topics, id, key: seat.key, name, model });
    room.control.publish(topic, JSON.stringify(config), RETAINED);
  }
  return client;
}

async function leave(seat: Seat): Promise<void> {
  const { client } = seat;
  seat.client = undefined;
  await client?.then((one) => one.endAsync(true)).catch(() => {});
}

/** Tells what a request wants. */
async function serve(room: Room, seat: Seat, client: MqttClient, packet: IPublishPacket): Promise<void> {
  const { control, topics, heartbeat } = room;
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
    const message = messageOf(error);
    say({ say: error instanceof LostBoardError ? 'lost' : 'refused', message });
  } finally {
    clearInterval(life);
    seat.correlation = undefined;
  }
}

/** The board finishes what it tells, and leaves. */
async function close({ control, topics }: Room, seat: Seat): Promise<void> {
  const topic = topics.share(seat.board.status.model ?? '');
  await seat.client?.then((client) => client.unsubscribeAsync(topic)).catch(() => {}); // it leaves in any case
  await seat.done;
  await leave(seat);
  await seat.board.close();
  await control.publishAsync(topics.board(seat.key), '', RETAINED);
}

export async function createWorker(
  broker: string,
  sources: readonly BoardSource[],
  options: WorkerOptions = {},
): Promise<Worker> {
  const { prefix = PREFIX, id = randomBytes(6).toString('hex'), heartbeat = HEARTBEAT_MS } = options;
  const { discovery, silence, retry } = options;
  const topics = topicsOf(prefix);
  const canaries = createCanaries((model, digest) => {
    control.publish(topics.canary(model), digest, RETAINED);
  });
  const seats: Seat[] = [];
  const control = await connectBroker(broker, {
    will: { topic: topics.worker(id), payload: Buffer.alloc(0), ...RETAINED },
  });
  const room: Room = { broker, control, topics, id, prefix, heartbeat, discovery, closed: false };

  control.on('message', (topic, payload, { properties }) => {
    if (topic.startsWith(topics.canary(''))) {
      canaries.learn(lastLevel(topic), payload.toString());
      return;
    }
    const seat = seats.find(({ key }) => topic === topics.stop(key));
    const correlation = properties?.correlationData?.toString('hex');
    if (seat?.correlation !== undefined && seat.correlation === correlation) void seat.board.stop();
  });

  const add = (source: BoardSource): void => {
    const key = `${id}/${seats.length + 1}`;
    const onChange = (): void => {
      const seat = seats.find((one) => one.key === key);
      if (seat) follow(room, seat);
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
    for (const seat of seats) publishStatus(room, seat);
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
      room.closed = true;
      await Promise.all(seats.map((seat) => close(room, seat)));
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
