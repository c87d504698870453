/** Unicode's normal forms C and KC (UAX 15): what they make of bytes, and the tables by which the chip does the same. */
import { charactersOf } from './characters.ts';

export const NORMAL_FORMS = ['NFC', 'NFKC'] as const;
export type NormalForm = (typeof NORMAL_FORMS)[number];

/** By which form its characters are taken apart before they are composed. */
const DECOMPOSED = { NFC: 'NFD', NFKC: 'NFKD' } as const satisfies Record<NormalForm, string>;

const utf8 = new TextEncoder();
const decoder = new TextDecoder();

/** The text in a normal form. A byte that is no part of a character stays as it is, and composes with nothing. */
export function inNormalForm(bytes: Uint8Array, form: NormalForm): Uint8Array {
  if (bytes.every((byte) => byte < 0x80)) return bytes;
  const parts: Uint8Array[] = [];
  let from = 0;
  const take = (to: number): void => {
    if (to > from) parts.push(utf8.encode(decoder.decode(bytes.subarray(from, to)).normalize(form)));
  };
  for (const { start, end } of charactersOf(bytes)) {
    if (end - start > 1 || bytes[start] < 0x80) continue;
    take(start);
    parts.push(bytes.subarray(start, end));
    from = end;
  }
  take(bytes.length);
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** All that the algorithm reads. Syllables of Hangul are computed: they stand in no table. */
export interface NormalTables {
  /** What characters consist of, whole, in the order of the code points. */
  decompositions: readonly (readonly [codePoint: number, parts: string])[];
  /** Where each class of combining marks begins: ranks of Canonical_Combining_Class from 1 on, 0 for what begins anew. */
  classes: readonly (readonly [codePoint: number, rank: number])[];
  /** Two characters and the one that they compose to, in the order of the first, then of the second. */
  pairs: readonly (readonly [first: number, second: number, composed: number])[];
}

/** Planes 0 to 2 hold every character that consists of others, and every combining mark. */
const BEYOND = 0x30000;
const [HANGUL, BEYOND_HANGUL] = [0xac00, 0xd7a4];

function* codePoints(): Generator<number> {
  for (let codePoint = 0x80; codePoint < BEYOND; codePoint++)
    if (codePoint < 0xd800 || codePoint >= 0xe000) yield codePoint;
}

const { fromCodePoint } = String;
const pointsOf = (text: string): number[] => Array.from(text, (character) => character.codePointAt(0)!);

const made = new Map<NormalForm, NormalTables>();

/** The tables of a form, as String.prototype.normalize has it. */
export function normalTables(form: NormalForm): NormalTables {
  const known = made.get(form);
  if (known) return known;
  const decompositions: [number, string][] = [];
  const pairs: [number, number, number][] = [];
  for (const codePoint of codePoints()) {
    if (codePoint >= HANGUL && codePoint < BEYOND_HANGUL) continue;
    const character = fromCodePoint(codePoint);
    const parts = character.normalize(DECOMPOSED[form]);
    if (parts !== character) decompositions.push([codePoint, parts]);
    const canonical = pointsOf(character.normalize('NFD'));
    if (canonical.length < 2 || character.normalize('NFC') !== character) continue;
    const [first] = pointsOf(fromCodePoint(...canonical.slice(0, -1)).normalize('NFC'));
    pairs.push([first, canonical.at(-1)!, codePoint]);
  }
  pairs.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const tables = { decompositions, classes: combiningClasses(), pairs };
  made.set(form, tables);
  return tables;
}

/** Marks of the lowest and of the highest class: every mark changes places with one of them, or with both. */
const [LOWEST, HIGHEST] = [0x334, 0x345];

/** Whether normalising moves the second of two marks before the first: its class is a lower one, and not 0. */
const isMoved = (first: number, second: number): boolean =>
  first !== second && fromCodePoint(first, second).normalize('NFD') === fromCodePoint(second, first);

function combiningClasses(): [codePoint: number, rank: number][] {
  const isMark = (point: number): boolean => isMoved(HIGHEST, point) || isMoved(point, LOWEST);
  const marks = [...codePoints()].filter(isMark);
  // One mark of every class, the lowest first.
  const ranks: number[] = [];
  const rankOf = (mark: number): number => ranks.findIndex((other) => !isMoved(mark, other));
  for (const mark of marks) {
    const at = rankOf(mark);
    if (at < 0) ranks.push(mark);
    else if (isMoved(ranks[at], mark)) ranks.splice(at, 0, mark);
  }
  const classes: [number, number][] = [[0, 0]];
  for (const mark of marks) {
    const rank = 1 + rankOf(mark);
    const [start, before] = classes.at(-1)!;
    // Behind every mark the class is 0 again, until the next one takes the place.
    if (start === mark && classes.at(-2)![1] === rank) classes.pop();
    else if (start === mark) classes[classes.length - 1] = [mark, rank];
    else if (before !== rank) classes.push([mark, rank]);
    classes.push([mark + 1, 0]);
  }
  return classes;
}
