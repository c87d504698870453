/**
 * silu(gate) * up, 16 lanes at a time in two streams that take turns; eight left over go alone.
 * The gates' arguments wait in the output's place while their sigmoids are made.
 */
import { type AR, type Assembler, a1, type QR } from '../xtensa/index.ts';
import {
  type Constant,
  EXPONENTIAL,
  LOWEST,
  SIGMOID,
  scaledLimit,
  VECTOR_BYTES,
  writeTable,
} from './constants.ts';
import { kernel } from './kernel.ts';

/** Vectors of the table, in the order of their use; the two limits, with which a turn begins, are last. */
const TABLE_VECTORS = 13;
const LIMITS = TABLE_VECTORS - 2;
const FRAME = 256;

interface Registers {
  gate: AR;
  gateScale: AR;
  up: AR;
  upScale: AR;
  out: AR;
  waiting: AR;
  table: AR;
  shift: AR;
  u: readonly QR[];
  p: readonly QR[];
  r: readonly QR[];
  k: readonly [QR, QR];
}

/** The instruction that loads a constant beside its own work. */
type Loading = (to: QR, from: AR, out: QR, x: QR, y: QR) => void;
type Plain = (out: QR, x: QR, y: QR) => void;

function lanes(asm: Assembler, streams: 1 | 2, registers: Registers): void {
  const { gate, gateScale, up, upScale, out, waiting, table, shift } = registers;
  const [u, p, r] = [registers.u, registers.p, registers.r].map((vectors) => vectors.slice(0, streams));
  const [k0, k1] = registers.k;
  const each = (step: (i: number) => void) => {
    for (let i = 0; i < streams; i++) step(i);
  };
  /** One step of all streams with constant `k`, which the last one replaces by the table's next. */
  const step = (plain: Plain, loading: Loading, k: QR, to: readonly QR[], from: readonly QR[]) =>
    each((i) => (i < streams - 1 ? plain(to[i], from[i], k) : loading(k, table, to[i], from[i], k)));
  const { ee_vmul_s16: mul, ee_vmul_s16_ld_incp: mulLoad } = asm;
  const { ee_vadds_s16: add, ee_vadds_s16_ld_incp: addLoad } = asm;

  each((i) => asm.ee_vld_128_ip(u[i], gate, VECTOR_BYTES));
  each((i) => asm.ee_vld_128_ip(p[i], gateScale, VECTOR_BYTES));
  asm.ssai(15);
  each((i) => mul(u[i], u[i], p[i]));
  step(asm.ee_vmin_s16, asm.ee_vmin_s16_ld_incp, k0, u, u); // limit; k0 = mantissa
  step(asm.ee_vmax_s16, asm.ee_vmax_s16_ld_incp, k1, u, u); // -limit; k1 = lowest
  asm.ssr(shift);
  step(mul, mulLoad, k0, u, u); // k0 = E3
  asm.ee_zero_q(r[0]);
  asm.mov(waiting, out);
  each((i) => asm.ee_vst_128_ip(u[i], waiting, VECTOR_BYTES));
  each((i) => asm.ee_vsubs_s16(p[i], r[0], u[i]));
  each((i) => asm.ee_vmin_s16(u[i], u[i], p[i]));
  step(asm.ee_vmax_s16, asm.ee_vmax_s16_ld_incp, k1, u, u); // k1 = E2
  asm.ssai(15);
  step(mul, mulLoad, k0, p, u); // k0 = E1
  step(add, addLoad, k1, p, p); // k1 = 1
  each((i) => mul(p[i], u[i], p[i]));
  step(add, addLoad, k0, p, p); // k0 = R4
  each((i) => mul(p[i], u[i], p[i]));
  step(add, addLoad, k1, p, p); // k1 = R3
  for (let squaring = 0; squaring < 4; squaring++) each((i) => mul(p[i], p[i], p[i]));
  step(mul, mulLoad, k0, r, p); // k0 = R2
  step(add, addLoad, k1, r, r); // k1 = R1
  each((i) => mul(r[i], p[i], r[i]));
  step(add, addLoad, k0, r, r); // k0 = R0
  each((i) => mul(r[i], p[i], r[i]));
  step(add, addLoad, k1, r, r); // k1 = limit, to move to k0
  each((i) => mul(r[i], p[i], r[i]));
  each((i) => add(r[i], r[i], k0));
  asm.ee_orq(k0, k1, k1);
  each((i) => mul(r[i], p[i], r[i]));
  asm.mov(waiting, out);
  each((i) => mul(r[i], u[i], r[i]));
  each((i) => asm.ee_vld_128_ip(p[i], waiting, VECTOR_BYTES));
  asm.ee_zero_q(k1);
  each((i) => asm.ee_vmax_s16(p[i], p[i], k1));
  each((i) => add(r[i], r[i], p[i]));

  each((i) => asm.ee_vld_128_ip(u[i], up, VECTOR_BYTES));
  each((i) => asm.ee_vld_128_ip(p[i], upScale, VECTOR_BYTES));
  asm.ee_vld_128_ip(k1, table, VECTOR_BYTES * (1 - TABLE_VECTORS));
  each((i) => mul(u[i], u[i], p[i]));
  asm.ssai(16);
  each((i) => mul(p[i], r[i], u[i]));
  asm.ssai(0);
  each((i) => mul(r[i], r[i], u[i]));
  each((i) => asm.ee_vzip_16(r[i], p[i]));
  each((i) => {
    asm.ee_vst_128_ip(r[i], out, VECTOR_BYTES);
    asm.ee_vst_128_ip(p[i], out, VECTOR_BYTES);
  });
}

export const swiglu = kernel('swiglu', (asm, { y: gate, scale: gateScale, out, n, mantissa, shift }) => {
  const q = asm.pool('QR', 'u0', 'u1', 'p0', 'p1', 'r0', 'r1', 'k0', 'k1');
  const k = [q.k0, q.k1] as const;
  asm.addmi(a1, a1, -FRAME);
  const { limit, negative, spare } = asm.pool('AR', 'limit', 'negative', 'spare');
  scaledLimit(asm, limit, 32767, 32767, mantissa, shift, spare);
  asm.neg(negative, limit);
  const [e3, e2, e1, one] = EXPONENTIAL;
  const constants: Constant[] = [mantissa, LOWEST, e3, e2, e1, one, ...SIGMOID, limit, negative];
  const { at } = asm.pool('AR', 'at');
  asm.mov(at, a1);
  writeTable(asm, at, constants, spare, q.k0);
  asm.release(limit, negative, spare, at);

  const { up, upScale, waiting, rounds } = asm.pool('AR', 'up', 'upScale', 'waiting', 'rounds');
  const table = mantissa;
  asm.addx2(up, n, gate);
  asm.addx2(upScale, n, gateScale);
  asm.addi(table, a1, LIMITS * VECTOR_BYTES - 64);
  asm.addi(table, table, 64);
  asm.ee_vld_128_ip(q.k0, table, VECTOR_BYTES);
  asm.ee_vld_128_ip(q.k1, table, VECTOR_BYTES * (1 - TABLE_VECTORS));
  const registers: Registers = {
    gate,
    gateScale,
    up,
    upScale,
    out,
    waiting,
    table,
    shift,
    u: [q.u0, q.u1],
    p: [q.p0, q.p1],
    r: [q.r0, q.r1],
    k,
  };
  const [again, rest, done] = [asm.label('again'), asm.label('rest'), asm.label('done')];
  asm.srli(rounds, n, 4);
  asm.beqz(rounds, rest);
  asm.alignTarget();
  asm.place(again);
  lanes(asm, 2, registers);
  asm.addi(rounds, rounds, -1);
  asm.bnez(rounds, again);
  asm.place(rest);
  asm.bbci(n, 3, done);
  lanes(asm, 1, registers);
  asm.place(done);
  asm.addmi(a1, a1, FRAME);
  asm.ret();
});
