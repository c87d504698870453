/** BPE of a tokenizer.json: byte-level, or SentencePiece's with bytes for unknown characters. */
import type { Refuse } from './assemble.ts';
import { byteLevelRules, sentencePieceSpace } from './hugging-face-rules.ts';
import { type Pieces, vocabularyOf } from './hugging-face-vocabulary.ts';
import { type Json, list } from './json-values.ts';
import { NEVER } from './tokenizers/pieces.ts';

const utf8 = new TextEncoder();

export function bpePieces(model: Json, file: Json, refuse: Refuse): Pieces {
  const odd = ['continuing_subword_prefix', 'end_of_word_suffix', 'dropout'].find((key) => model[key]);
  if (odd) refuse(`its ${odd} = ${JSON.stringify(model[odd])} is not supported`);
  const names = vocabularyOf(model, refuse);
  const byteLevel = byteLevelRules(model, file, refuse);
  const scores = mergeScores(list(model.merges), names, refuse);
  const unknown = typeof model.unk_token === 'string' ? names.indexOf(model.unk_token) : -1;
  const pieces = { scores, ...(unknown >= 0 ? { unknown } : {}) };
  if (byteLevel) return { ...pieces, vocabulary: names.map(bytesOfName), rules: byteLevel };
  if (model.byte_fallback !== true)
    refuse('its BPE is neither byte-level nor falls back to bytes, which is not supported');
  const { space, split, form } = sentencePieceSpace(file, refuse);
  if (split && names.some((name, id) => scores[id] !== NEVER && name.lastIndexOf('▁') > 0))
    refuse('its BPE has pieces with spaces inside, and is cut at spaces: not supported');
  return {
    ...pieces,
    vocabulary: names.map((name) => utf8.encode(name.replaceAll('▁', ' '))),
    rules: { algorithm: 'sentencepiece', space, ...form },
  };
}

/** Scores by the order of merges: the first one's result is the best. Single characters need no merge; what none makes is never found. */
export function mergeScores(
  merges: readonly unknown[],
  names: readonly string[],
  refuse: Refuse,
): Float32Array {
  const scores = Float32Array.from(names, (name) => (isSingle(name) ? 0 : NEVER));
  const ids = new Map(names.map((name, id) => [name, id]));
  merges.forEach((merge, rank) => {
    const pair = typeof merge === 'string' ? merge.split(' ') : list(merge);
    const merged = pair.length === 2 ? ids.get(pair.join('')) : undefined;
    const made = merged ?? refuse(`merge ${rank} makes no piece`);
    if (scores[made] === NEVER) scores[made] = -1 - rank;
  });
  return scores;
}

const isSingle = (name: string): boolean => [...name].length === 1 || /^<0x[0-9A-F]{2}>$/.test(name);

/** GPT-2's alphabet: bytes that print are themselves, the others follow from U+0100 on. */
const byteOfCharacter: ReadonlyMap<string, number> = (() => {
  const prints = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  const pairs = Array.from({ length: 256 }, (_, byte): [string, number] => [
    String.fromCharCode(prints(byte) ? byte : next++),
    byte,
  ]);
  return new Map(pairs);
})();

/** The bytes of a piece; one with other characters is no text's. */
export function bytesOfName(name: string): Uint8Array {
  const bytes = Array.from(name, (character) => byteOfCharacter.get(character));
  return bytes.every((byte) => byte !== undefined) ? Uint8Array.from(bytes) : new Uint8Array(0);
}
