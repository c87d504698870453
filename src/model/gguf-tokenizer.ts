/** The tokenizer in a GGUF file's metadata (ggml-org/ggml docs/gguf.md, "Tokenizer"). */
import { latin1Bytes } from '../bytes.ts';
import type { Refuse } from './assemble.ts';
import { createTokenizer, longestOf, type Tokenizer } from './tokenizer.ts';
import type { TokenizerRules } from './tokenizers/pieces.ts';

/** Values by key; texts are Latin-1, one character a byte. */
export type Metadata = Readonly<Record<string, unknown>>;

/** Types of pieces (llama.h `enum llama_token_type`). */
const [UNKNOWN, CONTROL, UNUSED] = [2, 3, 5];

const SPACE_MARK = latin1('▁');

/** UTF-8 bytes as Latin-1 text, which is how the metadata's texts come. */
function latin1(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

/** Reads pieces, scores and special tokens. */
export function readGgufTokenizer(metadata: Metadata, vocabulary: number, refuse: Refuse): Tokenizer {
  const get = (key: string): unknown => metadata[`tokenizer.ggml.${key}`];
  const model = get('model');
  const tokens = get('tokens');
  if (!Array.isArray(tokens))
    return refuse('has no tokenizer.ggml.tokens; give a file with its tokenizer inside');
  if (tokens.length !== vocabulary)
    refuse(`has ${tokens.length} pieces and an embedding of ${vocabulary}; the file is damaged`);
  const list = (key: string, usual: number): number[] => {
    const values = get(key) ?? new Array(vocabulary).fill(usual);
    const isNumbers = Array.isArray(values) && values.every(Number.isFinite);
    if (!isNumbers || values.length !== vocabulary)
      return refuse(`tokenizer.ggml.${key} does not hold ${vocabulary} numbers; the file is damaged`);
    return values;
  };
  const types = list('token_type', 1);
  const token = (key: string, usual: number): number => {
    const id = Number(get(key) ?? usual);
    return Number.isInteger(id) && id >= 0 && id < vocabulary
      ? id
      : refuse(`tokenizer.ggml.${key} is ${id}, and the vocabulary has ${vocabulary} pieces`);
  };
  const space = (get('add_space_prefix') ?? true) ? 'always' : 'never';
  const rules = ((): TokenizerRules => {
    if (get('remove_extra_whitespaces') === true)
      return refuse(
        'its tokenizer removes extra white space (tokenizer.ggml.remove_extra_whitespaces), which is not supported',
      );
    if (model === 'llama') return { algorithm: 'sentencepiece', space };
    return refuse(`its tokenizer is ${String(model)}, which is not supported in GGUF; supported is llama`);
  })();
  const pieces = tokens.map((text, id) => {
    if (typeof text !== 'string') return refuse(`piece ${id} is no text; the file is damaged`);
    const isSpecial = [UNKNOWN, CONTROL, UNUSED].includes(types[id]);
    return isSpecial ? new Uint8Array(0) : latin1Bytes(text.replaceAll(SPACE_MARK, ' '));
  });
  const [start, end] = [token('bos_token_id', 1), token('eos_token_id', 2)];
  return createTokenizer({
    vocabulary: pieces,
    scores: Float32Array.from(list('scores', 0)),
    maxTokenLength: longestOf(pieces),
    rules,
    special: { start, end, unknown: token('unknown_token_id', 0) },
  });
}
