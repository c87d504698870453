/** A request for text, answered by the pool: what the story goes on with after the prompt, as it comes. */
import type { SettingValues } from '../contract/index.ts';
import { UsageError } from '../errors.ts';
import type { Tokenizer } from '../model/index.ts';
import { tokensPerSecond } from '../serial/index.ts';
import type { Pool } from './pool.ts';
import type { BoundGrammar } from './request.ts';

export interface CompletionRequest {
  prompt: string;
  model?: string;
  sampling: SettingValues;
  seed?: bigint;
  /** Tokens behind the prompt at most. */
  maxTokens?: number;
  /** Texts that end it; they are not part of it. */
  stops: readonly string[];
  /** What the text must be, and the vocabulary of the boards that tell it. */
  bind?: { grammar: BoundGrammar; tokenizer: Tokenizer };
  /** The prompt's own text comes first. */
  echo?: boolean;
}

export interface CompletionResult {
  finish: 'stop' | 'length';
  promptTokens: number;
  completionTokens: number;
  seed: bigint;
  /** 64-bit digest of all token ids that the board told, hexadecimal; where the text was cut short, of those until then; '' where the board was lost at the end. */
  digest: string;
  /** By the board's own cycle counter. */
  tokensPerSecond: number;
}

/** A text on its way out: bytes become characters, and what might begin a stop is held back. */
export interface TextStream {
  /** @returns true once a stop was found */
  push(bytes: Uint8Array): boolean;
  /** Gives out what was held back. */
  end(): void;
}

export function createTextStream(stops: readonly string[], emit: (text: string) => void): TextStream {
  const decoder = new TextDecoder();
  let held = '';
  let stopped = false;
  const release = (last: boolean): void => {
    const found = stops.map((stop) => held.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) {
      stopped = true;
      held = held.slice(0, Math.min(...found));
      last = true;
    }
    const keep = last ? 0 : longestBeginning(held, stops);
    const out = held.slice(0, held.length - keep);
    held = held.slice(held.length - keep);
    if (out !== '') emit(out);
  };
  return {
    push(bytes) {
      if (stopped) return true;
      held += decoder.decode(bytes, { stream: true });
      release(false);
      return stopped;
    },
    end() {
      if (stopped) return;
      held += decoder.decode();
      release(true);
    },
  };
}

/** Length of the longest end of `text` that begins one of `stops`. */
function longestBeginning(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (stop.startsWith(text.slice(-length))) longest = length;
    }
  }
  return longest;
}

/** @throws UsageError for a prompt that no board takes, BusyError, NoBoardError */
export async function complete(
  pool: Pool,
  request: CompletionRequest,
  onText: (text: string) => void,
  signal?: AbortSignal,
): Promise<CompletionResult> {
  const { maxTokens, bind, echo = false } = request;
  const seed = request.seed ?? randomSeed();
  const enough = new AbortController();
  const stream = createTextStream(request.stops, onText);
  let told = 0;
  let promptTokens = 0;
  let stopped = false;
  const prompt = oneLine(request.prompt);
  const { model, sampling } = request;
  const tokens = maxTokens === undefined ? 0 : positions(prompt, maxTokens, bind?.tokenizer);
  const asked = pool.tell(
    { model, sampling, prompt, seed, tokens, grammar: bind?.grammar },
    (token, start) => {
      promptTokens = start?.prompt ?? promptTokens;
      const ofPrompt = token.n < promptTokens - 1;
      if (stopped || (ofPrompt && !echo) || (!ofPrompt && told === maxTokens)) return;
      if (!ofPrompt) told++;
      stopped = stream.push(Buffer.from(token.text, 'latin1'));
      if (stopped || told === maxTokens) enough.abort();
    },
    signal ? AbortSignal.any([signal, enough.signal]) : enough.signal,
  );
  // A board that is lost while it is told to stop has said all that is wanted.
  const story = await asked.catch((error: unknown) => {
    if (enough.signal.aborted && !signal?.aborted) return undefined;
    throw error;
  });
  stream.end();
  const full = !stopped && (told === maxTokens || story?.end.ending === 'limit');
  return {
    finish: full ? 'length' : 'stop',
    promptTokens,
    completionTokens: told,
    seed,
    digest: story?.end.digest ?? '',
    tokensPerSecond: story ? tokensPerSecond(story.end) : 0,
  };
}

/**
 * Positions that hold the prompt and so many tokens. Who does not know the vocabulary asks for more and stops the board: a token has at
 * least a byte, and two stand before the text. A text that is to be finished needs the exact number.
 */
const positions = (prompt: string, maxTokens: number, tokenizer?: Tokenizer): number =>
  maxTokens + (tokenizer ? tokenizer.encode(prompt).length - 1 : Buffer.byteLength(prompt) + 2);

/** The console of a board takes one line. */
const oneLine = (text: string): string => text.replace(/\s*[\r\n]+\s*/g, ' ').trim();

/** Above 0; of 48 bits, so that JSON can say it. */
function randomSeed(): bigint {
  return BigInt(1 + Math.floor(Math.random() * (2 ** 48 - 1)));
}

/** @throws UsageError for a model that no board has told of */
export function knownModel(pool: Pool, asked: string | undefined): string | undefined {
  if (asked === undefined || asked === '') return undefined;
  const name = asked.replace(/:latest$/, '');
  const models = pool.models();
  if (models.includes(name)) return name;
  throw new UnknownModelError(
    `there is no model "${name}" here; ${models.length > 0 ? `there is ${models.join(', ')}` : 'no board has answered yet'}`,
  );
}

export class UnknownModelError extends UsageError {}
