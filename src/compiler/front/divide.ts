/** Division by a constant as a multiplication (Hacker's Delight, chapter 10). The machine's own takes up to 18 cycles. */

import type { Value } from '../middle/ir.ts';
import { type Builder, emit, int } from './builder.ts';

export function divideByConstant(b: Builder, x: Value, divisor: number, signed: boolean): Value {
  return signed ? divideSigned(b, x, divisor) : divideUnsigned(b, x, divisor >>> 0);
}

function divideSigned(b: Builder, x: Value, divisor: number): Value {
  const magnitude = Math.abs(divisor);
  if (magnitude === 1) return x;
  const sign = emit(b, 'shr', [x, int(b, 31)]);
  let quotient: Value;
  if ((magnitude & (magnitude - 1)) === 0) {
    const shift = 31 - Math.clz32(magnitude);
    // Negative numbers round up: add divisor - 1 first.
    const bias = emit(b, 'shr', [emit(b, 'sar', [x, int(b, 31)]), int(b, 32 - shift)]);
    quotient = emit(b, 'sar', [emit(b, 'add', [x, bias]), int(b, shift)]);
  } else {
    const { multiplier, shift } = signedMagic(magnitude);
    let high = emit(b, 'mulhs', [x, int(b, multiplier)]);
    if (multiplier < 0) high = emit(b, 'add', [high, x]);
    quotient = emit(b, 'add', [emit(b, 'sar', [high, int(b, shift)]), sign]);
  }
  return divisor < 0 ? emit(b, 'sub', [int(b, 0), quotient]) : quotient;
}

/** The smallest multiplier m / 2^(32 + shift) that is exact for all 32-bit signed numbers. */
function signedMagic(magnitude: number): { multiplier: number; shift: number } {
  const d = BigInt(magnitude);
  for (let shift = 0n; ; shift++) {
    const power = 1n << (32n + shift);
    const multiplier = power / d + 1n;
    // Error of m*d - 2^(32+s), times the largest |x|, must stay below one step.
    if ((multiplier * d - power) << 31n <= power)
      return { multiplier: Number(BigInt.asIntN(32, multiplier)), shift: Number(shift) };
  }
}

function divideUnsigned(b: Builder, x: Value, divisor: number): Value {
  if ((divisor & (divisor - 1)) === 0) return emit(b, 'shr', [x, int(b, 31 - Math.clz32(divisor))]);
  const d = BigInt(divisor);
  for (let shift = 0n; shift <= 32n; shift++) {
    const power = 1n << (32n + shift);
    const multiplier = power / d + 1n;
    if ((multiplier * d - power) << 32n > power) continue;
    const count = int(b, Number(shift));
    if (multiplier < 1n << 32n)
      return emit(b, 'shr', [emit(b, 'mulhu', [x, int(b, Number(multiplier))]), count]);
    // A 33-bit multiplier: x * (2^32 + m') >> (32 + s) without losing the carry.
    const high = emit(b, 'mulhu', [x, int(b, Number(BigInt.asIntN(32, multiplier)))]);
    const half = emit(b, 'shr', [emit(b, 'sub', [x, high]), int(b, 1)]);
    return emit(b, 'shr', [emit(b, 'add', [half, high]), int(b, Number(shift) - 1)]);
  }
  throw new Error(`internal: no multiplier for ${divisor}`);
}
