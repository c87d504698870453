/**
 * y = round(W x / 2^shift) for int8 rows: 16 multiply-adds in an instruction that also loads the next 16 weights.
 *
 * As many chunks of x as fit stay in registers for all rows; the others are loaded again for each row, and lie between
 * resident ones so that a load has an instruction's time before its use. ACCX starts a row as 2^(shift-1) for the rounding.
 * Reads up to 32 bytes beyond the weights (src/quantize pads for it).
 */
import type { KernelShape } from '../quantize/index.ts';
import { type AR, type Assembler, a1, type QR, qRegisters } from '../xtensa/index.ts';
import { enter, leave } from './common.ts';
import { type Kernel, kernel } from './kernel.ts';

const CHUNK = 16;
/** Registers of chunks of x that stay, where they do not all fit. */
const RESIDENT = 5;
/** More chunks than this are looped over, not written out. */
const LONGEST_ROW = 30;
/** Bytes of a hardware loop's body, with something in hand. */
const LOOP_BYTES = 240;

interface Registers {
  weights: AR;
  /** Streamed chunks of x. */
  stream: AR;
  y: AR;
  shift: AR;
  /** Address of the rounding constant. */
  half: AR;
  sums: readonly AR[];
}

/** Which chunks of x stay in registers: all, or every second one as far as registers go. */
function residentChunks(chunks: number): number[] {
  const all = Array.from({ length: chunks }, (_, i) => i);
  if (chunks <= RESIDENT + 1) return all;
  const odd = all.filter((i) => i % 2 === 1);
  const even = all.filter((i) => i % 2 === 0).reverse();
  return [...odd, ...even].slice(0, RESIDENT);
}

/** Bytes of a row's code: a product has 4, a load 3, the row's end at most 12. */
const rowBytes = (chunks: number, streamed: number): number => 4 * chunks + 3 * streamed + 12;

/** Rows whose chunks are written out: one instruction a chunk, one more for each that is not resident. */
function shortRows(asm: Assembler, chunks: number, x: AR, rows: AR, registers: Registers): void {
  const { weights, stream } = registers;
  const resident = residentChunks(chunks);
  const streamed = Array.from({ length: chunks }, (_, i) => i).filter((i) => !resident.includes(i));
  const place = new Map(resident.map((chunk, i) => [chunk, qRegisters[i]]));
  const [w0, w1] = qRegisters.slice(6);
  const passing = qRegisters[5];

  for (const chunk of resident) {
    asm.addi(stream, x, CHUNK * chunk);
    asm.ee_vld_128_ip(place.get(chunk)!, stream, 0);
  }
  const next = (at: number): number => streamed[(at + 1) % streamed.length];
  /** Loads streamed chunk number `at`; `stream` moves on to the one behind it, from the last back to the first. */
  const pass = (at: number): void => {
    if (streamed.length > 0) asm.ee_vld_128_ip(passing, stream, CHUNK * (next(at) - streamed[at]));
  };
  if (streamed.length > 0) asm.addi(stream, x, CHUNK * streamed[0]);
  pass(0);
  const row = (index: number): void => {
    for (let chunk = 0; chunk < chunks; chunk++) {
      const w = (index * chunks + chunk) % 2 ? w1 : w0;
      asm.ee_vmulas_s8_accx_ld_ip(w, weights, CHUNK, place.get(chunk) ?? passing, w);
      if (streamed.includes(chunk)) pass((streamed.indexOf(chunk) + 1) % streamed.length);
    }
  };
  const bytes = rowBytes(chunks, streamed.length);
  rowLoop(asm, rows, registers, w0, w1, 4 * bytes <= LOOP_BYTES ? 4 : 2, row, 2 * bytes <= LOOP_BYTES);
}

/** Rows whose chunks are looped over: two instructions a chunk. */
function longRows(asm: Assembler, chunks: number, x: AR, rows: AR, pairs: AR, registers: Registers): void {
  const { weights, stream } = registers;
  const [x0, x1] = qRegisters;
  const [w0, w1] = qRegisters.slice(6);
  const row = (index: number): void => {
    const [even, odd] = (index * chunks) % 2 ? [w1, w0] : [w0, w1];
    asm.mov(stream, x);
    asm.ee_vld_128_ip(x0, stream, CHUNK);
    asm.ee_vld_128_ip(x1, stream, CHUNK);
    asm.movi(pairs, chunks >> 1);
    asm.loop(pairs, () => {
      asm.ee_vmulas_s8_accx_ld_ip(even, weights, CHUNK, x0, even);
      asm.ee_vld_128_ip(x0, stream, CHUNK);
      asm.ee_vmulas_s8_accx_ld_ip(odd, weights, CHUNK, x1, odd);
      asm.ee_vld_128_ip(x1, stream, CHUNK);
    });
    if (chunks % 2) asm.ee_vmulas_s8_accx_ld_ip(even, weights, CHUNK, x0, even);
  };
  rowLoop(asm, rows, registers, w0, w1, 2, row, false);
}

/** All rows, `turn` of them written out in the body of a loop (a hardware loop unless `row` has one itself). */
function rowLoop(
  asm: Assembler,
  rows: AR,
  { weights, y, shift, half, sums }: Registers,
  w0: QR,
  w1: QR,
  turn: 2 | 4,
  row: (index: number) => void,
  hardware: boolean,
): void {
  asm.ee_vld_128_ip(w0, weights, CHUNK);
  asm.ee_vld_128_ip(w1, weights, CHUNK);
  asm.srli(rows, rows, turn === 4 ? 2 : 1);
  asm.addi(y, y, -2 * turn);
  asm.ee_ld_accx_ip(half, 0);
  const body = (): void => {
    for (let index = 0; index < turn; index++) {
      row(index);
      // One instruction has to part the last product and the shift.
      if (index === 0) asm.addi(y, y, 2 * turn);
      else asm.s16i(sums[index - 1], y, 2 * (index - 1));
      asm.ee_srs_accx(sums[index], shift, 0);
      asm.ee_ld_accx_ip(half, 0);
    }
    asm.s16i(sums[turn - 1], y, 2 * (turn - 1));
  };
  if (hardware) {
    asm.loopgtz(rows, body);
    return;
  }
  const again = asm.label('rows');
  asm.alignTarget();
  asm.place(again);
  body();
  asm.addi(rows, rows, -1);
  asm.bnez(rows, again);
}

/** A matrix kernel for vectors of `columns` elements. */
function matvec(name: 'matvec_dim' | 'matvec_hidden', columnsOf: (shape: KernelShape) => number): Kernel {
  return kernel(name, (asm, { weights, x, columns, y, rows, shift }, shape) => {
    const chunks = columnsOf(shape) / CHUNK;
    const { half, stream, s0, s1 } = asm.pool('AR', 'half', 'stream', 's0', 's1');
    enter(asm);
    asm.movi(half, 1);
    asm.addi(stream, shift, -1);
    asm.ssl(stream);
    asm.sll(half, half);
    asm.s32i(half, a1, 0);
    asm.movi(half, 0);
    asm.s32i(half, a1, 4);
    asm.mov(half, a1);
    // What is known here or done with is free for sums: `columns`, and `x` where its chunks are not looped over.
    const common = { weights, stream, y, shift, half };
    if (chunks <= LONGEST_ROW) shortRows(asm, chunks, x, rows, { ...common, sums: [s0, s1, columns, x] });
    else longRows(asm, chunks, x, rows, s1, { ...common, sums: [s0, columns] });
    leave(asm);
  });
}

export const matvecDim = matvec('matvec_dim', (shape) => shape.dim);
export const matvecHidden = matvec('matvec_hidden', (shape) => shape.hidden);
