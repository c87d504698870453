/** What the operators of a translation's text become, by what their operands are. */

/**
 * Kinds of values. JavaScript knows numbers only; WebAssembly wants to know more: `i32` a signed 32-bit integer, `u32` an unsigned one,
 * `sum` an integer of which only the low 32 bits are computed (nothing but a bit operation may look at it), `f64` any number.
 */
export type Kind = 'i32' | 'u32' | 'sum' | 'f64' | 'void';

export const PRECEDENCE: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 2,
  '|': 3,
  '^': 4,
  '&': 5,
  '===': 6,
  '!==': 6,
  '<': 7,
  '>': 7,
  '<=': 7,
  '>=': 7,
  '<<': 8,
  '>>': 8,
  '>>>': 8,
  '+': 9,
  '-': 9,
  '*': 10,
  '/': 10,
  '%': 10,
};

/** Opcodes for operands of a kind. Source: WebAssembly core specification 2.0, section 5.4. */
const OPCODES: Readonly<Record<string, { i32?: number; u32?: number; f64?: number }>> = {
  '===': { i32: 0x46, u32: 0x46, f64: 0x61 },
  '!==': { i32: 0x47, u32: 0x47, f64: 0x62 },
  '<': { i32: 0x48, u32: 0x49, f64: 0x63 },
  '>': { i32: 0x4a, u32: 0x4b, f64: 0x64 },
  '<=': { i32: 0x4c, u32: 0x4d, f64: 0x65 },
  '>=': { i32: 0x4e, u32: 0x4f, f64: 0x66 },
  '+': { i32: 0x6a, f64: 0xa0 },
  '-': { i32: 0x6b, f64: 0xa1 },
  '*': { i32: 0x6c, f64: 0xa2 },
  '/': { f64: 0xa3 },
  '%': { i32: 0x6f, u32: 0x70 },
  '&': { i32: 0x71 },
  '|': { i32: 0x72 },
  '^': { i32: 0x73 },
  '<<': { i32: 0x74 },
  '>>': { i32: 0x75 },
  '>>>': { i32: 0x76 },
};

export interface Combined {
  readonly opcode: number;
  /** What both operands are made into first. */
  readonly operands: 'i32' | 'f64';
  readonly result: Kind;
}

const COMPARISON = 6;
const BITS = new Set(['&', '|', '^', '<<', '>>', '>>>']);

/**
 * @param literal the right operand's value where it is written as a number
 * @returns undefined for what has no exact counterpart
 */
export function combine(
  operator: string,
  left: Kind,
  right: Kind,
  literal: number | undefined,
): Combined | undefined {
  const codes = OPCODES[operator];
  if (!codes || left === 'void' || right === 'void') return undefined;
  const isComparison = PRECEDENCE[operator] === COMPARISON || PRECEDENCE[operator] === COMPARISON + 1;
  const hasSum = left === 'sum' || right === 'sum';
  if (BITS.has(operator)) {
    if (left === 'f64' || right === 'f64') return undefined;
    const isUnsigned = operator === '>>>' && !(literal !== undefined && (literal & 31) !== 0);
    return { opcode: codes.i32!, operands: 'i32', result: isUnsigned ? 'u32' : 'i32' };
  }
  if (left === 'f64' || right === 'f64' || operator === '/') {
    if (codes.f64 === undefined || hasSum) return undefined;
    return { opcode: codes.f64, operands: 'f64', result: isComparison ? 'i32' : 'f64' };
  }
  if (operator === '+' || operator === '-') return { opcode: codes.i32!, operands: 'i32', result: 'sum' };
  if (operator === '*') {
    // Exact in a double, whose low 32 bits these are then, as long as one factor is small.
    const isSmall = literal !== undefined && Math.abs(literal) < 2 ** 20;
    return isSmall ? { opcode: codes.i32!, operands: 'i32', result: 'sum' } : undefined;
  }
  if (hasSum) return undefined;
  const isPositive = literal !== undefined && literal >= 0;
  const bothUnsigned =
    (left === 'u32' || right === 'u32') && (right === 'u32' || isPositive) && left === 'u32';
  if ((left === 'u32' || right === 'u32') && !bothUnsigned) return undefined;
  const opcode = bothUnsigned ? codes.u32! : codes.i32!;
  return { opcode, operands: 'i32', result: isComparison ? 'i32' : bothUnsigned ? 'u32' : 'i32' };
}
