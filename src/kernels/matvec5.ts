/**
 * y = W x for weights of 5 1/3 bits: three columns in two registers, which serve as they lie for the first two of them; the third is the first
 * register shifted left by five bits, exclusive or the second one shifted by two (device/kernels/matvec5.ts).
 */
import { value } from '../contract/index.ts';
import type { Assembler, QR } from '../xtensa/index.ts';
import { CHUNK, type Grouping, groupedMatvec, type Registers } from './grouped.ts';

/** Chunks of a group. */
const GROUP = value.INT5_GROUP / CHUNK;
/** By which the first register of three columns and the second one are shifted. */
const [FIRST, SECOND] = [5, 2];

/** Chunks of each group: a smaller one last. */
const groupChunks = (columns: number): number[] => {
  const chunks = columns / CHUNK;
  return Array.from({ length: Math.ceil(chunks / GROUP) }, (_, group) =>
    Math.min(GROUP, chunks - GROUP * group),
  );
};

function products(asm: Assembler, count: number, r: Registers): readonly [QR, QR] {
  const { weights, x, chunks, pairs, shifted, low, constants } = r;
  const columns = CHUNK * count;
  const registers = Math.ceil((2 * columns) / 3);
  let loaded = 2;
  /** Multiplies by a column's activation; with a register of weights that has served, which is loaded anew. */
  const multiply = (register: QR, column: number): void => {
    const from = loaded++ < registers ? weights : constants;
    asm.ee_vsmulas_s8_qacc_ld_incp(register, from, register, chunkOf(column), column % CHUNK);
  };
  const chunkOf = (column: number): QR => chunks[Math.floor(column / CHUNK) % 2];
  const [first, second] = pairs;
  let column = 0;
  for (; column + 3 <= columns; column += 3) {
    asm.ssai(FIRST);
    asm.ee_vsl_32(shifted, first);
    asm.ssai(SECOND);
    asm.ee_vsl_32(low, second);
    multiply(first, column);
    asm.ee_xorq(shifted, shifted, low);
    multiply(second, column + 1);
    const third = column + 2;
    // The chunk after this one is loaded as soon as the one before it has served.
    const next = Math.floor(third / CHUNK) + 1;
    if (third % CHUNK <= 2 && next < count)
      asm.ee_vsmulas_s8_qacc_ld_incp(chunks[next % 2], x, shifted, chunkOf(third), third % CHUNK);
    else asm.ee_vsmulas_s8_qacc(shifted, chunkOf(third), third % CHUNK);
  }
  // Columns that are left have registers of their own.
  for (let register = 0; column < columns; column++, register++) multiply(pairs[register], column);
  return registers % 2 ? [second, first] : pairs;
}

const grouping: Grouping = { chunks: groupChunks, longestWritten: 1, products };

export const matvec5Dim = groupedMatvec('matvec5_dim', ({ dim }) => dim, grouping);
export const matvec5Hidden = groupedMatvec('matvec5_hidden', ({ hidden }) => hidden, grouping);
