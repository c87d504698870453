/**
 * The device's line-based JSON mode (`/json on`): one JSON object a line. Whatever else is on the line (echo, boot log, noise) is
 * passed over, so a garbled line costs what was in it and nothing more.
 */

import { checkPromptText } from '../contract/index.ts';
import { FailureError } from '../errors.ts';
import type { ReadyFacts } from '../firmware/index.ts';
import { bindDevice, type SentGrammar } from './bind.ts';
import { type Connection, LostError, whileConnected } from './connection.ts';
import { hopelessLine } from './hopeless.ts';
import { HopelessError, SilentError } from './lasting.ts';
import { createLineSplitter } from './lines.ts';

/** A story begins. */
export interface StartEvent {
  event: 'start';
  /** Tokens of the prompt, BOS included. */
  prompt: number;
  /** Decimal, since JSON numbers stop at 53 bits. */
  seed: string;
  temperature: number;
  topp: number;
  topk: number;
  minp: number;
  penalty: number;
}

/** One token. */
export interface TokenEvent {
  event: 'token';
  /** Position in the story, from 0: a gap tells of a lost line. */
  n: number;
  id: number;
  /** Its bytes, one character each (UTF-8 may be split between tokens). */
  text: string;
}

/** A story has ended. */
export interface EndEvent {
  event: 'end';
  ending: 'finished' | 'limit' | 'stopped';
  /** Passes through the model. */
  tokens: number;
  /** 64-bit digest of the token ids, 16 hex digits. */
  digest: string;
  /** CPU cycles: all passes, the first one and the last one; decimal. */
  cycles: string;
  first: number;
  last: number;
  megahertz: number;
  /** Positions of the prompt whose keys and values were there from the text before; missing: none. */
  reused?: number;
}

/** What the image is; answers `/json on`. */
export interface ReadyEvent extends ReadyFacts {
  event: 'ready';
  model: string;
}

/** The prompt or command was refused. */
export interface ErrorEvent {
  event: 'error';
  message: string;
}

export type DeviceEvent = StartEvent | TokenEvent | EndEvent | ReadyEvent | ErrorEvent;

const EVENTS = new Set(['start', 'token', 'end', 'ready', 'error']);

/** The event in a line, or undefined for anything else. */
export function parseEvent(line: string): DeviceEvent | undefined {
  const start = line.indexOf('{"event":"');
  if (start < 0) return undefined;
  try {
    const value: unknown = JSON.parse(line.slice(start));
    return typeof value === 'object' && value !== null && EVENTS.has((value as DeviceEvent).event)
      ? (value as DeviceEvent)
      : undefined;
  } catch {
    return undefined;
  }
}

export interface Story {
  start?: StartEvent;
  tokens: TokenEvent[];
  end: EndEvent;
}

export interface Device {
  ready: ReadyEvent;
  /** Sends a console command such as `/temp 0.8`; resolves to the lines it answers. @throws FailureError when the device refuses it */
  command(line: string): Promise<string[]>;
  /**
   * Asks for a story and resolves at its end.
   * @throws UsageError for a prompt that cannot be typed, FailureError when the device refuses it, restarts or falls silent
   */
  tell(prompt: string, onToken?: (token: TokenEvent, start: StartEvent | undefined) => void): Promise<Story>;
  /**
   * Binds what is said from now on to a packed grammar (`compileGrammar`), which is sent where the device does not have it yet; undefined:
   * to what the image was built with. @throws FailureError where there is no room
   */
  bind(grammar: SentGrammar | undefined): Promise<void>;
  /** Ctrl-C. */
  stop(): Promise<void>;
  /** Joins the program anew after it was restarted; `command` first, such as /reboot. */
  rejoin(command?: string): Promise<ReadyEvent>;
  /** Gives the console back to people. */
  leave(): Promise<void>;
}

export interface DeviceOptions {
  /** Milliseconds without an event after which a device counts as silent. */
  silence?: number;
  /** Receives lines that are no events and answer no command: a boot log after a reset, noise. */
  onText?: (line: string) => void;
}

/** The program on the board began anew: a RESET button, a dip of its supply. */
export class RestartedError extends FailureError {}

const CONTROL_C = '\x03';
/** A second command that the device refuses: its answer says that the first one's is complete. */
const FENCE = { command: '/json ?', answer: /^\/json wants/ } as const;
const RESTART = /^(ESP-ROM:|rst:0x)/;
/** Attempts without a byte from the device, and the time for one. */
const ATTEMPTS = 5;
const ATTEMPT_MS = 1500;
/** A device that talks all the time and never answers is none of ours. */
const LONGEST_ENTRY_MS = 20_000;
const DEFAULT_SILENCE_MS = 30_000;
/** A port takes a line at once, unless its buffer is full and nobody reads. */
const SEND_MS = 5000;

/** What has come from the device: a line, or one of its events. */
type Heard = { line: string; event?: undefined } | { event: DeviceEvent; line?: undefined };

/** What is said to the device and what comes back. */
interface Conversation {
  readonly name: string;
  /** When its last byte came. */
  lastByte(): number;
  send(text: string): Promise<void>;
  /**
   * Sends, with somebody listening already: resolves with what `take` makes of what is heard, rejects after `limit` ms without an event.
   */
  ask<T>(text: string, limit: number, take: (heard: Heard) => T | undefined): Promise<T>;
  stopHearing(): void;
}

function createConversation(connection: Connection, onText?: (line: string) => void): Conversation {
  const { name } = connection;
  /** Takes what comes while somebody waits for it. */
  let listener: ((heard: Heard) => void) | undefined;
  let lastByte = performance.now();
  const split = createLineSplitter((line) => {
    const event = parseEvent(line);
    if (listener) listener(event ? { event } : { line });
    else if (!event) onText?.(line);
  });
  const stopHearing = connection.onData((bytes) => {
    lastByte = performance.now();
    split(bytes);
  });

  const send = (text: string): Promise<void> =>
    within(
      SEND_MS,
      whileConnected(connection, connection.write(new TextEncoder().encode(text))),
      () => new HopelessError(`${name}: takes nothing that is sent; is another program holding it?`),
    );
  const listen = async <T>(limit: number, take: (heard: Heard) => T | undefined): Promise<T> => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const answer = new Promise<T>((resolve, reject) => {
      const restart = (): void => {
        clearTimeout(timer);
        timer = setTimeout(
          () =>
            reject(new SilentError(`${name}: the device fell silent; press its RESET button and try again`)),
          limit,
        );
      };
      restart();
      listener = (heard) => {
        if (heard.event) restart();
        try {
          const result = take(heard);
          if (result !== undefined) resolve(result);
        } catch (error) {
          reject(error);
        }
      };
    });
    const mine = listener;
    try {
      return await whileConnected(connection, answer);
    } finally {
      clearTimeout(timer);
      if (listener === mine) listener = undefined;
    }
  };
  return {
    name,
    lastByte: () => lastByte,
    send,
    async ask(text, limit, take) {
      const answer = listen(limit, take);
      answer.catch(() => {});
      await send(text);
      return answer;
    },
    stopHearing,
  };
}

/** Brings the device into JSON mode. */
async function enter({ name, ask, lastByte }: Conversation): Promise<ReadyEvent> {
  const end = performance.now() + LONGEST_ENTRY_MS;
  const begun = lastByte();
  const readyOf = ({ event, line }: Heard): ReadyEvent | undefined => {
    const why = line === undefined ? undefined : hopelessLine(line);
    if (why) throw new HopelessError(`${name}: ${why}`);
    return event?.event === 'ready' ? event : undefined;
  };
  for (let attempt = 1; ; ) {
    const before = lastByte();
    try {
      // Ctrl-C ends a running story or a half-typed line first.
      return await ask(`${CONTROL_C}\r/json on\r`, ATTEMPT_MS, readyOf);
    } catch (error) {
      if (error instanceof HopelessError || error instanceof LostError) throw error;
      if (lastByte() === before) attempt++; // a device that still boots is given time
      if (attempt <= ATTEMPTS && performance.now() < end) continue;
      throw new FailureError(
        `${name}: no esp32-llm device answers (${lastByte() === begun ? 'the port is silent' : 'something else talks on the port'}); flash it first (esp32-llm flash), or press its RESET button`,
      );
    }
  }
}

/** Puts the device behind a connection into JSON mode. */
export async function openDevice(
  connection: Connection,
  { silence = DEFAULT_SILENCE_MS, onText }: DeviceOptions = {},
): Promise<Device> {
  const conversation = createConversation(connection, onText);
  const { ask, send } = conversation;
  const watchRestart = (line: string | undefined): void => {
    if (line !== undefined && RESTART.test(line))
      throw new RestartedError(`${connection.name}: the board was restarted`);
  };

  const device: Device = {
    ready: await enter(conversation).catch((error) => {
      conversation.stopHearing(); // what a board without a program goes on saying is nobody's text
      throw error;
    }),
    async command(line) {
      const lines: string[] = [];
      const refusals: string[] = [];
      await ask(`${line}\r${FENCE.command}\r`, silence, (heard) => {
        watchRestart(heard.line);
        if (heard.line !== undefined) lines.push(heard.line);
        if (heard.event?.event !== 'error') return undefined;
        if (FENCE.answer.test(heard.event.message)) return true;
        refusals.push(heard.event.message);
        return undefined;
      });
      if (refusals.length > 0) throw new FailureError(refusals.join(' '));
      return lines;
    },
    async tell(prompt, onToken) {
      checkPromptText(prompt);
      const story: Omit<Story, 'end'> = { tokens: [] };
      const end = await ask(`${prompt}\r`, silence, ({ event, line }) => {
        watchRestart(line);
        if (line !== undefined) onText?.(line);
        if (event?.event === 'error') throw new FailureError(event.message);
        if (event?.event === 'start') story.start = event;
        if (event?.event === 'token') {
          story.tokens.push(event);
          onToken?.(event, story.start);
        }
        return event?.event === 'end' ? event : undefined;
      });
      return { ...story, end };
    },
    bind: (grammar) => bindDevice(device, grammar),
    stop: () => send(CONTROL_C),
    async rejoin(command) {
      if (command !== undefined) await send(`${command}\r`);
      device.ready = await enter(conversation);
      return device.ready;
    },
    leave: () => send(`${CONTROL_C}/json off\r`),
  };
  return device;
}

/** `work`, or the error of `late` after so many milliseconds. */
async function within<T>(milliseconds: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}

/** Tokens per second of an end event. */
export function tokensPerSecond({ tokens, cycles, megahertz }: EndEvent): number {
  return (tokens * megahertz * 1e6) / Number(cycles);
}
