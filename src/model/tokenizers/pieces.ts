/** What makes a tokenizer: plain data, which a Worker can be sent and a flash image holds. */
import { NORMAL_FORMS, type NormalForm } from './normal-form.ts';

/** Whether a space goes in front of a text: always, only where none is there, or never. */
export const SPACES = ['never', 'always', 'missing'] as const;
export type SpaceInFront = (typeof SPACES)[number];

/** Regular expressions by which byte-level BPE cuts a text first: GPT-2's, llama 3's and Qwen2's. */
export const PATTERNS = ['gpt2', 'llama3', 'qwen2'] as const;
export type Pattern = (typeof PATTERNS)[number];

/** What may come before all else. */
interface NormalRules {
  /** The text is brought to this form of Unicode's; absent: it stays as it is. */
  normalForm?: NormalForm;
}

/**
 * SentencePiece's BPE, as llama2.c's run.c does it: characters (`<0x41>` for the bytes of unknown ones) are merged, the pair with the
 * best score first.
 */
export interface SentencePieceRules extends NormalRules {
  algorithm: 'sentencepiece';
  space: SpaceInFront;
}

/** GPT-2's BPE: the text is cut by a regular expression, then bytes are merged within the parts. */
export interface ByteLevelRules extends NormalRules {
  algorithm: 'byte-level';
  space: SpaceInFront;
  pattern: Pattern;
  /** A part that is a piece is taken whole, whatever its merges say. */
  wholeParts: boolean;
}

export const MARKS = ['kept', 'accents go', 'all go'] as const;

/** BERT's WordPiece: words are cut into the longest pieces from the left. A piece's score is 1 where it begins a word, else 0. */
export interface WordPieceRules {
  algorithm: 'wordpiece';
  /** Control characters go, white space becomes spaces. */
  clean: boolean;
  /** CJK ideographs are words of their own. */
  separateIdeographs: boolean;
  lowerCase: boolean;
  /** Whether characters are decomposed and their marks go: non-spacing ones (BERT) or all (StripAccents). */
  marks: (typeof MARKS)[number];
  /** Texts replaced by others that are no longer, in order, after all that. */
  replacements: readonly (readonly [from: string, to: string])[];
  /** Runs of letters, digits and marks are apart from runs of what else there is. */
  separateWords: boolean;
  /** Each punctuation mark is a word of its own. */
  separatePunctuation: boolean;
  /** Each digit is a word of its own. */
  separateDigits: boolean;
  /** Characters of the longest word that is looked up. */
  longestWord: number;
}

/** SentencePiece's Unigram: the pieces with the best sum of scores that spell the text. */
export interface UnigramRules extends NormalRules {
  algorithm: 'unigram';
  space: SpaceInFront;
  /** No piece reaches over the beginning of a word. */
  separateWords: boolean;
  /** Bytes of unknown characters are pieces called `<0x41>`. */
  bytes: boolean;
}

export type TokenizerRules = SentencePieceRules | ByteLevelRules | WordPieceRules | UnigramRules;

/** The score of a piece that is found in no text, though the model may say it: the least single. */
export const NEVER = -(2 - 2 ** -23) * 2 ** 127;

export interface SpecialTokens {
  /** What a text begins with. */
  start: number;
  /** What the model says at the end of one; `start` ends it as well. */
  end: number;
  /** What stands for that which no piece spells. */
  unknown: number;
}

export interface TokenizerPieces {
  /** What each token prints, as bytes of UTF-8. Nothing: a control token, which no text has in it. */
  vocabulary: Uint8Array[];
  /** By token id: higher merges first (BPE); log probability (Unigram); 1 begins a word (WordPiece). */
  scores: Float32Array;
  /** Longest piece in bytes. */
  maxTokenLength: number;
  rules: TokenizerRules;
  special: SpecialTokens;
}

/** The normal form that texts are brought to, where there is one. */
export const normalFormOf = (rules: TokenizerRules): NormalForm | undefined =>
  rules.algorithm === 'wordpiece' ? undefined : rules.normalForm;

/** Whether the space that a text got in front of it is not printed. */
export const hidesFirstSpace = (rules: TokenizerRules): boolean =>
  rules.algorithm === 'wordpiece' || rules.space !== 'never';

const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
const isOneOf =
  (names: readonly string[]) =>
  (value: unknown): boolean =>
    names.includes(value as string);
const isPairs = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every(
    (pair) => Array.isArray(pair) && pair.length === 2 && pair.every((text) => typeof text === 'string'),
  );

/** What each algorithm's rules hold. */
const FIELDS: Readonly<
  Record<TokenizerRules['algorithm'], Readonly<Record<string, (value: unknown) => boolean>>>
> = {
  sentencepiece: { space: isOneOf(SPACES) },
  'byte-level': { space: isOneOf(SPACES), pattern: isOneOf(PATTERNS), wholeParts: isFlag },
  wordpiece: {
    clean: isFlag,
    separateIdeographs: isFlag,
    lowerCase: isFlag,
    marks: isOneOf(MARKS),
    replacements: isPairs,
    separateWords: isFlag,
    separatePunctuation: isFlag,
    separateDigits: isFlag,
    longestWord: isCount,
  },
  unigram: { space: isOneOf(SPACES), separateWords: isFlag, bytes: isFlag },
};

/** Rules from JSON; undefined where they are none that are known here. */
export function rulesFrom(value: unknown): TokenizerRules | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { algorithm, normalForm, ...rest } = value as Record<string, unknown>;
  if (normalForm !== undefined && (algorithm === 'wordpiece' || !isOneOf(NORMAL_FORMS)(normalForm)))
    return undefined;
  const fields = Object.hasOwn(FIELDS, String(algorithm))
    ? FIELDS[algorithm as TokenizerRules['algorithm']]
    : undefined;
  if (!fields || Object.keys(rest).length !== Object.keys(fields).length) return undefined;
  return Object.entries(fields).every(([name, is]) => is(rest[name])) ? (value as TokenizerRules) : undefined;
}

/** Special tokens from JSON; undefined where they are none of a vocabulary of this size. */
export function specialFrom(value: unknown, vocabulary: number): SpecialTokens | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { start, end, unknown } = value as Record<string, unknown>;
  const isToken = (token: unknown): boolean =>
    Number.isSafeInteger(token) && (token as number) >= 0 && (token as number) < vocabulary;
  return [start, end, unknown].every(isToken) ? ({ start, end, unknown } as SpecialTokens) : undefined;
}
