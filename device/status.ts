/**
 * How the last story went, as words in memory, where the console's /stats and a debugger both find it.
 * src/firmware/status.ts reads the same words.
 */
import { status } from "./contract/config";
import { Word } from "./contract/status";
export { Ending, Phase, Word } from "./contract/status";

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
