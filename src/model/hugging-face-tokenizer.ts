/**
 * tokenizer.json of Hugging Face's tokenizers: BPE, WordPiece and Unigram with the normalizers, pre-tokenizers and decoders that the
 * rules of tokenizers/ stand for. Anything else is refused by name: a text cut otherwise is another text to the model.
 */
import type { Refuse } from './assemble.ts';
import { bpePieces } from './hugging-face-bpe.ts';
import { unigramRules, wordPieceRules } from './hugging-face-rules.ts';
import { type Pieces, vocabularyOf } from './hugging-face-vocabulary.ts';
import { field, type Json, list, object } from './json-values.ts';
import { createTokenizer, longestOf, type Tokenizer } from './tokenizer.ts';
import { NEVER, type SpecialTokens, type TokenizerPieces } from './tokenizers/pieces.ts';

/** Token ids that config.json says; they are believed where they are special tokens. */
export interface ConfiguredTokens {
  start?: number;
  end?: number;
}

/** Names that special tokens go by, where nothing else says which are which. */
const START_NAMES = ['<s>', '[BOS]', '<bos>', '<|begin_of_text|>', '<|startoftext|>', '[CLS]'];
const END_NAMES = ['</s>', '[EOS]', '<eos>', '<|end_of_text|>', '<|endoftext|>', '[SEP]'];

/**
 * Added tokens that are no special ones but marks such as Qwen2.5's `<tool_call>`: a model may print them, but a text that is typed is
 * spelled, as with special tokens (and as a GGUF file's are).
 */
const MARK = /^<[^\s<>]+>$/;

const utf8 = new TextEncoder();

/** Reads tokenizer.json for a model of so many pieces, of which some may be left over. */
export function readTokenizerJson(
  file: Json,
  configured: ConfiguredTokens,
  vocabulary: number,
  refuse: Refuse,
): Tokenizer {
  const model = object(file.model) ?? refuse('its model is missing');
  const readers: Readonly<Record<string, (model: Json, file: Json, refuse: Refuse) => Pieces>> = {
    BPE: bpePieces,
    WordPiece: wordPiecePieces,
    Unigram: unigramPieces,
  };
  const type = String(model.type);
  const reader = Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (!reader)
    return refuse(`its model ${type} is not supported; supported are ${Object.keys(readers).join(', ')}`);
  const pieces = reader(model, file, refuse);
  const special = new Map<string, number>();
  const marks: number[] = [];
  for (const token of list(file.added_tokens).map(object)) {
    const [id, content] = [token?.id, token?.content];
    if (typeof id !== 'number' || typeof content !== 'string')
      return refuse('an added token has no id or no text');
    if (token?.special) special.set(content, id);
    else if (MARK.test(content)) marks.push(id);
    else
      refuse(`its added token ${JSON.stringify(content)} is taken whole from a text, which is not supported`);
    pieces.vocabulary[id] = token?.special ? new Uint8Array(0) : utf8.encode(content);
  }
  const size = pieces.vocabulary.length;
  if (size > vocabulary)
    refuse(
      `has ${size} pieces and the model ${vocabulary}; give the tokenizer that the model was trained with`,
    );
  const all = Array.from({ length: vocabulary }, (_, id) => pieces.vocabulary[id] ?? new Uint8Array(0));
  const scores = new Float32Array(vocabulary);
  scores.set(pieces.scores);
  for (const id of marks) scores[id] = NEVER;
  const tokens = specialTokens(special, file, configured, refuse);
  const out: TokenizerPieces = {
    vocabulary: all,
    scores,
    maxTokenLength: longestOf(all),
    rules: pieces.rules,
    special: { ...tokens, unknown: pieces.unknown ?? tokens.end },
  };
  return createTokenizer(out);
}

/** The token before a text and the one behind it: as config.json says, as the post-processor puts them, or by their names. */
function specialTokens(
  special: ReadonlyMap<string, number>,
  file: Json,
  configured: ConfiguredTokens,
  refuse: Refuse,
): Omit<SpecialTokens, 'unknown'> {
  const ids = new Set(special.values());
  const believed = (id: number | undefined): number | undefined =>
    id !== undefined && ids.has(id) ? id : undefined;
  const [before, behind] = templateTokens(object(file.post_processor));
  const named = (names: readonly string[]): number | undefined =>
    special.get(names.find((name) => special.has(name)) ?? '');
  const byId = (name: string | undefined): number | undefined =>
    name === undefined ? undefined : special.get(name);
  const start = believed(configured.start) ?? byId(before) ?? named(START_NAMES);
  const end = believed(configured.end) ?? byId(behind) ?? named(END_NAMES);
  const either = start ?? end;
  if (either === undefined) return refuse('has no special token that begins or ends a text');
  return { start: start ?? either, end: end ?? either };
}

/** Names of the special tokens that a TemplateProcessing puts before and behind a text. */
function templateTokens(
  processor: Json | undefined,
): [before: string | undefined, behind: string | undefined] {
  const parts = processor?.type === 'Sequence' ? list(processor.processors).map(object) : [processor];
  const template = parts.find((part) => part?.type === 'TemplateProcessing');
  const items = list(template?.single).map(object);
  const text = items.findIndex((item) => item && 'Sequence' in item);
  const name = (item: Json | undefined): string | undefined => {
    const id = object(item?.SpecialToken)?.id;
    return typeof id === 'string' ? id : undefined;
  };
  return text < 0 ? [undefined, undefined] : [name(items[text - 1]), name(items[text + 1])];
}

/** What tokenizers' decoder cleans up around a piece. */
const CLEANED: readonly (readonly [string, string])[] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

function wordPiecePieces(model: Json, file: Json, refuse: Refuse): Pieces {
  const names = vocabularyOf(model, refuse);
  const prefix = field(model, 'continuing_subword_prefix', '##');
  const decoder = object(file.decoder);
  if (decoder && decoder.type !== 'WordPiece') refuse(`its decoder ${String(decoder.type)} is not supported`);
  const cleanup = decoder?.cleanup !== false;
  const begins = (name: string): boolean => !name.startsWith(prefix);
  const printed = (name: string): string => {
    const text = begins(name) ? ` ${name}` : name.slice(prefix.length);
    return cleanup ? CLEANED.reduce((all, [from, to]) => all.replaceAll(from, to), text) : text;
  };
  return {
    vocabulary: names.map((name) => utf8.encode(name === '' ? '' : printed(name))),
    scores: Float32Array.from(names, (name) => (begins(name) ? 1 : 0)),
    rules: wordPieceRules(model, file, refuse),
    unknown: names.indexOf(field(model, 'unk_token', '[UNK]')),
  };
}

function unigramPieces(model: Json, file: Json, refuse: Refuse): Pieces {
  const entries = list(model.vocab);
  const pairs = entries.map((entry, id): [string, number] => {
    const [piece, score] = list(entry);
    return typeof piece === 'string' && typeof score === 'number'
      ? [piece, score]
      : refuse(`piece ${id} is no pair of text and score`);
  });
  const unknown = model.unk_id;
  if (typeof unknown !== 'number' || !pairs[unknown]) refuse('its Unigram model names no unknown piece');
  return {
    vocabulary: pairs.map(([piece]) => utf8.encode(piece.replaceAll('▁', ' '))),
    scores: Float32Array.from(pairs, ([, score]) => score),
    rules: unigramRules(model, file, refuse),
    unknown: unknown as number,
  };
}
