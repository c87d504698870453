/**
 * How the last story went, as words in memory, where the console's /stats and a debugger both find it.
 * src/firmware/status.ts reads the same words.
 */
import { status } from "./config";

export const enum Word {
  /** See Phase. */
  Phase = 0,
  /** Passes through the model, one a position. */
  Passes = 1,
  /** Tokens of the prompt, BOS included. */
  PromptTokens = 2,
  /** See Ending. */
  Ending = 3,
  FirstCycles = 4,
  LastCycles = 5,
  /** 64 bits: all passes together, sampling and printing included. */
  TotalCycles = 6,
  /** 64 bits. */
  Digest = 8,
  /** 64 bits: the seed that drew it. */
  Seed = 10,
  /** Stories told since boot. */
  Stories = 12,
}

export const enum Phase {
  Boot = 0,
  Ready = 1,
  Telling = 2,
  Panic = 3,
}

export const enum Ending {
  None = 0,
  /** The model closed the story (BOS). */
  Finished = 1,
  /** The token limit or the context is used up. */
  Limit = 2,
  /** Ctrl-C. */
  Stopped = 3,
}

// @ts-ignore: decorator
@inline
export function getWord(word: Word): u32 {
  return load<u32>(status + ((<usize>word) << 2));
}

// @ts-ignore: decorator
@inline
export function setWord(word: Word, value: u32): void {
  store<u32>(status + ((<usize>word) << 2), value);
}

// @ts-ignore: decorator
@inline
export function getLong(word: Word): u64 {
  return load<u64>(status + ((<usize>word) << 2));
}

// @ts-ignore: decorator
@inline
export function setLong(word: Word, value: u64): void {
  store<u64>(status + ((<usize>word) << 2), value);
}
