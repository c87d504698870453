/** A request for text, answered by the pool: what the story goes on with after the prompt, as it comes. */
import type { SettingValues } from '../contract/index.ts';
import { UsageError } from '../errors.ts';
import { ROLES, type Tokenizer, type Turn } from '../model/index.ts';
import { createTextStream, tokensPerSecond, trimmedStart } from '../serial/index.ts';
import type { BoardStatus } from './board.ts';
import type { Pool } from './pool.ts';
import type { BoundGrammar } from './request.ts';

export interface CompletionRequest {
  prompt: string;
  /** A conversation in place of the prompt, for boards that converse. */
  turns?: readonly Turn[];
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
  /** Tokens of the prompt that the board had read before. */
  reused: number;
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
  const { turns } = request;
  const ownEnd = turns && !bind ? boardsThatConverse(pool, request.model)[0]?.answerEnd : undefined;
  const stops = ownEnd === undefined ? request.stops : [...request.stops, ownEnd];
  const stream = createTextStream(stops, turns ? trimmedStart(onText) : onText);
  let told = 0;
  let promptTokens = 0;
  let stopped = false;
  const prompt = oneLine(request.prompt);
  const { model, sampling } = request;
  const tokens =
    maxTokens === undefined ? 0 : turns ? maxTokens : positions(prompt, maxTokens, bind?.tokenizer);
  const asked = pool.tell(
    { model, sampling, prompt, seed, tokens, turns, grammar: bind?.grammar },
    (token, start) => {
      promptTokens = start?.prompt ?? promptTokens;
      const ofPrompt = token.n < promptTokens - 1;
      if (stopped || (ofPrompt && !echo) || (!ofPrompt && told === maxTokens)) return;
      if (!ofPrompt) told++;
      stopped = stream.push(Buffer.from(token.text, 'latin1'));
      // A board ends by itself what its template ends: stopped, its digest would be of whatever it came to.
      if ((stopped && request.stops.length > 0) || told === maxTokens) enough.abort();
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
    reused: story?.end.reused ?? 0,
  };
}

/** Boards that take conversations; they tell of it when they answer first. */
const boardsThatConverse = (pool: Pool, model: string | undefined): BoardStatus[] =>
  pool.status.boards.filter((board) => board.converses && (model === undefined || board.model === model));

/**
 * What is asked for with messages: a conversation where boards of the model converse, else the last message alone, as the beginning of a text.
 * @throws UsageError for roles that no conversation has
 */
export function asked(
  pool: Pool,
  model: string | undefined,
  messages: readonly { role: string; content: string }[],
): Pick<CompletionRequest, 'prompt' | 'turns'> {
  const prompt = messages.at(-1)!.content;
  if (boardsThatConverse(pool, model).length === 0) return { prompt };
  const turns = messages.map(({ role, content }): Turn => {
    const known = ROLES.find((one) => one === (role === 'developer' ? 'system' : role));
    if (!known) throw new UsageError(`a message of the role ${role} has no place in a conversation here`);
    return { role: known, content };
  });
  return { prompt, turns };
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
