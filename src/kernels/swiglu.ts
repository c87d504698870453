/**
 * silu(gate) * up, 16 lanes at a time in two streams that take turns; eight left over go alone. What comes next, constants or rows,
 * is loaded by instructions that compute something else.
 */
import { value } from '../contract/index.ts';
import { type AR, type Assembler, a1, type QR } from '../xtensa/index.ts';
import { scaledLimit, VECTOR_BYTES } from './constants.ts';
import { kernel } from './kernel.ts';

const { GATE_LOWEST, S0, S1, S2, S3 } = value;
/** In the order of their use, one vector each; on the stack the factor and the limits of the gates, which begin a turn. */
const CONSTANTS = [0, GATE_LOWEST, S3, S2, S1, S0, 0];
const ON_STACK = 3;
const FRAME = ON_STACK * VECTOR_BYTES;

interface Registers {
  gate: AR;
  gateScale: AR;
  up: AR;
  upScale: AR;
  out: AR;
  /** Lead to the next of the constants, and of those on the stack. */
  constants: AR;
  table: AR;
  shift: AR;
  /** Gates, here already; -|z|; up. */
  u: readonly QR[];
  p: readonly QR[];
  /** The gate's argument z, then silu. */
  z: readonly QR[];
  /** The limit and its negative. */
  k: readonly [QR, QR];
}

/** The instruction that loads a constant beside its own work. */
type Loading = (to: QR, from: AR, out: QR, x: QR, y: QR) => void;
type Plain = (out: QR, x: QR, y: QR) => void;

function lanes(asm: Assembler, streams: 1 | 2, registers: Registers): void {
  const { gate, gateScale, up, upScale, out, constants, table, shift } = registers;
  const [u, p, z] = [registers.u, registers.p, registers.z].map((vectors) => vectors.slice(0, streams));
  const [k0, k1] = registers.k;
  const each = (step: (i: number) => void) => {
    for (let i = 0; i < streams; i++) step(i);
  };
  /** One step of all streams; the last one replaces `k` by what comes next at `from`. */
  const step = (plain: Plain, loading: Loading, k: QR, from: AR, operands: (i: number) => [QR, QR, QR]) =>
    each((i) => (i < streams - 1 ? plain(...operands(i)) : loading(k, from, ...operands(i))));
  const { ee_vmul_s16: mul, ee_vmul_s16_ld_incp: mulLoad } = asm;
  const { ee_vadds_s16: add, ee_vadds_s16_ld_incp: addLoad } = asm;
  const { ee_vmin_s16: min, ee_vmin_s16_ld_incp: minLoad } = asm;
  const { ee_vmax_s16: max, ee_vmax_s16_ld_incp: maxLoad } = asm;

  each((i) => asm.ee_vld_128_ip(p[i], gateScale, VECTOR_BYTES));
  asm.ssai(15);
  each((i) => mul(z[i], u[i], p[i]));
  step(min, minLoad, k0, table, (i) => [z[i], z[i], k0]); // the factor
  step(max, maxLoad, k1, constants, (i) => [z[i], z[i], k1]); // 0
  asm.ssr(shift);
  step(mul, mulLoad, k0, constants, (i) => [z[i], z[i], k0]); // GATE_LOWEST
  step(asm.ee_vsubs_s16, asm.ee_vsubs_s16_ld_incp, k1, constants, (i) => [u[i], k1, z[i]]); // S3
  each((i) => min(u[i], u[i], z[i]));
  step(max, maxLoad, k0, constants, (i) => [u[i], u[i], k0]); // S2
  asm.ssai(14);
  step(mul, mulLoad, k1, constants, (i) => [p[i], u[i], k1]); // S1
  step(add, addLoad, k0, constants, (i) => [p[i], p[i], k0]); // S0
  each((i) => mul(p[i], u[i], p[i]));
  step(add, addLoad, k1, constants, (i) => [p[i], p[i], k1]); // 0
  each((i) => mul(p[i], u[i], p[i]));
  step(add, addLoad, k0, table, (i) => [p[i], p[i], k0]); // the limit
  asm.ssai(15);
  for (let squaring = 0; squaring < 4; squaring++) each((i) => mul(p[i], p[i], p[i]));
  each((i) => mulLoad(u[i], up, p[i], u[i], p[i]));
  step(max, maxLoad, k1, table, (i) => [z[i], z[i], k1]); // its negative
  each((i) => addLoad(p[i], upScale, z[i], z[i], p[i]));
  asm.addi(constants, constants, -VECTOR_BYTES * CONSTANTS.length);
  each((i) => mul(u[i], u[i], p[i]));
  asm.ssai(16);
  each((i) => mul(p[i], z[i], u[i]));
  asm.ssai(0);
  each((i) => mulLoad(u[i], gate, z[i], z[i], u[i]));
  asm.addi(table, table, -VECTOR_BYTES * ON_STACK);
  each((i) => asm.ee_vzip_16(z[i], p[i]));
  each((i) => {
    asm.ee_vst_128_ip(z[i], out, VECTOR_BYTES);
    asm.ee_vst_128_ip(p[i], out, VECTOR_BYTES);
  });
}

export const swiglu = kernel('swiglu', (asm, { y: gate, scale: gateScale, out, n, mantissa, shift }) => {
  const q = asm.pool('QR', 'u0', 'u1', 'p0', 'p1', 'z0', 'z1', 'k0', 'k1');
  const k = [q.k0, q.k1] as const;
  asm.addi(a1, a1, -FRAME);
  const { limit, negative, spare } = asm.pool('AR', 'limit', 'negative', 'spare');
  scaledLimit(asm, limit, 32767, 32767, mantissa, shift, spare);
  asm.neg(negative, limit);
  const onStack: readonly (readonly [AR, QR])[] = [
    [mantissa, q.p0],
    [limit, q.k0],
    [negative, q.k1],
  ];
  onStack.forEach(([constant], i) => void asm.s16i(constant, a1, VECTOR_BYTES * i));
  const table = spare;
  asm.mov(table, a1);
  for (const [, vector] of onStack) asm.ee_vldbc_16_ip(vector, table, VECTOR_BYTES);
  asm.mov(table, a1);
  for (const [, vector] of onStack) asm.ee_vst_128_ip(vector, table, VECTOR_BYTES);
  asm.mov(table, a1);
  asm.release(limit, negative);

  const { up, upScale, constants } = asm.pool('AR', 'up', 'upScale', 'constants');
  const rounds = mantissa;
  asm.addx2(up, n, gate);
  asm.addx2(upScale, n, gateScale);
  for (const vector of [q.u0, q.u1]) asm.ee_vld_128_ip(vector, gate, VECTOR_BYTES);
  asm.movi(constants, 'swiglu_constants');
  const registers: Registers = {
    gate,
    gateScale,
    up,
    upScale,
    out,
    constants,
    table,
    shift,
    u: [q.u0, q.u1],
    p: [q.p0, q.p1],
    z: [q.z0, q.z1],
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
  asm.addi(a1, a1, FRAME);
  asm.ret();

  asm.section('.rodata', { align: VECTOR_BYTES, code: false });
  asm.place('swiglu_constants');
  for (const constant of CONSTANTS) for (let lane = 0; lane < VECTOR_BYTES / 2; lane++) asm.half(constant);
});
