/**
 * Requests on their way through the broker. One whose board falls silent is sent again under a new number; what an old number still
 * brings is stopped.
 */
import { randomBytes } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import { FailureError } from '../errors.ts';
import type { StartEvent, Story } from '../serial/index.ts';
import { isWhole, NoBoardError, type Pace, type Telling, type TellRequest } from '../serve/index.ts';
import { AT_LEAST_ONCE } from './client.ts';
import { type Answer, encodeRequest, type Topics } from './protocol.ts';

export interface Ask {
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

/** Those of a gateway, and what it needs to have them told. */
export interface Asks {
  readonly client: MqttClient;
  readonly topics: Topics;
  /** Topic of what boards answer this gateway. */
  readonly answers: string;
  /** By the number of their present attempt. */
  readonly open: Map<string, Ask>;
  readonly pace: Pace;
  /** Milliseconds until a request that no board has taken is sent once more. */
  readonly patience: number;
  /** Milliseconds without a word from its board after which a story is told again elsewhere. */
  readonly silence: number;
  /** Milliseconds after which a request that no board takes fails. */
  readonly deadline: number;
  /** How often a story is begun anew before the request fails. */
  readonly attempts: number;
  readonly onRetold?: (why: string) => void;
}

const properties = (correlation: string) => ({ correlationData: Buffer.from(correlation, 'hex') });

/** Sends a request, under a new number. */
export function send(asks: Asks, ask: Ask): void {
  const { client, topics, open, patience, deadline } = asks;
  open.delete(ask.correlation);
  ask.correlation = randomBytes(16).toString('hex');
  ask.from = undefined;
  open.set(ask.correlation, ask);
  client.publish(topics.tell(ask.request.model), encodeRequest(ask.request), {
    ...AT_LEAST_ONCE,
    properties: {
      ...properties(ask.correlation),
      responseTopic: asks.answers,
      contentType: 'application/json',
      messageExpiryInterval: Math.ceil(patience / 1000),
    },
  });
  wait(ask, patience, () => {
    if (performance.now() - ask.began < deadline) send(asks, ask);
    else reject(asks, ask, new NoBoardError(`no board took the request in ${deadline / 1000} s`));
  });
}

function wait(ask: Ask, milliseconds: number, then: () => void): void {
  clearTimeout(ask.timer);
  ask.timer = setTimeout(then, milliseconds);
}

function forget({ open }: Asks, ask: Ask): void {
  clearTimeout(ask.timer);
  open.delete(ask.correlation);
  ask.signal?.removeEventListener('abort', ask.onAbort);
}

export function reject(asks: Asks, ask: Ask, error: unknown): void {
  forget(asks, ask);
  ask.reject(error);
}

/** Tells a board that nobody waits for this any more. */
export function stop({ client, topics }: Asks, from: string | undefined, correlation: string): void {
  if (from !== undefined)
    client.publish(topics.stop(from), '', { ...AT_LEAST_ONCE, properties: properties(correlation) });
}

/** One that is being told ends with what was told. */
export function giveUp(asks: Asks, ask: Ask): void {
  if (ask.from !== undefined) stop(asks, ask.from, ask.correlation);
  else reject(asks, ask, new FailureError('the request was given up'));
}

/** The board that tells it is lost: once more, unless it was too often or is not wanted any more. */
function lose(asks: Asks, ask: Ask, why: string): void {
  stop(asks, ask.from, ask.correlation);
  if (ask.signal?.aborted) reject(asks, ask, new FailureError('the request was given up'));
  else if (++ask.losses >= asks.attempts) {
    const message = `${asks.attempts} boards were lost while they told this: ${why}`;
    reject(asks, ask, new NoBoardError(message));
  } else {
    asks.onRetold?.(why);
    send(asks, ask);
  }
}

/** Stories of boards that are gone are told again at once. */
export function loseThoseOf(asks: Asks, isGone: (key: string) => boolean): void {
  for (const ask of [...asks.open.values()]) {
    if (ask.from !== undefined && isGone(ask.from)) lose(asks, ask, `${ask.from}: is gone`);
  }
}

/** What a board says to the attempt of this number. */
export function hear(asks: Asks, answer: Answer, correlation: string): void {
  const { open, silence } = asks;
  const ask = open.get(correlation);
  const theirs = ask && (ask.from === undefined || ask.from === answer.from);
  if (!theirs) {
    // Given up, or sent again and told by another meanwhile.
    if (answer.say === 'taken' || answer.say === 'tokens') stop(asks, answer.from, correlation);
    return;
  }
  ask.from = answer.from;
  wait(ask, silence, () => lose(asks, ask, `${answer.from}: said nothing for ${silence / 1000} s`));
  if (answer.say === 'tokens') handOn(asks, ask, answer);
  else if (answer.say === 'end') end(asks, ask, answer.end);
  else if (answer.say === 'lost') lose(asks, ask, answer.message);
  else if (answer.say === 'refused') reject(asks, ask, new FailureError(answer.message));
}

function handOn(asks: Asks, ask: Ask, { start, tokens }: Extract<Answer, { say: 'tokens' }>): void {
  ask.start = start ?? ask.start;
  try {
    for (const token of tokens) ask.telling.pass(token, ask.start);
  } catch (error) {
    stop(asks, ask.from, ask.correlation);
    reject(asks, ask, error);
  }
}

function end(asks: Asks, ask: Ask, event: Story['end']): void {
  if (!isWhole(ask.telling.tokens, event)) {
    lose(asks, ask, `${ask.from}: answers were lost on the way`);
    return;
  }
  asks.pace.told(ask.began);
  forget(asks, ask);
  ask.resolve({ start: ask.start, tokens: ask.telling.tokens, end: event });
}
