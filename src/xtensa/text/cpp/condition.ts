/** Conditions of `#if`: C's integer expressions in 64 bits. */
import { UsageError } from '../../../errors.ts';
import type { Token } from './tokens.ts';

/** A value of type intmax_t or uintmax_t. */
interface Value {
  value: bigint;
  unsigned: boolean;
}

interface Cursor {
  tokens: readonly Token[];
  at: number;
  depth: number;
}

const maximumDepth = 200;

const wrap = (value: bigint, unsigned: boolean): Value => ({
  value: unsigned ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value),
  unsigned,
});
const truth = (holds: boolean): Value => ({ value: holds ? 1n : 0n, unsigned: false });

function divide(left: bigint, right: bigint, remainder: boolean, live: boolean): bigint {
  if (right !== 0n) return remainder ? left % right : left / right;
  if (live) throw new UsageError('division by zero in #if.');
  return 0n;
}

/** A negative count shifts the other way, as in GNU's preprocessor. */
const shift = (left: bigint, count: bigint): bigint => {
  const bounded = count > 64n ? 64n : count < -64n ? -64n : count;
  return left << bounded;
};

type Operation = (left: bigint, right: bigint, live: boolean) => bigint | boolean;

/** By operator: how tightly it binds, and what it does. */
const operators: Readonly<Record<string, [rank: number, apply: Operation]>> = {
  '*': [10, (a, b) => a * b],
  '/': [10, (a, b, live) => divide(a, b, false, live)],
  '%': [10, (a, b, live) => divide(a, b, true, live)],
  '+': [9, (a, b) => a + b],
  '-': [9, (a, b) => a - b],
  '<<': [8, (a, b) => shift(a, b)],
  '>>': [8, (a, b) => shift(a, -b)],
  '<': [7, (a, b) => a < b],
  '>': [7, (a, b) => a > b],
  '<=': [7, (a, b) => a <= b],
  '>=': [7, (a, b) => a >= b],
  '==': [6, (a, b) => a === b],
  '!=': [6, (a, b) => a !== b],
  '&': [5, (a, b) => a & b],
  '^': [4, (a, b) => a ^ b],
  '|': [3, (a, b) => a | b],
  '&&': [2, (a, b) => a !== 0n && b !== 0n],
  '||': [1, (a, b) => a !== 0n || b !== 0n],
};

const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, b: 8, f: 12, a: 7, v: 11, '0': 0 };

function characterCode(text: string): bigint {
  const body = text.slice(1, -1);
  const code = body[0] === '\\' ? (escapes[body[1]] ?? body.codePointAt(1)!) : body.codePointAt(0)!;
  return BigInt(code);
}

function number(text: string): Value {
  const match = /^(0[xX][\da-fA-F]+|0[bB][01]+|\d+)([uU]?)(?:[lL]{0,2})([uU]?)$/.exec(text);
  if (!match) throw new UsageError(`#if: "${text}" is not an integer.`);
  const [, digits, first, second] = match;
  const isOctal = /^0\d/.test(digits);
  if (isOctal && /[89]/.test(digits)) throw new UsageError(`#if: "${text}" is not an octal number.`);
  const value = BigInt(isOctal ? `0o${digits.slice(1)}` : digits);
  return wrap(value, first + second !== '' || value > 0x7fff_ffff_ffff_ffffn);
}

const textAt = (cursor: Cursor): string | undefined => cursor.tokens[cursor.at]?.text;

function expect(cursor: Cursor, text: string): void {
  if (textAt(cursor) !== text) throw new UsageError(`#if: "${text}" is missing.`);
  cursor.at += 1;
}

/** `live` is false in what short circuits leave out: nothing there is an error of arithmetic. */
function parseUnary(cursor: Cursor, live: boolean): Value {
  if (++cursor.depth > maximumDepth) throw new UsageError('#if: the condition is nested too deeply.');
  const token = cursor.tokens[cursor.at++];
  if (!token) throw new UsageError('#if: the condition is incomplete.');
  const result = parsePrimary(cursor, token, live);
  cursor.depth -= 1;
  return result;
}

function parsePrimary(cursor: Cursor, token: Token, live: boolean): Value {
  if (token.kind === 'number') return number(token.text);
  if (token.kind === 'character') return wrap(characterCode(token.text), false);
  if (token.kind === 'name') {
    if (textAt(cursor) === '(') {
      throw new UsageError(`#if: "${token.text}(...)" is not defined; #define it, or include what does.`);
    }
    return truth(false); // What is not defined counts as 0.
  }
  if (token.text === '(') {
    const inner = parseTernary(cursor, live);
    expect(cursor, ')');
    return inner;
  }
  const unary: Record<string, (operand: Value) => Value> = {
    '-': ({ value, unsigned }) => wrap(-value, unsigned),
    '+': (operand) => operand,
    '~': ({ value, unsigned }) => wrap(~value, unsigned),
    '!': ({ value }) => truth(value === 0n),
  };
  if (!Object.hasOwn(unary, token.text)) throw new UsageError(`#if: "${token.text}" makes no sense here.`);
  return unary[token.text](parseUnary(cursor, live));
}

function apply(operator: string, left: Value, right: Value, live: boolean): Value {
  // The usual conversions: unsigned wins, except in shifts, whose left side decides.
  const isShift = operator === '<<' || operator === '>>';
  const unsigned = isShift ? left.unsigned : left.unsigned || right.unsigned;
  const convert = ({ value }: Value): bigint => (unsigned ? BigInt.asUintN(64, value) : value);
  const result = operators[operator][1](convert(left), isShift ? right.value : convert(right), live);
  return typeof result === 'boolean' ? truth(result) : wrap(result, unsigned);
}

function parseBinary(cursor: Cursor, lowest: number, live: boolean): Value {
  let left = parseUnary(cursor, live);
  while (true) {
    const operator = textAt(cursor) ?? '';
    const rank = Object.hasOwn(operators, operator) ? operators[operator][0] : 0;
    if (rank < lowest || rank === 0) return left;
    cursor.at += 1;
    const decided = (operator === '&&' && left.value === 0n) || (operator === '||' && left.value !== 0n);
    const right = parseBinary(cursor, rank + 1, live && !decided);
    left = apply(operator, left, right, live);
  }
}

function parseTernary(cursor: Cursor, live: boolean): Value {
  if (++cursor.depth > maximumDepth) throw new UsageError('#if: the condition is nested too deeply.');
  const test = parseBinary(cursor, 1, live);
  let result = test;
  if (textAt(cursor) === '?') {
    cursor.at += 1;
    const holds = test.value !== 0n;
    const yes = parseTernary(cursor, live && holds);
    expect(cursor, ':');
    const no = parseTernary(cursor, live && !holds);
    result = wrap(holds ? yes.value : no.value, yes.unsigned || no.unsigned);
  }
  cursor.depth -= 1;
  return result;
}

/** Whether the condition holds; macros are expanded already, and `defined` is answered. */
export function evaluateCondition(tokens: readonly Token[]): boolean {
  const cursor: Cursor = { tokens, at: 0, depth: 0 };
  const { value } = parseTernary(cursor, true);
  if (cursor.at < tokens.length) {
    throw new UsageError(`#if: "${tokens[cursor.at].text}" makes no sense behind a complete condition.`);
  }
  return value !== 0n;
}
