/** Decimal integers within bounds, as an expression. */
import { character, choice, type Expression, literal, optional, repeat, sequence } from './expression.ts';

/** Digits of an integer without a bound: what a double holds exactly. */
const MOST_DIGITS = 16;

const digits = (first: number, last: number): Expression => character([[0x30 + first, 0x30 + last]]);
const anyDigits = (least: number, most: number): Expression => repeat(digits(0, 9), least, most);
const anyNatural = (): Expression =>
  choice(literal('0'), sequence(digits(1, 9), anyDigits(0, MOST_DIGITS - 1)));

/** All integers from `least` to `most`, either of which may be infinite; undefined where there is none. */
export function integers(least: number, most: number): Expression | undefined {
  if (least === Number.NEGATIVE_INFINITY && most === Number.POSITIVE_INFINITY) {
    return sequence(optional(literal('-')), anyNatural());
  }
  const parts: Expression[] = [];
  if (least < 0) {
    const magnitudes = naturals(BigInt(Math.max(1, -Math.min(most, -1))), bound(-least));
    if (magnitudes !== undefined) parts.push(sequence(literal('-'), magnitudes));
  }
  if (most >= 0) {
    const magnitudes = naturals(BigInt(Math.max(least, 0)), bound(most));
    if (magnitudes !== undefined) parts.push(magnitudes);
  }
  return parts.length === 0 ? undefined : choice(...parts);
}

function bound(value: number): bigint | undefined {
  return value === Number.POSITIVE_INFINITY ? undefined : BigInt(value);
}

function naturals(least: bigint, most: bigint | undefined): Expression | undefined {
  const last = most ?? 10n ** BigInt(MOST_DIGITS) - 1n;
  if (least > last) return undefined;
  const parts: Expression[] = [];
  for (let length = `${least}`.length; length <= `${last}`.length; length++) {
    const lowest = length === 1 ? 0n : 10n ** BigInt(length - 1);
    const highest = 10n ** BigInt(length) - 1n;
    parts.push(between(`${least > lowest ? least : lowest}`, `${last < highest ? last : highest}`));
  }
  return choice(...parts);
}

/** Digit strings of one length from `low` to `high`. */
function between(low: string, high: string): Expression {
  const rest = low.length - 1;
  const [first, last] = [Number(low[0]), Number(high[0])];
  if (rest === 0) return digits(first, last);
  const tails = { low: low.slice(1), high: high.slice(1) };
  if (first === last) return sequence(literal(low[0]), between(tails.low, tails.high));
  const zeros = '0'.repeat(rest);
  const nines = '9'.repeat(rest);
  const parts: Expression[] = [];
  if (tails.low !== zeros) parts.push(sequence(literal(low[0]), between(tails.low, nines)));
  if (tails.high !== nines) parts.push(sequence(literal(high[0]), between(zeros, tails.high)));
  const from = tails.low === zeros ? first : first + 1;
  const to = tails.high === nines ? last : last - 1;
  if (from <= to) parts.push(sequence(digits(from, to), anyDigits(rest, rest)));
  return choice(...parts);
}
