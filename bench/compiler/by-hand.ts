/**
 * The three hottest scalar functions of the device program (device/transformer/fixed.ts: attend, project,
 * normalizeResidual), written by hand for the sizes of stories260K on two cores. What the compiler is measured against.
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
  a14,
  a15,
  b0,
  f0,
  f1,
  f2,
  f3,
  f4,
  f9,
} from '../../src/xtensa/index.ts';

/** Addresses that the firmware builder hands in; any will do here. */
export const memory = {
  model: 0x3fc90000,
  residual: 0x3fc90800,
  hidden: 0x3fc90a00,
  attention: 0x3fc91000,
  scratch: 0x3fc92000,
  scratchBytes: 0x1000,
  keys: 0x3fca0000,
  values: 0x3fcb0000,
  keyScales: 0x3fcc0000,
  valueScales: 0x3fcc2000,
} as const;

export const sizes = {
  dim: 64,
  hiddenDim: 172,
  layers: 5,
  heads: 8,
  kvHeads: 4,
  vocabulary: 512,
  context: 256,
} as const;

/** Offsets in a core's scratch, in bytes (docs/contract.md). */
const ACTIVATION_SCALE = 8;
const QUERY_FACTOR = 16;
const SOFTMAX = 32;
const ACTIVATIONS = 176;
const VECTOR16 = 352;
const OUTPUTS = 704;
const ANGLES = 1216;
const KEY_ANGLES = 1280;
const QUERIES = 1312;
const QUERY = 1376;
const SCORES = 1392;
const WEIGHTS = 1904;
/** Bytes of the scales of a half's heads in a layer, with the largest value scale behind them. */
const HALF_SCALES = 544;
const PEAK = 512;
/** Bytes of a head's keys or values: 8 components of 256 positions, in groups of 16 positions. */
const HEAD_CACHE_SHIFT = 11;
const GROUP_BYTES_SHIFT = 7;

/** `to` = `from` + a constant within the reach of addmi and addi. */
function offset(asm: Assembler, to: AR, from: AR, bytes: number): void {
  const low = (bytes << 24) >> 24;
  asm.addmi(to, from, bytes - low);
  if (low !== 0) asm.addi(to, to, low);
}

/** The scratch of a half (0 or 1). */
function scratchOf(asm: Assembler, to: AR, half: AR, spare: AR): void {
  asm.movi(to, memory.scratch);
  asm.slli(spare, half, 12);
  asm.add(to, to, spare);
}

function enter(asm: Assembler, bytes: number, saved: readonly AR[]): void {
  asm.addi(a1, a1, -bytes);
  saved.forEach((register, i) => {
    asm.s32i(register, a1, bytes - 4 - 4 * i);
  });
}

function leave(asm: Assembler, bytes: number, saved: readonly AR[]): void {
  saved.forEach((register, i) => {
    asm.l32i(register, a1, bytes - 4 - 4 * i);
  });
  asm.addi(a1, a1, bytes);
  asm.ret();
}

/** (half, gain, factor) */
export function normalizeResidual(asm: Assembler): void {
  const saved = [a0, a12, a13];
  enter(asm, 16, saved);
  scratchOf(asm, a12, a2, a5);
  asm.mov(a13, a4);
  asm.movi(a2, memory.residual);
  offset(asm, a4, a12, VECTOR16);
  asm.movi(a5, sizes.dim);
  asm.mov(a6, a12);
  asm.call0('normalize');
  offset(asm, a2, a12, VECTOR16);
  offset(asm, a3, a12, ACTIVATIONS);
  asm.movi(a4, sizes.dim);
  asm.movi(a5, 127);
  asm.call0('quantize');
  asm.l32i(a5, a12, 4);
  asm.l32i(a4, a12, 0);
  asm.movi(a7, 0x40800000);
  asm.float_s(f1, a5, 0);
  asm.slli(a4, a4, 1);
  asm.movi(a8, 127);
  asm.sub(a8, a8, a4);
  asm.movi(a6, memory.model);
  asm.wfr(f2, a7);
  asm.slli(a8, a8, 23);
  asm.wfr(f3, a8);
  asm.lsi(f4, a6, 36);
  asm.mul_s(f1, f1, f2);
  asm.mul_s(f3, f4, f3);
  asm.float_s(f9, a2, 0);
  asm.wfr(f2, a13);
  asm.add_s(f0, f1, f3);
  asm.mul_s(f9, f9, f2);
  asm.call0('__wasm_sqrt');
  asm.mov_s(f1, f0);
  asm.mov_s(f0, f9);
  asm.call0('__wasm_divide');
  asm.ssi(f0, a12, ACTIVATION_SCALE);
  leave(asm, 16, saved);
}

/** a2 = min(round(a2 * scale * factor), 32767); a13: record, a12: scratch. */
function toScale16(asm: Assembler, factor: number): void {
  asm.float_s(f0, a2, 0);
  asm.lsi(f1, a12, ACTIVATION_SCALE);
  asm.lsi(f2, a13, factor);
  asm.mul_s(f1, f1, f2);
  asm.movi(a3, 0x46fffe00);
  asm.wfr(f3, a3);
  asm.const_s(f4, 3);
  asm.mul_s(f0, f0, f1);
  asm.olt_s(b0, f3, f0);
  asm.movt_s(f0, f3, b0);
  asm.add_s(f0, f0, f4);
  asm.trunc_s(a2, f0, 0);
  asm.movi(a3, 32767);
  asm.min(a2, a2, a3);
}

/** (half, layer, position) */
export function project(asm: Assembler): void {
  const saved = [a0, a12, a13, a14, a15];
  const [HALF, LAYER, POSITION, PLACE] = [0, 4, 8, 12];
  enter(asm, 48, saved);
  asm.s32i(a2, a1, HALF);
  asm.s32i(a3, a1, LAYER);
  asm.s32i(a4, a1, POSITION);
  scratchOf(asm, a12, a2, a5);
  asm.movi(a13, memory.model + 64);
  asm.addx2(a6, a3, a3);
  asm.slli(a6, a6, 5);
  asm.add(a13, a13, a6);
  asm.l32i(a3, a13, 48);
  asm.l32i(a4, a13, 56);
  asm.call0('normalizeResidual');

  asm.l32i(a8, a1, HALF);
  asm.l32i(a2, a13, 0);
  asm.l32i(a14, a13, 4);
  asm.slli(a9, a8, 12);
  asm.add(a2, a2, a9);
  asm.slli(a9, a8, 7);
  asm.add(a14, a14, a9);
  offset(asm, a15, a12, OUTPUTS);
  offset(asm, a3, a12, ACTIVATIONS);
  asm.movi(a4, sizes.dim);
  asm.mov(a5, a15);
  asm.movi(a6, 64);
  asm.l32i(a7, a13, 8);
  asm.call0('matvec_dim');

  asm.mov(a2, a15);
  asm.mov(a3, a14);
  offset(asm, a4, a12, ANGLES);
  asm.movi(a5, 16);
  asm.call0('rope');
  asm.l32i(a8, a1, HALF);
  asm.mov(a2, a15);
  offset(asm, a3, a12, QUERIES);
  asm.slli(a9, a8, 5);
  asm.add(a3, a3, a9);
  asm.movi(a4, 32);
  asm.movi(a5, 127);
  asm.call0('quantize');
  asm.float_s(f0, a2, 0);
  asm.lsi(f1, a12, ACTIVATION_SCALE);
  asm.lsi(f2, a13, 64);
  asm.l32i(a8, a1, HALF);
  asm.mul_s(f1, f1, f2);
  asm.addx4(a8, a8, a12);
  asm.addi(a2, a15, 64);
  asm.addi(a3, a14, 64);
  offset(asm, a4, a12, KEY_ANGLES);
  asm.mul_s(f0, f0, f1);
  asm.movi(a5, 8);
  asm.ssi(f0, a8, QUERY_FACTOR);
  asm.call0('rope');

  asm.addi(a2, a15, 64);
  offset(asm, a3, a12, VECTOR16);
  asm.movi(a4, 16);
  asm.movi(a5, 127);
  asm.call0('quantize');
  toScale16(asm, 68);
  asm.l32i(a8, a1, LAYER);
  asm.l32i(a9, a1, HALF);
  asm.l32i(a10, a1, POSITION);
  asm.addx2(a8, a8, a9);
  asm.movi(a9, HALF_SCALES);
  asm.mull(a8, a8, a9);
  asm.movi(a11, memory.keyScales);
  asm.s32i(a8, a1, PLACE);
  asm.addx2(a8, a10, a8);
  asm.add(a8, a8, a11);
  asm.s16i(a2, a8, 0);

  asm.addi(a2, a15, 96);
  asm.addi(a3, a14, 96);
  asm.movi(a4, 16);
  asm.call0('scale_rows');
  asm.addi(a2, a15, 96);
  offset(asm, a3, a12, VECTOR16 + 16);
  asm.movi(a4, 16);
  asm.movi(a5, 127);
  asm.call0('quantize');
  toScale16(asm, 72);
  const [first, stored] = [asm.label('first'), asm.label('stored')];
  asm.l32i(a8, a1, PLACE);
  asm.l32i(a10, a1, POSITION);
  asm.movi(a11, memory.valueScales);
  asm.add(a8, a8, a11);
  asm.addx2(a9, a10, a8);
  asm.s16i(a2, a9, 0);
  asm.beqz(a10, first);
  asm.l32i(a9, a8, PEAK);
  asm.max(a2, a2, a9);
  asm.j(stored);
  asm.place(first);
  asm.movi(a9, 1);
  asm.max(a2, a2, a9);
  asm.place(stored);
  asm.s32i(a2, a8, PEAK);
  spread(asm, a10, [LAYER, HALF]);
  leave(asm, 48, saved);
}

/** Spreads two heads' keys and values over the cache; a12: scratch. */
function spread(asm: Assembler, position: AR, [layer, half]: readonly [number, number]): void {
  const [even, odd, value, keys, values, rounds] = [a2, a3, a4, a5, a6, a7];
  asm.l32i(a8, a1, layer);
  asm.l32i(a9, a1, half);
  asm.srai(a11, position, 4);
  asm.slli(a8, a8, 2);
  asm.addx2(a8, a9, a8);
  asm.slli(a8, a8, HEAD_CACHE_SHIFT);
  asm.slli(a11, a11, GROUP_BYTES_SHIFT);
  asm.add(a8, a8, a11);
  asm.extui(a9, position, 0, 4);
  asm.add(a8, a8, a9);
  asm.movi(keys, memory.keys);
  asm.movi(values, memory.values);
  asm.add(keys, keys, a8);
  asm.add(values, values, a8);
  offset(asm, even, a12, VECTOR16);
  asm.addi(odd, even, 8);
  asm.addi(value, even, 16);
  asm.movi(rounds, 2);
  asm.loop(rounds, () => {
    for (let i = 0; i < 4; i += 2) {
      asm.l8ui(a8, even, i);
      asm.l8ui(a9, even, i + 1);
      asm.l8ui(a10, odd, i);
      asm.l8ui(a11, odd, i + 1);
      asm.s8i(a8, keys, 16 * i);
      asm.s8i(a9, keys, 16 * i + 16);
      asm.s8i(a10, keys, 64 + 16 * i);
      asm.s8i(a11, keys, 80 + 16 * i);
    }
    for (let i = 0; i < 8; i += 4) {
      [a8, a9, a10, a11].forEach((register, k) => {
        asm.l8ui(register, value, i + k);
      });
      [a8, a9, a10, a11].forEach((register, k) => {
        asm.s8i(register, values, 16 * (i + k));
      });
    }
    asm.addi(even, even, 4);
    asm.addi(odd, odd, 4);
    asm.addi(value, value, 8);
    asm.addmi(keys, keys, 1 << HEAD_CACHE_SHIFT);
    asm.addmi(values, values, 1 << HEAD_CACHE_SHIFT);
  });
}

/** (half, layer, position); a half has four heads, which share two heads of the cache. */
export function attend(asm: Assembler): void {
  const saved = [a0, a12, a13, a14, a15];
  const [SCALES, GROUPS, POSITIONS, OUT, SHIFT, FACTOR] = [0, 4, 8, 12, 16, 20];
  const [again, done] = [asm.label('again'), asm.label('done')];
  enter(asm, 64, saved);
  scratchOf(asm, a12, a2, a8);
  asm.addx4(a8, a2, a12);
  asm.l32i(a9, a8, QUERY_FACTOR);
  asm.s32i(a9, a1, FACTOR);
  asm.srai(a10, a4, 4);
  asm.addi(a10, a10, 1);
  asm.s32i(a10, a1, GROUPS);
  asm.addi(a4, a4, 1);
  asm.s32i(a4, a1, POSITIONS);
  // Scales of this layer and half: all four heads look at the same half of the cache.
  asm.addx2(a8, a3, a2);
  asm.movi(a9, HALF_SCALES);
  asm.mull(a8, a8, a9);
  asm.s32i(a8, a1, SCALES);
  asm.movi(a9, memory.attention);
  asm.slli(a10, a2, 6);
  asm.add(a9, a9, a10);
  asm.s32i(a9, a1, OUT);
  // a13: query, a14: cache offset of the head, a15: rounds left.
  offset(asm, a13, a12, QUERIES);
  asm.slli(a10, a2, 5);
  asm.add(a13, a13, a10);
  asm.slli(a14, a3, 2);
  asm.addx2(a14, a2, a14);
  asm.slli(a14, a14, HEAD_CACHE_SHIFT);
  asm.movi(a15, 4);
  asm.movi(a9, memory.valueScales + PEAK);
  asm.add(a9, a9, a8);
  asm.l32i(a9, a9, 0);
  asm.nsau(a9, a9);
  asm.movi(a10, 32);
  asm.sub(a5, a10, a9);
  asm.s32i(a5, a1, SHIFT);
  // softmax_table(table, mantissa, shift, valueShift)
  asm.l32i(a8, a1, FACTOR);
  asm.movi(a9, 0x800000);
  asm.extui(a10, a8, 23, 9);
  asm.slli(a3, a8, 9);
  asm.srli(a3, a3, 9);
  asm.or(a3, a3, a9);
  asm.srli(a3, a3, 9);
  asm.movi(a4, 141);
  asm.sub(a4, a4, a10);
  asm.movi(a9, 0);
  asm.max(a4, a4, a9);
  asm.movi(a9, 31);
  asm.min(a4, a4, a9);
  asm.addi(a2, a12, SOFTMAX);
  asm.call0('softmax_table');

  asm.place(again);
  offset(asm, a2, a12, QUERY);
  asm.l32i(a8, a13, 0);
  asm.l32i(a9, a13, 16);
  asm.s32i(a8, a2, 0);
  asm.s32i(a9, a2, 4);
  asm.movi(a3, memory.keys);
  asm.add(a3, a3, a14);
  asm.l32i(a8, a1, SCALES);
  asm.movi(a5, memory.keyScales);
  asm.add(a5, a5, a8);
  asm.movi(a4, 8);
  offset(asm, a6, a12, SCORES);
  asm.l32i(a7, a1, POSITIONS);
  asm.call0('scores');
  asm.mov(a6, a2);
  offset(asm, a2, a12, SCORES);
  asm.l32i(a8, a1, SCALES);
  asm.movi(a3, memory.valueScales);
  asm.add(a3, a3, a8);
  offset(asm, a4, a12, WEIGHTS);
  asm.l32i(a5, a1, GROUPS);
  asm.addi(a7, a12, SOFTMAX);
  asm.call0('softmax');
  // reciprocal of the sum >> (15 - shift)
  asm.nsau(a8, a2);
  asm.ssl(a8);
  asm.sll(a9, a2);
  asm.extui(a9, a9, 16, 16);
  asm.movi(a10, 0x7fffffff);
  asm.quou(a10, a10, a9);
  asm.l32i(a11, a1, SHIFT);
  asm.addi(a8, a8, -2);
  asm.ssl(a8);
  asm.movi(a8, 15);
  asm.sub(a8, a8, a11);
  asm.sll(a7, a10);
  asm.ssr(a8);
  asm.sra(a7, a7);
  asm.movi(a2, memory.values);
  asm.add(a2, a2, a14);
  offset(asm, a3, a12, WEIGHTS);
  asm.l32i(a4, a1, GROUPS);
  asm.movi(a5, 8);
  asm.l32i(a6, a1, OUT);
  asm.addi(a8, a6, 16);
  asm.s32i(a8, a1, OUT);
  asm.call0('values');
  asm.addi(a15, a15, -1);
  asm.addi(a13, a13, 4);
  asm.beqz(a15, done);
  // Two heads of queries to a head of the cache.
  asm.bbsi(a15, 0, again);
  asm.addmi(a14, a14, 1 << HEAD_CACHE_SHIFT);
  asm.j(again);
  asm.place(done);
  leave(asm, 64, saved);
}
