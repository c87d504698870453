/** Assembly-time arithmetic: numbers, symbols, and what can be said of them before addresses are known. */
import { UsageError } from '../errors.ts';

export type BinaryOperator =
  | '+' | '-' | '*' | '/' | '%' | '<<' | '>>' | '&' | '|' | '^' | '!'
  | '==' | '!=' | '<' | '>' | '<=' | '>=' | '&&' | '||'; // biome-ignore format: one row per precedence family
export type UnaryOperator = '-' | '~' | '!' | '+';

export type Expression =
  | number
  | { readonly symbol: string }
  | { readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly operator: UnaryOperator; readonly operand: Expression };

/** A number, or a symbol's address plus a number of bytes. */
export interface Value {
  readonly symbol?: string;
  readonly offset: number;
}

/** A symbol as far as it is known: a place in a section, an expression it was set to, or undefined (elsewhere). */
export type Located = { readonly section: object; readonly offset: number } | { readonly set: Expression };
export type Locate = (symbol: string) => Located | undefined;

/** Bit operations on 64-bit two's complement, as GNU as computes them. */
function onBits(left: number, right: number, operation: (a: bigint, b: bigint) => bigint): number {
  if (!Number.isSafeInteger(left) || !Number.isSafeInteger(right))
    throw new UsageError('a number is too large.');
  return Number(BigInt.asIntN(64, operation(BigInt(left), BigInt(right))));
}

/** What a comparison yields when true, in GNU as. */
const truth = (condition: boolean): number => (condition ? -1 : 0);

function divisor(right: number): number {
  if (right === 0) throw new UsageError('division by zero.');
  return right;
}

function shiftCount(right: number): bigint {
  if (right < 0 || right > 64) throw new UsageError(`a shift by ${right} bits makes no sense.`);
  return BigInt(right);
}

const binary: Record<BinaryOperator, (left: number, right: number) => number> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => Math.trunc(left / divisor(right)),
  '%': (left, right) => left % divisor(right),
  '<<': (left, right) => onBits(left, right, (a) => a << shiftCount(right)),
  '>>': (left, right) => onBits(left, right, (a) => a >> shiftCount(right)),
  '&': (left, right) => onBits(left, right, (a, b) => a & b),
  '|': (left, right) => onBits(left, right, (a, b) => a | b),
  '^': (left, right) => onBits(left, right, (a, b) => a ^ b),
  '!': (left, right) => onBits(left, right, (a, b) => a | ~b),
  '==': (left, right) => truth(left === right),
  '!=': (left, right) => truth(left !== right),
  '<': (left, right) => truth(left < right),
  '>': (left, right) => truth(left > right),
  '<=': (left, right) => truth(left <= right),
  '>=': (left, right) => truth(left >= right),
  '&&': (left, right) => (left !== 0 && right !== 0 ? 1 : 0),
  '||': (left, right) => (left !== 0 || right !== 0 ? 1 : 0),
};

const unary: Record<UnaryOperator, (operand: number) => number> = {
  '-': (operand) => -operand,
  '+': (operand) => operand,
  '~': (operand) => onBits(operand, 0, (a) => ~a),
  '!': (operand) => (operand === 0 ? 1 : 0),
};

/** How deep `.set` symbols may refer to each other. */
const maximumDepth = 64;

/**
 * Evaluates as far as `locate` allows: distances between labels of one section become numbers, a lone symbol stays
 * symbolic. Throws a UsageError for what no relocation can express.
 */
export function evaluate(expression: Expression, locate: Locate, depth = 0): Value {
  if (typeof expression === 'number') return { offset: expression };
  if (depth > maximumDepth)
    throw new UsageError('a symbol is defined through itself, or an expression is too deep.');
  if ('symbol' in expression) {
    const located = locate(expression.symbol);
    if (located && 'set' in located) return evaluate(located.set, locate, depth + 1);
    return { symbol: expression.symbol, offset: 0 };
  }
  if ('operand' in expression) {
    return { offset: unary[expression.operator](numberOf(evaluate(expression.operand, locate, depth + 1))) };
  }
  const left = evaluate(expression.left, locate, depth + 1);
  const right = evaluate(expression.right, locate, depth + 1);
  return combine(expression.operator, left, right, locate);
}

function combine(operator: BinaryOperator, left: Value, right: Value, locate: Locate): Value {
  if (left.symbol === undefined && right.symbol === undefined) {
    return { offset: binary[operator](left.offset, right.offset) };
  }
  if (operator === '+' && (left.symbol === undefined || right.symbol === undefined)) {
    return { symbol: left.symbol ?? right.symbol, offset: left.offset + right.offset };
  }
  if (operator === '-' && right.symbol === undefined) {
    return { symbol: left.symbol, offset: left.offset - right.offset };
  }
  const distance = distanceBetween(left, right, locate);
  if (distance === undefined) {
    const names = [left.symbol, right.symbol].filter((name) => name !== undefined).join('" and "');
    throw new UsageError(
      `"${operator}" cannot be applied to the address of "${names}", unknown before linking.`,
    );
  }
  return { offset: binary[operator](distance, 0) };
}

/** left - right in bytes, where both lie in one section (or are the same symbol). */
function distanceBetween(left: Value, right: Value, locate: Locate): number | undefined {
  if (left.symbol === undefined || right.symbol === undefined) return undefined;
  if (left.symbol === right.symbol) return left.offset - right.offset;
  const from = locate(right.symbol);
  const to = locate(left.symbol);
  if (!from || !to || 'set' in from || 'set' in to || from.section !== to.section) return undefined;
  return to.offset + left.offset - (from.offset + right.offset);
}

function numberOf(value: Value): number {
  if (value.symbol !== undefined) {
    throw new UsageError(
      `"${value.symbol}" has no value before linking, so nothing can be computed from it here.`,
    );
  }
  return value.offset;
}

/** Evaluates to a plain number or throws a UsageError naming the symbol in the way. */
export function evaluateNumber(expression: Expression, locate: Locate): number {
  return typeof expression === 'number' ? expression : numberOf(evaluate(expression, locate));
}
