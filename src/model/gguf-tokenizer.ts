/** The tokenizer in a GGUF file's metadata (ggml-org/ggml docs/gguf.md, "Tokenizer"). */
import { latin1Bytes } from '../bytes.ts';
import type { Refuse } from './assemble.ts';
import { templateOf } from './chat-shapes.ts';
import { bytesOfName, mergeScores } from './hugging-face-bpe.ts';
import { createTokenizer, longestOf, type Tokenizer } from './tokenizer.ts';
import type { ByteLevelRules, TokenizerRules } from './tokenizers/pieces.ts';

/** Values by key; texts are Latin-1, one character a byte. */
export type Metadata = Readonly<Record<string, unknown>>;

/** Types of pieces (llama.h `enum llama_token_type`). */
const [UNKNOWN, CONTROL, UNUSED] = [2, 3, 5];

type Cut = Omit<ByteLevelRules, 'algorithm' | 'space'>;
const GPT2: Cut = { pattern: 'gpt2', wholeParts: false };
const LLAMA3: Cut = { pattern: 'llama3', wholeParts: true };
/** Its tokenizer.json asks for the normal form, which the metadata have no key for and llama.cpp leaves out. */
const QWEN2: Cut = { pattern: 'qwen2', wholeParts: false, normalForm: 'NFC' };

/** By the names of expressions (llama.cpp's convert_hf_to_gguf.py) that are known here. */
const CUTS: Readonly<Record<string, Cut>> = {
  'gpt-2': GPT2,
  'llama-bpe': LLAMA3,
  'llama-v3': LLAMA3,
  llama3: LLAMA3,
  qwen2: QWEN2,
};

/** What the kinds of tokenizers have differently. */
interface Kind {
  rules: TokenizerRules;
  scores: Float32Array;
  bytesOf: (text: string) => Uint8Array;
  unknown: number;
}

const utf8 = new TextEncoder();
const decoder = new TextDecoder();

/** The text whose UTF-8 bytes are the characters of another, which is how the metadata's texts come. */
const fromLatin1 = (text: string): string => decoder.decode(latin1Bytes(text));

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
  const token = (key: string, usual?: number): number => {
    const id = Number(get(key) ?? usual ?? refuse(`has no tokenizer.ggml.${key}`));
    return Number.isInteger(id) && id >= 0 && id < vocabulary
      ? id
      : refuse(`tokenizer.ggml.${key} is ${id}, and the vocabulary has ${vocabulary} pieces`);
  };
  if (get('remove_extra_whitespaces') === true)
    refuse(
      'its tokenizer removes extra white space (tokenizer.ggml.remove_extra_whitespaces), which is not supported',
    );
  const texts = tokens.map((text, id) =>
    typeof text === 'string' ? fromLatin1(text) : refuse(`piece ${id} is no text; the file is damaged`),
  );
  // SentencePiece's have usual places; others begin with what ends them where nothing else is said, as Qwen2's do.
  const isUsual = model === 'llama';
  const end = token('eos_token_id', isUsual ? 2 : undefined);
  const start = token('bos_token_id', isUsual ? 1 : end);
  const { rules, scores, bytesOf, unknown } = ((): Kind => {
    if (model === 'llama')
      return {
        rules: { algorithm: 'sentencepiece', space: (get('add_space_prefix') ?? true) ? 'always' : 'never' },
        scores: Float32Array.from(list('scores', 0)),
        bytesOf: (text) => utf8.encode(text.replaceAll('▁', ' ')),
        unknown: token('unknown_token_id', 0),
      };
    if (model !== 'gpt2')
      return refuse(
        `its tokenizer is ${String(model)}, which is not supported in GGUF; supported are llama and gpt2`,
      );
    const pre = String(get('pre'));
    const cut = Object.hasOwn(CUTS, pre) ? CUTS[pre] : undefined;
    if (!cut)
      return refuse(
        `its text is cut as ${pre} (tokenizer.ggml.pre), which is not supported; supported are ${Object.keys(CUTS).join(', ')}`,
      );
    const merges = get('merges');
    if (!Array.isArray(merges)) return refuse('has no tokenizer.ggml.merges');
    return {
      rules: { algorithm: 'byte-level', space: 'never', ...cut },
      scores: mergeScores(
        merges.map((merge) => (typeof merge === 'string' ? fromLatin1(merge) : merge)),
        texts,
        refuse,
      ),
      bytesOf: bytesOfName,
      unknown: end,
    };
  })();
  const pieces = texts.map((text, id) =>
    [UNKNOWN, CONTROL, UNUSED].includes(types[id]) ? new Uint8Array(0) : bytesOf(text),
  );
  return createTokenizer({
    vocabulary: pieces,
    scores,
    maxTokenLength: longestOf(pieces),
    rules,
    special: { start, end, unknown },
  });
}

/** How conversations are written, where the file says so (`tokenizer.chat_template`). */
export function ggufTemplate(metadata: Metadata, { special }: Tokenizer): ReturnType<typeof templateOf> {
  const { tokens, token_type: types } = Object.fromEntries(
    ['tokens', 'token_type'].map((key) => [key, metadata[`tokenizer.ggml.${key}`]]),
  ) as { tokens: readonly string[]; token_type?: readonly number[] };
  const ids = new Map(
    tokens.flatMap((text, id) => (types?.[id] === CONTROL ? [[fromLatin1(text), id]] : [])),
  );
  const program = metadata['tokenizer.chat_template'];
  return templateOf(typeof program === 'string' ? fromLatin1(program) : undefined, { ids, ...special });
}
