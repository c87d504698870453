/** Numbers that kernels, twins, stages and packers must share. */
import {
  CONTROL,
  IDEOGRAPH,
  KIND_BITS,
  LETTER,
  NUMBER,
  PATTERNS,
  PUNCTUATION,
  SPACES,
  WHITE,
} from '../model/index.ts';

export interface Constant {
  value: number;
  /** As the device program declares it. */
  type: 'i32' | 'usize' | 'f32';
  meaning: string;
}

const i32 = (value: number, meaning: string): Constant => ({ value, type: 'i32', meaning });

export const constants = {
  RESIDUAL_BITS: i32(18, 'Fraction bits of the residual stream.'),
  GATE_BITS: i32(11, "Fraction bits of the gate's argument and of its activation."),
  ACTIVATION_LIMIT: i32(127, 'Largest magnitude of an int8 activation.'),
  LARGEST_DIM: i32(2032, 'Squares of 15-bit numbers that a 40-bit sum holds, down to a multiple of 16.'),
  LANE_LIMIT: i32(524287, 'Largest number of a lane of QACC in int8 products: 20 bits with sign.'),
  LARGEST_SHIFT: i32(5, 'Of the sums of a product with a matrix: with it, 20 bits become 15.'),
  LOGIT_TILE: i32(256, 'Rows of logits that are computed at a time.'),
  MIXED: i32(
    -1,
    'Instead of the code of a format where layers differ in it: the record says that of each matrix.',
  ),
  INT5_GROUP: i32(48, 'Columns that share a scale in int5 matrices: whole chunks of 16, and whole threes.'),
  TILE_BYTES: i32(
    2048,
    'Of a matrix in a pass of several positions: a sixteenth of the data cache for each core, and less to wait for at a barrier.',
  ),
  REPETITION_WINDOW: i32(64, 'Tokens that the repetition penalty looks back over; a power of two.'),
  GROWTH_WORDS: i32(64, 'Of the log of a unit of keys: when it grew.'),
  UNTIL_BYTES: i32(32, 'Of the longest text that ends an answer.'),
  GUESS_KINDS: i32(4, 'Of guesses, by how many tokens before them agree: so many and more are one kind.'),

  // Known words (src/grammar/words.ts): four bits a token, then u16 a token, the list behind it at the beginning of a word, then lists of u32.
  WORD_PART: i32(1, 'Bit of a token: it is a word of letters, or part of one.'),
  WORD_JOINS: i32(
    2,
    'Bit of a token: it has no space in front, so it goes on with a word where there is one.',
  ),
  WORD_WHOLE: i32(4, 'Bit of a token: it is a known word.'),
  WORD_BEGINS: i32(8, 'Bit of a token: a known word begins with it, and goes on.'),
  WORD_TOKEN: i32(
    0xffff,
    'Of an entry of a list: the token that goes on with a word. Tokens of a list ascend.',
  ),
  WORD_SHIFT: i32(
    16,
    'Bits below the number of the entry with which the list behind it begins; 0: nothing is behind it.',
  ),
  WORD_NEXT: i32(0x3fff, 'That number, its bits.'),
  WORD_ENDS: i32(1 << 30, 'Of an entry: a word may end behind it.'),
  WORD_LAST: i32(1 << 31, 'Of an entry: it is the last of its list.'),

  FRAME_MARK: i32(0xa5, 'First byte of a frame between boards.'),
  FRAME_BYTES: i32(12, 'Of a frame, beside its payload.'),
  LINK_BAUD: i32(5_000_000, 'Bits a second between boards.'),
  READ_AHEAD: i32(32, 'Bytes behind a vector or matrix that kernels load and do not use.'),

  // The exponential (device/kernels/exponential.ts): a cubic for e^v on [-ln 2, 0] and four squarings, in units of 2^-15.
  LOWEST: i32(
    -22713,
    'Smallest argument of the exponential, e^(16 * -22713 / 2^15) = 2^-16, which comes out as 0.',
  ),
  E1: i32(32694, 'Linear coefficient of the cubic.'),
  E2: i32(15766, 'Quadratic coefficient.'),
  E3: i32(3898, 'Cubic coefficient.'),
  ONE: i32(32767, 'Constant coefficient, nearly 1.'),

  // Attention: 8 bits a score, in steps of 1 / 7.7 nat, and its exponential (device/kernels/exponential.ts), (BASE + d^2)^8.
  BASE: i32(15160, 'Nearly NEAREST squared: so that the power is 2^-8, which is cut off, where d is 0.'),
  NEAREST: i32(127, 'd of the largest score. d has half steps, so that it can be 0 and less.'),
  COARSEST: i32(3, 'How often the steps of scores may be doubled that no lift brings into bytes.'),
  HIGHEST_LIFT: i32(1024, 'Most that is added to all scores of a head, or taken from them: 132 nats.'),
  LIFT_STEP: i32(128, 'How far a lift is moved that was not right.'),
  GLANCE_BITS: i32(3, "Of the last positions' scores, which a lift is guessed from: so much coarser."),
  UNLIFTED_LEAST: i32(-56, 'Largest score of the last positions for which no lift is guessed: from here'),
  UNLIFTED_MOST: i32(96, '... to here.'),
  LIFTED: i32(-32, 'What their largest score becomes by a lift: the largest of all is as high or higher.'),
  FAINTEST: i32(-64, 'A largest score that may be less: 8.3 nats above -128, where nothing is left.'),

  // SwiGLU's 1 / (1 + e^a) (device/kernels/swiglu.ts): a polynomial in -a / 8 in units of 2^-15, and four squarings.
  GATE_LOWEST: i32(-22528, 'Smallest -a in units of 2^-11: 11, whose result is as good as 0.'),
  S0: i32(31454, 'Constant coefficient: nearly the sixteenth root of a half.'),
  S1: i32(9275, 'Linear coefficient.'),
  S2: i32(-8665, 'Quadratic coefficient.'),
  S3: i32(-6503, 'Cubic coefficient.'),

  // GELU's share of |z| that is missing (device/kernels/gelu.ts): a polynomial in -|z| / 4 in units of 2^-15, and two squarings.
  PLAIN_BITS: i32(
    10,
    "Fraction bits of a feed-forward's rows that have no gate, and of what becomes of them.",
  ),
  PLAIN_LOWEST: i32(-4096, 'Smallest -|z| in units of 2^-10: 4, where z is its own GELU and -z has none.'),
  G0: i32(27600, 'Constant coefficient: nearly the fourth root of a half.'),
  G1: i32(22400, 'Linear coefficient.'),
  G2: i32(-27457, 'Quadratic coefficient.'),
  G3: i32(-25457, 'Cubic coefficient.'),

  // The tokenizer (device/tokenizer.ts): codes of what it may be, and kinds of characters as bits.
  SENTENCEPIECE: i32(0, "`tokenizerKind`: SentencePiece's BPE."),
  BYTE_LEVEL: i32(1, "`tokenizerKind`: GPT-2's byte-level BPE."),
  WORDPIECE: i32(2, "`tokenizerKind`: BERT's WordPiece."),
  UNIGRAM: i32(3, "`tokenizerKind`: SentencePiece's Unigram."),
  SPACE_ALWAYS: i32(SPACES.indexOf('always'), '`spaceInFront`: always.'),
  SPACE_MISSING: i32(SPACES.indexOf('missing'), '`spaceInFront`: where the text begins with none.'),
  GPT2: i32(PATTERNS.indexOf('gpt2'), "`textPattern`: GPT-2's expression."),
  QWEN2: i32(PATTERNS.indexOf('qwen2'), "`textPattern`: Qwen2's, which is llama 3's with digits one by one."),
  KIND_BITS: i32(KIND_BITS, 'Bits of the kinds of a class of characters.'),
  LETTER: i32(LETTER, 'Kind: letter.'),
  NUMBER: i32(NUMBER, 'Kind: number.'),
  WHITE: i32(WHITE, 'Kind: white space.'),
  PUNCTUATION: i32(PUNCTUATION, 'Kind: punctuation.'),
  CONTROL: i32(CONTROL, 'Kind: control and format characters.'),
  IDEOGRAPH: i32(IDEOGRAPH, 'Kind: CJK ideograph.'),
} as const satisfies Record<string, Constant>;

export type ConstantName = keyof typeof constants;

/** The constants' values by name. */
export const value = Object.fromEntries(
  Object.entries(constants).map(([name, { value }]) => [name, value]),
) as { readonly [N in ConstantName]: (typeof constants)[N]['value'] };
