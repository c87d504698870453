/** A grammar as the device reads it (src/contract/grammar.ts). */
import { grammarState, offsetOf, structureBytes } from '../contract/index.ts';
import type { TokenAutomaton } from './tokens.ts';

const STATE_BYTES = structureBytes(grammarState);
const TOKENS = offsetOf(grammarState, 'tokens');
const COUNT = offsetOf(grammarState, 'count');
const DISTANCE = offsetOf(grammarState, 'distance');

/** States, then their tokens; states with the same tokens share them. `ends`: the tokens that end a text. */
export function packGrammar({ states }: TokenAutomaton, ends: readonly number[]): Uint8Array {
  const all = [...states, { tokens: [], next: [], distance: 0, accepting: false }];
  const lists = new Map<string, { at: number; words: number[] }>();
  let end = STATE_BYTES * all.length;
  const entries = all.map(({ tokens, next, accepting }) => {
    const words = Array.from(tokens, (token, i) => [token, next[i]] as const);
    if (accepting && words.length > 0) for (const token of new Set(ends)) words.push([token, states.length]);
    return words.sort((a, b) => a[0] - b[0]).map(([token, to]) => token + to * 0x10000);
  });
  const places = entries.map((words) => {
    const key = words.join();
    const known = lists.get(key);
    if (known !== undefined) return known.at;
    const at = end;
    lists.set(key, { at, words });
    end += 4 * words.length;
    return at;
  });
  const view = new DataView(new ArrayBuffer(end));
  all.forEach(({ distance }, state) => {
    const at = STATE_BYTES * state;
    view.setUint32(at + TOKENS, places[state], true);
    view.setUint32(at + COUNT, entries[state].length, true);
    view.setUint32(at + DISTANCE, distance, true);
  });
  for (const { at, words } of lists.values()) {
    for (const [i, word] of words.entries()) view.setUint32(at + 4 * i, word, true);
  }
  return new Uint8Array(view.buffer);
}
