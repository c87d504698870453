/**
 * 64-bit division: dividend in a2 (low) and a3, divisor in a4 and a5, result in a2 and a3. Never called with a divisor of
 * 0; the smallest number by -1 gives the smallest number, with remainder 0.
 *
 * The machine divides 32 bits by 32. Longer dividends go by digits of 16 bits (Knuth, The Art of Computer Programming 2, algorithm
 * 4.3.1 D); for divisors beyond 32 bits the quotient is estimated from their upper half and mended (Warren, Hacker's Delight, 9-5).
 */
import {
  type AR,
  type Assembler,
  a0,
  a1,
  a2,
  a3,
  a4,
  a5,
  a6,
  a7,
  a8,
  a9,
  a10,
  a11,
  a12,
  a13,
  type Label,
} from '../../../xtensa/index.ts';

const DIVIDE = '__wasm_divide64';

/** Quotient to a6 and a7, remainder to a2 and a3; loses a4, a5, a8, a9, a11. */
export function divideUnsigned64(asm: Assembler): void {
  const [wide, small, long, normalise] = ['wide', 'small', 'long', 'normalise'].map((hint) =>
    asm.label(hint),
  );
  asm.bnez(a5, wide);
  asm.movi(a7, 0);
  asm.bltu(a3, a4, small);
  divideDigit(asm, a7, a3, a4, a8);
  asm.place(small);
  asm.bnez(a3, long);
  divideDigit(asm, a6, a2, a4, a8);
  asm.ret();

  // A divisor of 16 bits: two more digits, each remainder with 16 more bits.
  asm.place(long);
  asm.extui(a8, a4, 16, 16);
  asm.bnez(a8, normalise);
  takeUpper(asm, a3, a2, a8);
  divideDigit(asm, a6, a3, a4, a8);
  takeLower(asm, a3, a2, a8);
  divideDigit(asm, a9, a3, a4, a8);
  asm.slli(a6, a6, 16);
  asm.or(a6, a6, a9);
  asm.mov(a2, a3);
  asm.movi(a3, 0);
  asm.ret();

  asm.place(normalise);
  asm.nsau(a11, a4);
  asm.ssl(a11);
  asm.src(a3, a3, a2);
  asm.sll(a2, a2);
  asm.sll(a4, a4);
  divideTwoByOne(asm, { high: a3, low: a2, divisor: a4, upper: a5, quotient: a6, digit: a9, spare: a8 });
  asm.ssr(a11);
  asm.srl(a2, a3);
  asm.movi(a3, 0);
  asm.ret();

  asm.place(wide);
  divideWide(asm);
}

/** quotient = dividend / divisor, dividend = the rest. */
function divideDigit(asm: Assembler, quotient: AR, dividend: AR, divisor: AR, spare: AR): void {
  asm.quou(quotient, dividend, divisor);
  asm.mull(spare, quotient, divisor);
  asm.sub(dividend, dividend, spare);
}

/** A remainder below 2^16, followed by the upper or lower half of a word. */
function takeUpper(asm: Assembler, rest: AR, word: AR, spare: AR): void {
  asm.extui(spare, word, 16, 16);
  asm.slli(rest, rest, 16);
  asm.or(rest, rest, spare);
}

function takeLower(asm: Assembler, rest: AR, word: AR, spare: AR): void {
  asm.extui(spare, word, 0, 16);
  asm.slli(rest, rest, 16);
  asm.or(rest, rest, spare);
}

interface TwoByOne {
  /** Dividend, high < divisor; afterwards `high` is the remainder. */
  readonly high: AR;
  readonly low: AR;
  /** Its bit 31 is set. */
  readonly divisor: AR;
  readonly quotient: AR;
  /** For the divisor's upper half, a digit, and products. */
  readonly upper: AR;
  readonly digit: AR;
  readonly spare: AR;
}

/** 64 bits by 32, in two digits: each estimated by the divisor's upper half, at most 2 too large. */
function divideTwoByOne(asm: Assembler, registers: TwoByOne): void {
  const { high, low, divisor, quotient, upper, digit, spare } = registers;
  asm.extui(upper, divisor, 16, 16);
  divideDigit(asm, quotient, high, upper, spare);
  takeUpper(asm, high, low, spare);
  mendDigit(asm, quotient, high, divisor, spare);
  divideDigit(asm, digit, high, upper, spare);
  takeLower(asm, high, low, spare);
  mendDigit(asm, digit, high, divisor, spare);
  asm.slli(quotient, quotient, 16);
  asm.or(quotient, quotient, digit);
}

function mendDigit(asm: Assembler, digit: AR, rest: AR, divisor: AR, product: AR): void {
  const right = asm.label('right');
  asm.extui(product, divisor, 0, 16);
  asm.mull(product, digit, product);
  asm.bgeu(rest, product, right);
  asm.addi(digit, digit, -1);
  asm.add(rest, rest, divisor);
  // Beyond 2^32 the rest is larger than any product.
  asm.bltu(rest, divisor, right);
  asm.bgeu(rest, product, right);
  asm.addi(digit, digit, -1);
  asm.add(rest, rest, divisor);
  asm.place(right);
  asm.sub(rest, rest, product);
}

/** A divisor of more than 32 bits: half the dividend by the divisor's 32 highest bits, at most 1 too large. */
function divideWide(asm: Assembler): void {
  const [fits, estimated, done, subtract] = ['fits', 'estimated', 'done', 'subtract'].map((hint) =>
    asm.label(hint),
  );
  asm.movi(a7, 0);
  asm.movi(a6, 0);
  asm.bgeu(a3, a5, fits);
  asm.ret();
  asm.place(fits);
  asm.addi(a1, a1, -16);
  asm.s32i(a12, a1, 0);
  asm.s32i(a13, a1, 4);
  asm.nsau(a8, a5);
  asm.ssl(a8);
  asm.src(a6, a5, a4);
  asm.srli(a7, a3, 1);
  asm.ssai(1);
  asm.src(a8, a3, a2);
  divideTwoByOne(asm, { high: a7, low: a8, divisor: a6, upper: a9, quotient: a11, digit: a12, spare: a13 });
  asm.nsau(a8, a5);
  asm.movi(a9, 31);
  asm.sub(a9, a9, a8);
  asm.ssr(a9);
  asm.srl(a6, a11);
  asm.l32i(a12, a1, 0);
  asm.l32i(a13, a1, 4);
  asm.addi(a1, a1, 16);
  asm.beqz(a6, estimated);
  asm.addi(a6, a6, -1);
  asm.place(estimated);
  asm.mull(a8, a6, a4);
  asm.muluh(a9, a6, a4);
  asm.mull(a7, a6, a5);
  asm.add(a9, a9, a7);
  subtract64(asm, a8, a9, a11);
  asm.movi(a7, 0);
  asm.bltu(a3, a5, done);
  asm.bne(a3, a5, subtract);
  asm.bltu(a2, a4, done);
  asm.place(subtract);
  subtract64(asm, a4, a5, a11);
  asm.addi(a6, a6, 1);
  asm.place(done);
  asm.ret();
}

/** a3:a2 -= high:low. */
function subtract64(asm: Assembler, low: AR, high: AR, borrow: AR): void {
  asm.saltu(borrow, a2, low);
  asm.sub(a2, a2, low);
  asm.sub(a3, a3, high);
  asm.sub(a3, a3, borrow);
}

export function quotientUnsigned(asm: Assembler): void {
  asm.mov(a10, a0);
  asm.call0(DIVIDE);
  returnQuotient(asm);
}

function returnQuotient(asm: Assembler): void {
  asm.mov(a2, a6);
  asm.mov(a3, a7);
  asm.jx(a10);
}

/** By a call: a jump may not reach a routine that lies in another memory. */
export function remainderUnsigned(asm: Assembler): void {
  asm.mov(a10, a0);
  asm.call0(DIVIDE);
  asm.jx(a10);
}

function negate(asm: Assembler, low: AR, high: AR): void {
  const done = asm.label('negated');
  asm.neg(low, low);
  asm.neg(high, high);
  asm.beqz(low, done);
  asm.addi(high, high, -1);
  asm.place(done);
}

function negateIfNegative(asm: Assembler, low: AR, high: AR): void {
  const done = asm.label('positive');
  asm.bgez(high, done);
  negate(asm, low, high);
  asm.place(done);
}

/** The division of the magnitudes; which of two places it returns to says what the result's sign is. */
function divideMagnitudes(asm: Assembler, sign: AR, finish: (negative: boolean) => void): void {
  const negative: Label = asm.label('negative');
  asm.mov(a10, a0);
  asm.mov(a11, sign);
  negateIfNegative(asm, a2, a3);
  negateIfNegative(asm, a4, a5);
  asm.bltz(a11, negative);
  asm.call0(DIVIDE);
  finish(false);
  asm.place(negative);
  asm.call0(DIVIDE);
  finish(true);
}

export function quotientSigned(asm: Assembler): void {
  asm.xor(a11, a3, a5);
  divideMagnitudes(asm, a11, (negative) => {
    if (negative) negate(asm, a6, a7);
    returnQuotient(asm);
  });
}

export function remainderSigned(asm: Assembler): void {
  divideMagnitudes(asm, a3, (negative) => {
    if (negative) negate(asm, a2, a3);
    asm.jx(a10);
  });
}
