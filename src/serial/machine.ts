/**
 * The device's line-based machine mode (`/json on`): one JSON object a line. Whatever else is on the line (echo, boot log, noise) is
 * passed over, so a garbled line costs what was in it and nothing more.
 */
import { FailureError } from '../errors.ts';
import { type Connection, whileConnected } from './connection.ts';
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
}

/** What the image is; answers `/json on`. */
export interface ReadyEvent {
  event: 'ready';
  model: string;
  context: number;
  /** Fingerprint of the image's memory map, 16 hex digits. */
  map: string;
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

export interface Machine {
  ready: ReadyEvent;
  /** Sends a console command such as `/temp 0.8`. */
  command(line: string): Promise<void>;
  /** Asks for a story and resolves at its end. @throws FailureError when the device refuses or falls silent */
  tell(prompt: string, onToken?: (token: TokenEvent) => void): Promise<Story>;
  /** Ctrl-C. */
  stop(): Promise<void>;
  /** Gives the console back to people. */
  leave(): Promise<void>;
}

export interface MachineOptions {
  /** Milliseconds without an event after which a device counts as silent. */
  silence?: number;
  /** Receives lines that are no events: answers to commands, a boot log after a reset, noise. */
  onText?: (line: string) => void;
}

const CONTROL_C = 3;
const ATTEMPTS = 5;
const ATTEMPT_MS = 1500;
const DEFAULT_SILENCE_MS = 30_000;

/** Puts the device behind a connection into machine mode. */
export async function openMachine(
  connection: Connection,
  { silence = DEFAULT_SILENCE_MS, onText }: MachineOptions = {},
): Promise<Machine> {
  let listener: (event: DeviceEvent) => void = () => {};
  connection.onData(
    createLineSplitter((line) => {
      const event = parseEvent(line);
      if (event) listener(event);
      else onText?.(line);
    }),
  );
  const send = (text: string): Promise<void> => connection.write(new TextEncoder().encode(text));
  const silent = (): FailureError =>
    new FailureError(`${connection.name}: the device fell silent; press its RESET button and try again`);

  /** Resolves with what `take` makes of an event; rejects after `limit` ms without one. */
  const events = <T>(limit: number, take: (event: DeviceEvent) => T | undefined): Promise<T> =>
    whileConnected(
      connection,
      new Promise<T>((resolve, reject) => {
        let timer = setTimeout(() => reject(silent()), limit);
        listener = (event) => {
          clearTimeout(timer);
          timer = setTimeout(() => reject(silent()), limit);
          try {
            const result = take(event);
            if (result === undefined) return;
            clearTimeout(timer);
            resolve(result);
          } catch (error) {
            clearTimeout(timer);
            reject(error);
          }
        };
      }),
    );

  const enter = async (): Promise<ReadyEvent> => {
    for (let attempt = 1; ; attempt++) {
      const answer = events(ATTEMPT_MS, (event) => (event.event === 'ready' ? event : undefined));
      answer.catch(() => {});
      // Ctrl-C ends a running story or a half-typed line first.
      await send(`${String.fromCharCode(CONTROL_C)}\r/json on\r`);
      try {
        return await answer;
      } catch (error) {
        if (
          attempt === ATTEMPTS ||
          !(error instanceof FailureError) ||
          /connection was lost/.test(error.message)
        ) {
          throw new FailureError(
            `${connection.name}: no esp32-llm device answers; flash it first (esp32-llm flash), or press its RESET button`,
          );
        }
      }
    }
  };

  return {
    ready: await enter(),
    command: (line) => send(`${line}\r`),
    async tell(prompt, onToken) {
      if (/[\r\n]/.test(prompt)) throw new FailureError('a prompt is one line; leave out its line breaks');
      const story: Omit<Story, 'end'> = { tokens: [] };
      const end = events(silence, (event) => {
        if (event.event === 'error') throw new FailureError(event.message);
        if (event.event === 'start') story.start = event;
        if (event.event === 'token') {
          story.tokens.push(event);
          onToken?.(event);
        }
        return event.event === 'end' ? event : undefined;
      });
      end.catch(() => {});
      await send(`${prompt}\r`);
      return { ...story, end: await end };
    },
    stop: () => send(String.fromCharCode(CONTROL_C)),
    leave: () => send(`${String.fromCharCode(CONTROL_C)}/json off\r`),
  };
}

/** Tokens per second of an end event. */
export function tokensPerSecond({ tokens, cycles, megahertz }: EndEvent): number {
  return (tokens * megahertz * 1e6) / Number(cycles);
}
