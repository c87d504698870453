/**
 * What products with weights of a few bits have in common (matvec4.ts, matvec5.ts): groups of columns have scales of their own, so QACC is read
 * out after each, exactly, and the scaled sums wait in two registers.
 */
import type { KernelShape } from '../quantize/index.ts';
import { type AR, type Assembler, a1, a12, type QR, qRegisters } from '../xtensa/index.ts';
import { type Kernel, kernel } from './kernel.ts';
import { loadQacc, openWideReadOut, QACC_FRAME, storeQacc, type WideReadOut } from './qacc.ts';

export const CHUNK = 16;
/** Rows of a block. */
const BLOCK = 16;
/** Of products with scales in 2^-15. */
const SCALE_BITS = 15;
/** That addi goes back by. */
const LARGEST_STEP = 128;
/** Bytes behind QACC's that keep a12. */
const SAVED = 16;

export interface Registers extends WideReadOut {
  weights: AR;
  x: AR;
  y: AR;
  /** Activations on their way, in turn; the first one holds a group's first when it begins. */
  chunks: readonly [QR, QR];
  /** Weights on their way, in turn; the read-out's constants and the scales at its end. */
  pairs: readonly [QR, QR];
  /** What weights are made of before they are multiplied by; high bytes at the read-out. */
  shifted: QR;
  low: QR;
  sums: readonly [QR, QR];
}

export interface Grouping {
  /** Chunks of each group. */
  chunks(columns: number, shape: KernelShape): number[];
  /** More groups than this are looped over, not written out. */
  longestWritten: number;
  /**
   * A group's products. Loads ride along: of the weights' register after the next, of the next chunk, and of the read-out's constants in place of
   * the next group's first two. Returns the registers that hold these, 1 and -128.
   */
  products(asm: Assembler, chunks: number, registers: Registers): readonly [QR, QR];
  /** SAR when products begin, where they want one. */
  shift?: number;
}

/** Reads the group's sums, scales them and adds them to those so far. The next group's beginning is loaded meanwhile. */
function scaledSums(asm: Assembler, [one, lowest]: readonly [QR, QR], r: Registers): void {
  const { weights, x, chunks, pairs, shifted: high, low, sums, constants, rounding, save } = r;
  asm.addi(constants, constants, -2 * CHUNK);
  asm.ee_srcmb_s8_qacc(high, r.shift, 0);
  storeQacc(asm, save, -48);
  asm.ee_srcmb_s8_qacc(high, r.eight, 0);
  loadQacc(asm, save, -48);
  // What is left is 0 ... 255; less 128, it can be read as a signed byte.
  asm.ee_vmulas_s8_qacc_ld_ip(chunks[0], x, CHUNK, high, lowest);
  asm.ee_vmulas_s8_qacc(high, lowest);
  asm.ee_vmulas_s8_qacc_ld_ip(one, weights, CHUNK, lowest, one);
  asm.ssai(SCALE_BITS);
  asm.ee_srcmb_s8_qacc(low, r.zero, 0);
  asm.ee_xorq(low, low, lowest);
  asm.ee_ldqa_u8_128_ip(rounding, 0);
  asm.ee_vzip_8(low, high);
  // The scales become s16, in 2^-15; their registers get the next weights, in their order.
  const [scales, lowScales] = [one, lowest];
  asm.ee_zero_q(lowScales);
  asm.ee_vzip_8(lowScales, scales);
  const scaleHigh = (): void => asm.ee_vmul_s16_ld_incp(scales, weights, high, high, scales);
  const scaleLow = (): void => asm.ee_vmul_s16_ld_incp(lowScales, weights, low, low, lowScales);
  for (const scale of scales === pairs[0] ? [scaleHigh, scaleLow] : [scaleLow, scaleHigh]) scale();
  asm.ee_vadds_s16(sums[0], sums[0], low);
  asm.ee_vadds_s16(sums[1], sums[1], high);
}

/** x goes back by a row. */
function rewind(asm: Assembler, x: AR, columns: number): void {
  const pages = columns & ~0xff;
  if (pages) asm.addmi(x, x, -pages);
  for (let left = columns - pages; left > 0; left -= LARGEST_STEP)
    asm.addi(x, x, -Math.min(left, LARGEST_STEP));
}

/** A block of 16 rows. */
function block(
  asm: Assembler,
  columns: number,
  groups: readonly number[],
  { products, longestWritten, shift }: Grouping,
  registers: Registers,
): void {
  const { x, y, sums } = registers;
  const group = (chunks: number, isLast: boolean): void => {
    const constants = products(asm, chunks, registers);
    if (isLast) rewind(asm, x, columns);
    scaledSums(asm, constants, registers);
    if (shift !== undefined) asm.ssai(shift);
  };
  for (const sum of sums) asm.ee_zero_q(sum);
  if (groups.length <= longestWritten)
    groups.forEach((chunks, index) => void group(chunks, index === groups.length - 1));
  else {
    const whole = groups.slice(0, -1).filter((chunks) => chunks === groups[0]).length;
    const again = asm.label('group');
    asm.movi(a12, whole);
    asm.place(again);
    group(groups[0], false);
    asm.addi(a12, a12, -1);
    asm.bnez(a12, again);
    groups.slice(whole).forEach((chunks, index) => void group(chunks, index === groups.length - 1 - whole));
  }
  for (const sum of sums) asm.ee_vst_128_ip(sum, y, CHUNK);
}

type Grouped = 'matvec4_dim' | 'matvec4_hidden' | 'matvec5_dim' | 'matvec5_hidden';

/** A matrix kernel for vectors of `columns` elements. */
export function groupedMatvec(
  name: Grouped,
  columnsOf: (shape: KernelShape) => number,
  grouping: Grouping,
): Kernel {
  return kernel(name, (asm, { weights, x, columns: zero, y, rows, shift }, shape) => {
    const columns = columnsOf(shape);
    const groups = grouping.chunks(columns, shape);
    const isLooped = groups.length > grouping.longestWritten;
    const [chunk0, chunk1, pair0, pair1, shifted, low, low16, high16] = qRegisters;
    const registers: Registers = {
      ...asm.pool('AR', 'constants', 'rounding', 'save', 'eight'),
      ...{ weights, x, zero, y, shift, shifted, low },
      chunks: [chunk0, chunk1],
      pairs: [pair0, pair1],
      sums: [low16, high16],
    };
    // The second half of a small matrix has no rows.
    const done = asm.label('done');
    asm.beqz(rows, done);
    openWideReadOut(asm, registers);
    if (isLooped) {
      asm.addi(a1, a1, -SAVED);
      asm.s32i(a12, a1, 0);
    }
    asm.ee_vld_128_ip(chunk0, x, CHUNK);
    for (const pair of registers.pairs) asm.ee_vld_128_ip(pair, weights, CHUNK);
    if (grouping.shift !== undefined) asm.ssai(grouping.shift);
    const again = asm.label('block');
    asm.alignTarget();
    asm.place(again);
    block(asm, columns, groups, grouping, registers);
    asm.addi(rows, rows, -BLOCK);
    asm.bnez(rows, again);
    if (isLooped) asm.l32i(a12, a1, 0);
    asm.addi(a1, a1, QACC_FRAME + (isLooped ? SAVED : 0));
    asm.place(done);
    asm.ret();
  });
}
