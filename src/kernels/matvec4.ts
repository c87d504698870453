/**
 * y = W x for int4 weights: as matvec.ts, with two columns a load. A register serves as it lies for the first of them, and shifted left by
 * four bits for the second; the weights' low bits are what happens to lie there (device/kernels/matvec4.ts).
 */
import { INT4_GROUP, type Int4Group } from '../model/index.ts';
import type { Assembler, QR } from '../xtensa/index.ts';
import { CHUNK, type Grouping, groupedMatvec, type Registers } from './grouped.ts';

const NIBBLE = 4;

/** Chunks of each group of at most `largest` columns: as even as can be, larger ones first. */
export function groupChunks(columns: number, largest: Int4Group = INT4_GROUP): number[] {
  let chunks = columns / CHUNK;
  const count = Math.ceil(columns / largest);
  return Array.from({ length: count }, (_, group) => {
    const mine = Math.ceil(chunks / (count - group));
    chunks -= mine;
    return mine;
  });
}

function products(asm: Assembler, count: number, r: Registers): readonly [QR, QR] {
  const { weights, x, chunks, pairs, shifted, constants } = r;
  for (let chunk = 0; chunk < count; chunk++) {
    const [mine, next] = [chunks[chunk % 2], chunks[(chunk + 1) % 2]];
    for (let column = 0; column < CHUNK; column += 2) {
      const pair = pairs[(column / 2) % 2];
      const isLast = chunk === count - 1 && column >= CHUNK - 4;
      asm.ee_vsl_32(shifted, pair);
      asm.ee_vsmulas_s8_qacc_ld_incp(pair, isLast ? constants : weights, pair, mine, column);
      if (column === 0 && chunk < count - 1)
        asm.ee_vsmulas_s8_qacc_ld_incp(next, x, shifted, mine, column + 1);
      else asm.ee_vsmulas_s8_qacc(shifted, mine, column + 1);
    }
  }
  return pairs;
}

const grouping: Grouping = {
  chunks: (columns, { int4Group }) => groupChunks(columns, int4Group),
  longestWritten: 4,
  products,
  shift: NIBBLE,
};

export const matvec4Dim = groupedMatvec('matvec4_dim', ({ dim }) => dim, grouping);
export const matvec4Hidden = groupedMatvec('matvec4_hidden', ({ hidden }) => hidden, grouping);
