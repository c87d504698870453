/** Regular expressions over characters, with named rules: what every way to write a grammar becomes. */

/** Code points from `first` to `last`, both included. */
export type Range = readonly [first: number, last: number];

export type Expression =
  /** These bytes, one after the other. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** One character out of these ranges of code points. */
  | { readonly kind: 'character'; readonly ranges: readonly Range[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Expression[] }
  | { readonly kind: 'choice'; readonly parts: readonly Expression[] }
  | { readonly kind: 'repeat'; readonly part: Expression; readonly least: number; readonly most: number }
  | { readonly kind: 'rule'; readonly name: string };

export interface Grammar {
  readonly start: Expression;
  readonly rules: ReadonlyMap<string, Expression>;
}

export const LAST_CODE_POINT = 0x10ffff;

/** The text itself. */
export function literal(text: string): Expression {
  return { kind: 'bytes', bytes: new TextEncoder().encode(text) };
}

/** One character of `ranges`; of all others where `negated`. */
export function character(ranges: readonly Range[], negated = false): Expression {
  const merged = mergeRanges(ranges);
  return { kind: 'character', ranges: negated ? complement(merged) : merged };
}

export function sequence(...parts: readonly Expression[]): Expression {
  return parts.length === 1 ? parts[0] : { kind: 'sequence', parts };
}

/** One of `parts`; nothing at all can be matched by none. */
export function choice(...parts: readonly Expression[]): Expression {
  return parts.length === 1 ? parts[0] : { kind: 'choice', parts };
}

export function repeat(part: Expression, least: number, most = Number.POSITIVE_INFINITY): Expression {
  return { kind: 'repeat', part, least, most };
}

export function optional(part: Expression): Expression {
  return repeat(part, 0, 1);
}

/** Ascending, without overlaps, neighbours joined. */
function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

function complement(ranges: readonly Range[]): Range[] {
  const others: Range[] = [];
  let next = 0;
  for (const [first, last] of ranges) {
    if (first > next) others.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= LAST_CODE_POINT) others.push([next, LAST_CODE_POINT]);
  return others;
}
