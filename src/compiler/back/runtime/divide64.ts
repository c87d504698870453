/**
 * 64-bit division: dividend in a2 (low) and a3, divisor in a4 and a5, result in a2 and a3. Never called with a divisor of
 * 0; the smallest number by -1 gives the smallest number, with remainder 0.
 */
import {
  type AR,
  type Assembler,
  a0,
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
} from '../../../xtensa/index.ts';

const DIVIDE = '__wasm_divide64';

/** Quotient to a6 and a7, remainder to a2 and a3; loses a8 and a9. Shift and subtract, one round per quotient bit. */
export function divideUnsigned64(asm: Assembler): void {
  const [wide, begin, finish] = [asm.label('wide'), asm.label('begin'), asm.label('finish')];
  const [counted, measured] = [asm.label('counted'), asm.label('measured')];
  asm.or(a8, a3, a5);
  asm.bnez(a8, wide);
  asm.quou(a6, a2, a4);
  asm.remu(a2, a2, a4);
  asm.movi(a7, 0);
  asm.ret();

  asm.place(wide);
  leadingZeros(asm, a8, a4, a5, counted);
  leadingZeros(asm, a9, a2, a3, measured);
  asm.sub(a8, a8, a9);
  asm.movi(a6, 0);
  asm.movi(a7, 0);
  asm.bltz(a8, finish);
  asm.bbci(a8, 5, begin);
  asm.mov(a5, a4);
  asm.movi(a4, 0);
  asm.place(begin);
  asm.ssl(a8);
  asm.src(a5, a5, a4);
  asm.sll(a4, a4);
  asm.addi(a8, a8, 1);
  asm.loop(a8, () => subtractStep(asm));
  asm.place(finish);
  asm.ret();
}

function leadingZeros(
  asm: Assembler,
  count: AR,
  low: AR,
  high: AR,
  done: ReturnType<Assembler['label']>,
): void {
  asm.nsau(count, high);
  asm.bnez(high, done);
  asm.nsau(count, low);
  asm.addi(count, count, 32);
  asm.place(done);
}

function subtractStep(asm: Assembler): void {
  const [subtract, next] = [asm.label('subtract'), asm.label('next')];
  asm.ssai(31);
  asm.src(a7, a7, a6);
  asm.slli(a6, a6, 1);
  asm.bltu(a3, a5, next);
  asm.bne(a3, a5, subtract);
  asm.bltu(a2, a4, next);
  asm.place(subtract);
  asm.saltu(a9, a2, a4);
  asm.sub(a2, a2, a4);
  asm.sub(a3, a3, a5);
  asm.sub(a3, a3, a9);
  asm.addi(a6, a6, 1);
  asm.place(next);
  asm.ssai(1);
  asm.src(a4, a5, a4);
  asm.srli(a5, a5, 1);
}

export function quotientUnsigned(asm: Assembler): void {
  asm.mov(a10, a0);
  asm.call0(DIVIDE);
  asm.mov(a2, a6);
  asm.mov(a3, a7);
  asm.jx(a10);
}

export function remainderUnsigned(asm: Assembler): void {
  asm.j(DIVIDE);
}

/** high:low = -(high:low) when `sign` is negative. */
function negateIf(asm: Assembler, sign: AR, low: AR, high: AR): void {
  const done = asm.label('positive');
  asm.bgez(sign, done);
  asm.neg(low, low);
  asm.neg(high, high);
  asm.beqz(low, done);
  asm.addi(high, high, -1);
  asm.place(done);
}

export function quotientSigned(asm: Assembler): void {
  asm.mov(a10, a0);
  asm.xor(a11, a3, a5);
  negateIf(asm, a3, a2, a3);
  negateIf(asm, a5, a4, a5);
  asm.call0(DIVIDE);
  asm.mov(a2, a6);
  asm.mov(a3, a7);
  negateIf(asm, a11, a2, a3);
  asm.jx(a10);
}

export function remainderSigned(asm: Assembler): void {
  asm.mov(a10, a0);
  asm.mov(a11, a3);
  negateIf(asm, a3, a2, a3);
  negateIf(asm, a5, a4, a5);
  asm.call0(DIVIDE);
  negateIf(asm, a11, a2, a3);
  asm.jx(a10);
}
