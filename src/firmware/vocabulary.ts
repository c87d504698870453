/** The tokenizer as the device reads it (device/tokenizer.ts): tables, and the numbers that choose among its kinds. */
import { compareBytes } from '../bytes.ts';
import { value } from '../contract/index.ts';
import { FailureError } from '../errors.ts';
import {
  firstByteToken,
  goneKinds,
  hidesFirstSpace,
  NEVER,
  normalFormOf,
  PATTERNS,
  SPACES,
  type Tokenizer,
  type TokenizerRules,
  unknownScore,
  wordKinds,
  wordOf,
} from '../model/index.ts';
import { digestBytes, formatDigest } from './status.ts';
import { packTextRules } from './text-rules.ts';

export interface VocabularyTables {
  pieceOffsets: Uint32Array; // (vocabulary + 1): where each piece begins in pieceBytes
  pieceBytes: Uint8Array;
  pieceScores: Float32Array; // (vocabulary), or one where nothing is scored
  pieceOrder: Uint16Array; // (unique pieces): ids in the order of their bytes
  textRules: Uint8Array;
}

interface Packed {
  tables: VocabularyTables;
  numbers: Record<string, number>;
}

const LARGEST_VOCABULARY = 65536;

const packed = new WeakMap<Tokenizer, Packed>();

function packOnce(tokenizer: Tokenizer): Packed {
  const known = packed.get(tokenizer);
  if (known) return known;
  const made = pack(tokenizer);
  packed.set(tokenizer, made);
  return made;
}

/** The tables of a tokenizer, packed once. */
export const packVocabulary = (tokenizer: Tokenizer): VocabularyTables => packOnce(tokenizer).tables;

/** The numbers that go with {@link packVocabulary}. */
export const vocabularyConstants = (tokenizer: Tokenizer): Record<string, number> =>
  packOnce(tokenizer).numbers;

const digests = new WeakMap<Tokenizer, string>();

/** FNV-1a, 64 bits, over what its tokens write, and which of them begin and end a text: what a packed grammar depends on. */
export function vocabularyDigest(tokenizer: Tokenizer): string {
  const known = digests.get(tokenizer);
  if (known !== undefined) return known;
  const { pieceOffsets, pieceBytes } = packVocabulary(tokenizer);
  const { start, end } = tokenizer.special;
  const ends = digestBytes(new Uint8Array(Uint32Array.of(start, end).buffer));
  const made = formatDigest(digestBytes(pieceBytes, digestBytes(new Uint8Array(pieceOffsets.buffer), ends)));
  digests.set(tokenizer, made);
  return made;
}

function pack(tokenizer: Tokenizer): Packed {
  const { vocabulary, scores, rules, maxTokenLength, special } = tokenizer;
  if (vocabulary.length > LARGEST_VOCABULARY) {
    throw new FailureError(
      `the vocabulary has ${vocabulary.length} pieces; the firmware's tables hold ${LARGEST_VOCABULARY} at most; --prune-vocabulary TEXT keeps those that a text uses.`,
    );
  }
  const pieceOffsets = new Uint32Array(vocabulary.length + 1);
  vocabulary.forEach((piece, id) => {
    pieceOffsets[id + 1] = pieceOffsets[id] + piece.length;
  });
  const pieceBytes = new Uint8Array(pieceOffsets[vocabulary.length]);
  for (const [id, piece] of vocabulary.entries()) pieceBytes.set(piece, pieceOffsets[id]);

  const isWordPiece = rules.algorithm === 'wordpiece';
  const ids = [...vocabulary.keys()].filter((id) => vocabulary[id].length > 0 && scores[id] !== NEVER);
  const starts = isWordPiece
    ? inOrder(
        ids.filter((id) => scores[id] !== 0),
        (id) => wordOf(vocabulary[id]),
      )
    : [];
  const others = inOrder(isWordPiece ? ids.filter((id) => scores[id] === 0) : ids, (id) => vocabulary[id]);
  const pieceOrder = Uint16Array.from([...starts, ...others]);
  return {
    tables: {
      pieceOffsets,
      pieceBytes,
      pieceScores: isWordPiece ? new Float32Array(1) : scores,
      pieceOrder,
      textRules: packTextRules(tokenizer),
    },
    numbers: {
      ...NO_RULES,
      ...rulesConstants(rules),
      uniquePieces: pieceOrder.length,
      wordStarts: starts.length,
      longestPiece: maxTokenLength,
      startToken: special.start,
      endToken: special.end,
      unknownToken: special.unknown,
      firstByteToken: spellsBytes(rules) ? firstByteToken(tokenizer) : -1,
      hidesSpace: Number(hidesFirstSpace(rules)),
      normalForm: Number(normalFormOf(rules) !== undefined),
      unknownScore: rules.algorithm === 'unigram' ? bitsOf(unknownScore(tokenizer)) : 0,
    },
  };
}

/** Ids in the order of what is looked up, the first of equals only. */
function inOrder(ids: readonly number[], key: (id: number) => Uint8Array): number[] {
  const order = ids.toSorted((a, b) => compareBytes(key(a), key(b)) || a - b);
  return order.filter((id, index) => index === 0 || compareBytes(key(id), key(order[index - 1])) !== 0);
}

const spellsBytes = (rules: TokenizerRules): boolean =>
  rules.algorithm === 'sentencepiece' || (rules.algorithm === 'unigram' && rules.bytes);

const word = new DataView(new ArrayBuffer(4));
function bitsOf(single: number): number {
  word.setFloat32(0, single);
  return word.getUint32(0);
}

/** What only some kinds have. */
const NO_RULES = {
  spaceInFront: 0,
  textPattern: 0,
  wholeParts: 0,
  separateWords: 0,
  cleanText: 0,
  separateIdeographs: 0,
  longestWord: 0,
  wordKinds: 0,
  goneKinds: 0,
};

function rulesConstants(rules: TokenizerRules): Record<string, number> {
  switch (rules.algorithm) {
    case 'sentencepiece':
      return { tokenizerKind: value.SENTENCEPIECE, spaceInFront: SPACES.indexOf(rules.space) };
    case 'byte-level':
      return {
        tokenizerKind: value.BYTE_LEVEL,
        spaceInFront: SPACES.indexOf(rules.space),
        textPattern: PATTERNS.indexOf(rules.pattern),
        wholeParts: Number(rules.wholeParts),
      };
    case 'unigram':
      return {
        tokenizerKind: value.UNIGRAM,
        spaceInFront: SPACES.indexOf(rules.space),
        separateWords: Number(rules.separateWords),
      };
    case 'wordpiece':
      return {
        tokenizerKind: value.WORDPIECE,
        cleanText: Number(rules.clean),
        separateIdeographs: Number(rules.separateIdeographs),
        longestWord: rules.longestWord,
        wordKinds: wordKinds(rules),
        goneKinds: goneKinds(rules.marks),
      };
  }
}
