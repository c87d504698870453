/**
 * y = 2 round(W x / 2^shift) for int8 weights in blocks of 16 rows, column by column: an instruction multiplies 16 rows by one
 * activation, adds to QACC's 16 lanes, and loads the next column.
 *
 * The activations of the last chunks of a row (16 columns each) stay in registers for all blocks; the others pass through two
 * registers, one instruction a chunk. What the lanes' 20 bits cannot hold never comes: src/quantize/matrix.ts bounds the vectors.
 * Reads up to 32 bytes beyond the weights (src/quantize pads for it).
 */
import type { KernelShape } from '../quantize/index.ts';
import { type AR, type Assembler, type QR, qRegisters } from '../xtensa/index.ts';
import { type Kernel, kernel } from './kernel.ts';
import { closeReadOut, openReadOut, type ReadOut, readOut, readOutConstants } from './qacc.ts';

const CHUNK = 16;
/** Rows of a block. */
const BLOCK = 16;
/** Chunks of x that stay in registers. */
const RESIDENT = 4;
/** More passing chunks than this are looped over, not written out. */
const LONGEST_WRITTEN = 8;

interface Registers extends ReadOut {
  weights: AR;
  x: AR;
  y: AR;
  resident: readonly QR[];
  /** Columns on their way, in turn; the second is the read-out's constant at its end. */
  columns: readonly [QR, QR];
}

/** Multiplies by a chunk's activations; each product loads the column after the next. */
function products(asm: Assembler, { columns, weights }: Registers, chunk: QR, count = CHUNK): void {
  for (let c = 0; c < count; c++) {
    const w = columns[c % 2];
    asm.ee_vsmulas_s8_qacc_ld_incp(w, weights, w, chunk, c);
  }
}

/** The chunks that pass, written out, through two registers that are the read-out's later; x ends where it began. */
function writtenChunks(asm: Assembler, count: number, registers: Registers): void {
  const { x, high, low } = registers;
  const pass = [high, low];
  const load = (chunk: number): void => {
    const step = chunk === count - 1 ? -CHUNK * (count - 1) : CHUNK;
    asm.ee_vld_128_ip(pass[chunk % 2], x, step);
  };
  for (let chunk = 0; chunk < Math.min(2, count); chunk++) load(chunk);
  for (let chunk = 0; chunk < count; chunk++) {
    products(asm, registers, pass[chunk % 2]);
    if (chunk + 2 < count) load(chunk + 2);
  }
}

/** The same, looped over, with a count in `seven`. */
function loopedChunks(asm: Assembler, count: number, registers: Registers): void {
  const { x, high, low, seven } = registers;
  asm.movi(seven, count >> 1);
  for (const chunk of [high, low]) asm.ee_vld_128_ip(chunk, x, CHUNK);
  asm.loop(seven, () => {
    for (const chunk of [high, low]) {
      products(asm, registers, chunk);
      asm.ee_vld_128_ip(chunk, x, CHUNK);
    }
  });
  if (count % 2) products(asm, registers, high);
  const behind = CHUNK * (2 + (count & ~1));
  asm.movi(seven, -behind);
  asm.add(x, x, seven);
  asm.movi(seven, 7);
}

/** The products of a block of 16 rows with chunks that stay in registers, the last ones of its rows. */
function residentChunks(asm: Assembler, registers: Registers): void {
  const { resident, columns, rounding } = registers;
  const last = resident[resident.length - 1];
  for (const chunk of resident.slice(0, -1)) products(asm, registers, chunk);
  products(asm, registers, last, CHUNK - 2);
  // The read-out loads the next columns; the last product loads its constant.
  const [even, odd] = columns;
  asm.ee_vsmulas_s8_qacc(even, last, CHUNK - 2);
  asm.ee_vsmulas_s8_qacc_ld_incp(odd, rounding, odd, last, CHUNK - 1);
}

/** All blocks, one after the other. */
function blocks(asm: Assembler, passing: number, rows: AR, registers: Registers): void {
  const { weights, columns, y, high, low } = registers;
  const again = asm.label('block');
  asm.alignTarget();
  asm.place(again);
  if (passing > LONGEST_WRITTEN) loopedChunks(asm, passing, registers);
  else writtenChunks(asm, passing, registers);
  residentChunks(asm, registers);
  asm.addi(rows, rows, -BLOCK);
  readOut(asm, registers, { step: -CHUNK, next: { weights, column: columns[0] } });
  asm.ee_vst_128_ip(low, y, CHUNK);
  asm.ee_vst_128_ip(high, y, CHUNK);
  asm.bnez(rows, again);
}

/**
 * All blocks where no chunk passes, two in a turn: half the branches, where that counts. Sums are stored in the free cycles of the
 * next block, so the first one stands alone. The first turn of an odd number of the others begins with its second block.
 */
function pairs(asm: Assembler, rows: AR, spare: AR, registers: Registers): void {
  const { weights, columns, y, high, low } = registers;
  const storeHigh = (): void => void asm.ee_vst_128_ip(high, y, -CHUNK);
  const block = (first = false): void => {
    residentChunks(asm, registers);
    if (first) asm.addi(y, y, CHUNK);
    else storeHigh();
    const between = first
      ? () => asm.addi(rows, rows, -2 * BLOCK)
      : () => asm.ee_vst_128_ip(low, y, 3 * CHUNK);
    readOut(asm, registers, { step: -CHUNK, next: { weights, column: columns[0] }, between });
  };
  const [again, second, done] = [asm.label('pair'), asm.label('second'), asm.label('done')];
  block(true);
  asm.bltz(rows, done);
  asm.slli(spare, rows, 31 - Math.log2(BLOCK));
  asm.bgez(spare, second);
  asm.alignTarget();
  asm.place(again);
  block();
  asm.place(second);
  block();
  asm.addi(rows, rows, -2 * BLOCK);
  asm.bgez(rows, again);
  asm.place(done);
  storeHigh();
  asm.ee_vst_128_ip(low, y, 0);
}

/** A matrix kernel for vectors of `columns` elements. */
function matvec(name: 'matvec_dim' | 'matvec_hidden', columnsOf: (shape: KernelShape) => number): Kernel {
  return kernel(name, (asm, { weights, x, columns: zero, y, rows, shift }, shape) => {
    const chunks = columnsOf(shape) / CHUNK;
    const passing = Math.max(0, chunks - RESIDENT);
    const resident = qRegisters.slice(0, chunks - passing);
    const [column, lowest, high, low] = qRegisters.slice(RESIDENT);
    const registers: Registers = {
      ...asm.pool('AR', 'rounding', 'save', 'seven'),
      ...{ weights, x, zero, y, shift, resident, columns: [column, lowest], lowest, high, low },
    };
    let start = x;
    if (passing > 0) {
      start = registers.seven;
      asm.movi(start, CHUNK * passing);
      asm.add(start, start, x);
    }
    for (const chunk of resident) asm.ee_vld_128_ip(chunk, start, CHUNK);
    openReadOut(asm, registers);
    for (const w of registers.columns) asm.ee_vld_128_ip(w, weights, CHUNK);
    if (passing > 0) blocks(asm, passing, rows, registers);
    else pairs(asm, rows, registers.x, registers);
    closeReadOut(asm);
    if (name === 'matvec_dim') readOutConstants(asm);
  });
}

export const matvecDim = matvec('matvec_dim', (shape) => shape.dim);
export const matvecHidden = matvec('matvec_hidden', (shape) => shape.hidden);
