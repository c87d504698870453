/** What the device's tokenizer knows of characters (device/tokenizer/rules.ts): as much as its kind reads, in one table. */
import {
  CONTROL,
  classRanges,
  fold,
  goneKinds,
  IDEOGRAPH,
  KIND_BITS,
  kindsOf,
  LETTER,
  type NormalForm,
  NUMBER,
  normalFormOf,
  normalTables,
  type TokenizerPieces,
  WHITE,
  type WordPieceRules,
  wordKinds,
} from '../model/index.ts';

/** Planes 0 to 2 hold every letter that has a small one, and every character that consists of others. */
const BEYOND_FOLDS = 0x30000;

/** Words before the first part, and those more where texts are brought to a normal form. */
const HEADER_WORDS = 6;
const NORMAL_WORDS = 4;
/** Bits of a combining class's rank, below a code point. */
const MARK_RANK_BITS = 8;
const utf8 = new TextEncoder();
const text = new TextDecoder();

/** Kinds of characters that a tokenizer tells apart. */
export function kindsRead({ rules }: TokenizerPieces): number {
  if (rules.algorithm === 'byte-level') return LETTER | NUMBER | WHITE;
  if (rules.algorithm !== 'wordpiece') return 0;
  return (
    wordKinds(rules) |
    goneKinds(rules.marks) |
    (rules.clean ? CONTROL : 0) |
    (rules.separateIdeographs ? IDEOGRAPH : 0)
  );
}

/** The classes with only those kinds, joined where they no longer differ. */
function classesOf(mask: number): Uint32Array {
  const classes: number[] = [];
  let before = -1;
  for (const entry of classRanges) {
    const kinds = entry & ((1 << KIND_BITS) - 1) & mask;
    if (kinds !== before) classes.push(((entry >>> KIND_BITS) << KIND_BITS) | kinds);
    before = kinds;
  }
  return Uint32Array.from(classes);
}

/**
 * Characters that become others. Left out are those of which neither what they are nor what they become is in any piece: they are
 * unknown either way, and their words end at the same places.
 */
function foldsOf(
  pieces: TokenizerPieces,
  rules: WordPieceRules,
  mask: number,
): [codePoint: number, to: string][] {
  const alphabet = new Set(pieces.vocabulary.flatMap((piece) => [...text.decode(piece)]));
  for (const [from] of rules.replacements) for (const character of from) alphabet.add(character);
  const gone = goneKinds(rules.marks);
  const folds: [number, string][] = [];
  for (let codePoint = 0; codePoint < BEYOND_FOLDS; codePoint++) {
    if (codePoint >= 0xd800 && codePoint < 0xe000) continue;
    const character = String.fromCodePoint(codePoint);
    const to = fold(codePoint, rules);
    if (to === character) continue;
    const kinds = kindsOf(codePoint);
    if (kinds & gone) continue;
    const matters =
      alphabet.has(character) ||
      [...to].some((each) => alphabet.has(each) || (kindsOf(each.codePointAt(0)!) & mask) !== (kinds & mask));
    if (matters || to === '') folds.push([codePoint, to]);
  }
  return folds;
}

interface NormalParts {
  /** What characters consist of. */
  folds: readonly (readonly [codePoint: number, to: string])[];
  /** One behind the other: the beginnings of the classes of marks, and pairs that compose. */
  tables: readonly Uint32Array[];
}

/** What a text is brought to a normal form by. */
function normalParts(form: NormalForm): NormalParts {
  const { decompositions, classes, pairs } = normalTables(form);
  const marks = Uint32Array.from(classes, ([codePoint, rank]) => (codePoint << MARK_RANK_BITS) | rank);
  return { folds: decompositions, tables: [marks, Uint32Array.from(pairs.flat())] };
}

const NO_FORM: NormalParts = { folds: [], tables: [] };
const WORDS_OF_PAIR = 3;

/** The whole table. */
export function packTextRules(pieces: TokenizerPieces): Uint8Array {
  const { rules } = pieces;
  const mask = kindsRead(pieces);
  const classes = mask ? classesOf(mask) : new Uint32Array(1);
  const form = normalFormOf(rules);
  const normal = form ? normalParts(form) : NO_FORM;
  const folds = rules.algorithm === 'wordpiece' ? foldsOf(pieces, rules, mask) : normal.folds;
  const foldBytes = folds.map(([, to]) => utf8.encode(to));
  const replacements = rules.algorithm === 'wordpiece' ? rules.replacements : [];
  const replacementBytes = [
    ...replacements.flatMap(([from, to]) => {
      const [one, other] = [utf8.encode(from), utf8.encode(to)];
      return [one.length, other.length, ...one, ...other];
    }),
    0,
  ];
  const classesAt = 4 * (HEADER_WORDS + (form ? NORMAL_WORDS : 0));
  const foldsAt = classesAt + 4 * classes.length;
  const bytesAt = foldsAt + 8 * (folds.length + 1);
  const replacementsAt = bytesAt + foldBytes.reduce((sum, { length }) => sum + length, 0);
  const tablesAt = Math.ceil((replacementsAt + replacementBytes.length) / 4) * 4;
  const out = new Uint8Array(tablesAt + normal.tables.reduce((sum, { byteLength }) => sum + byteLength, 0));
  const view = new DataView(out.buffer);
  const header = [classes.length, classesAt, folds.length, foldsAt, bytesAt, replacementsAt];
  const [marks, pairs] = normal.tables;
  if (marks && pairs)
    header.push(marks.length, tablesAt, pairs.length / WORDS_OF_PAIR, tablesAt + marks.byteLength);
  for (const [index, word] of header.entries()) view.setUint32(4 * index, word, true);
  for (const [index, entry] of classes.entries()) view.setUint32(classesAt + 4 * index, entry, true);
  let end = 0;
  for (const [index, bytes] of foldBytes.entries()) {
    view.setUint32(foldsAt + 8 * index, folds[index][0], true);
    view.setUint32(foldsAt + 8 * index + 4, end, true);
    out.set(bytes, bytesAt + end);
    end += bytes.length;
  }
  view.setUint32(foldsAt + 8 * folds.length, 0xffffffff, true);
  view.setUint32(foldsAt + 8 * folds.length + 4, end, true);
  out.set(replacementBytes, replacementsAt);
  for (const [index, word] of normal.tables.flatMap((table) => [...table]).entries())
    view.setUint32(tablesAt + 4 * index, word, true);
  return out;
}
