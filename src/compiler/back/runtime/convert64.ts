/** Conversions between f32 (its bits in an address register) and 64-bit integers in a2 (low) and a3. */
import { type AR, type Assembler, a0, a2, a3, a4, a5, a6, a10, a11, f0, f1 } from '../../../xtensa/index.ts';

const BIAS = 127;
const MANTISSA = 23;

/** Rounds to nearest, ties to even: the FPU rounds the upper 32 bits, of which the lowest collects all below. */
export function floatUnsigned(asm: Assembler): void {
  const [wide, exact] = [asm.label('wide'), asm.label('exact')];
  asm.bnez(a3, wide);
  asm.ufloat_s(f0, a2, 0);
  asm.rfr(a2, f0);
  asm.ret();

  asm.place(wide);
  asm.nsau(a4, a3);
  asm.ssl(a4);
  asm.src(a3, a3, a2);
  asm.sll(a2, a2);
  asm.beqz(a2, exact);
  asm.movi(a5, 1);
  asm.or(a3, a3, a5);
  asm.place(exact);
  asm.ufloat_s(f0, a3, 0);
  // Times 2^(32 - shift): exact.
  asm.movi(a5, BIAS + 32);
  asm.sub(a5, a5, a4);
  asm.slli(a5, a5, MANTISSA);
  asm.wfr(f1, a5);
  asm.mul_s(f0, f0, f1);
  asm.rfr(a2, f0);
  asm.ret();
}

export function floatSigned(asm: Assembler): void {
  const positive = asm.label('positive');
  const carry = asm.label('carry');
  asm.bgez(a3, positive);
  asm.mov(a10, a0);
  asm.neg(a2, a2);
  asm.neg(a3, a3);
  asm.beqz(a2, carry);
  asm.addi(a3, a3, -1);
  asm.place(carry);
  asm.call0('__wasm_float64u');
  asm.movi(a4, -1);
  asm.slli(a4, a4, 31);
  asm.or(a2, a2, a4);
  asm.jx(a10);
  asm.place(positive);
  asm.mov(a10, a0);
  asm.call0('__wasm_float64u'); // a jump may not reach it in another memory
  asm.jx(a10);
}

/** The magnitude of a float with exponent `exponent` (biased, from BIAS on), truncated, to a2 and a3. */
function magnitude(asm: Assembler, bits: AR, exponent: AR): void {
  const [left, small, done] = [asm.label('left'), asm.label('small'), asm.label('done')];
  asm.extui(a5, bits, 0, 16);
  asm.extui(a6, bits, 16, 7);
  asm.addmi(a6, a6, 256);
  asm.addi(a6, a6, -128);
  asm.slli(a6, a6, 16);
  asm.or(a2, a5, a6);
  asm.movi(a3, 0);
  asm.addi(exponent, exponent, -(BIAS + MANTISSA - 64));
  asm.addi(exponent, exponent, -64);
  asm.bgez(exponent, left);
  asm.neg(exponent, exponent);
  asm.ssr(exponent);
  asm.srl(a2, a2);
  asm.j(done);
  asm.place(left);
  asm.bbci(exponent, 5, small);
  asm.mov(a3, a2);
  asm.movi(a2, 0);
  asm.place(small);
  asm.ssl(exponent);
  asm.src(a3, a3, a2);
  asm.sll(a2, a2);
  asm.place(done);
}

/** What NaN, numbers below 1, and numbers beyond `bits` bits become. Leaves the exponent in `exponent`. */
function outside(asm: Assembler, exponent: AR, bits: number, largest: () => void): void {
  const [number, zero, inside] = [asm.label('number'), asm.label('zero'), asm.label('inside')];
  asm.extui(exponent, a2, MANTISSA, 8);
  asm.movi(a4, 255);
  asm.bne(exponent, a4, number);
  asm.slli(a5, a2, 9);
  asm.bnez(a5, zero);
  asm.place(number);
  asm.movi(a4, BIAS);
  asm.blt(exponent, a4, zero);
  asm.movi(a4, BIAS + bits);
  asm.blt(exponent, a4, inside);
  largest();
  asm.ret();
  asm.place(zero);
  asm.movi(a2, 0);
  asm.movi(a3, 0);
  asm.ret();
  asm.place(inside);
}

/** Saturating, NaN to 0. */
export function fixUnsigned(asm: Assembler): void {
  const positive = asm.label('positive');
  asm.bgez(a2, positive);
  asm.movi(a2, 0);
  asm.place(positive);
  outside(asm, a11, 64, () => {
    asm.movi(a2, -1);
    asm.movi(a3, -1);
  });
  magnitude(asm, a2, a11);
  asm.ret();
}

/** Saturating, NaN to 0. */
export function fixSigned(asm: Assembler): void {
  const done = asm.label('done');
  asm.mov(a10, a2);
  outside(asm, a11, 63, () => {
    // All ones and a clear sign bit, or their inverse.
    asm.srai(a4, a10, 31);
    asm.movi(a2, -1);
    asm.srli(a3, a2, 1);
    asm.xor(a2, a2, a4);
    asm.xor(a3, a3, a4);
  });
  magnitude(asm, a2, a11);
  asm.bgez(a10, done);
  asm.neg(a2, a2);
  asm.neg(a3, a3);
  asm.beqz(a2, done);
  asm.addi(a3, a3, -1);
  asm.place(done);
  asm.ret();
}
