/** Dropout in a pass: where, and the same in both directions. */
import type { Chunk, Operators } from './pass-operators.ts';
import type { Tensor } from './shape.ts';

/** What a step drops. */
export interface Dropping {
  /** Share of what is added to the residual stream that is dropped. */
  dropout: number;
  /** Another 32-bit number for every step. */
  dropoutKey: number;
}

/** Zeroes some of the (tokens, dim) floats at an address, the same ones each time for one of the `sites`. */
export type Drop = (at: number, site: number) => void;

/** Places where something is dropped, by number. */
export const sites = {
  embedding: 0,
  attention: (layer: number) => 2 * layer + 1,
  feedForward: (layer: number) => 2 * layer + 2,
  table: (behind: number) => -2 - behind,
};

/** What drops in a chunk of a step; nothing where none is asked for. */
export function dropping(
  { kernels, shape }: Operators,
  chunk: number,
  tokens: number,
  training?: Dropping,
): Drop | undefined {
  if (!training?.dropout) return undefined;
  const { dropout, dropoutKey } = training;
  const threshold = Math.round(dropout * 2 ** 31);
  return (at, site) =>
    kernels.dropout(at, tokens * shape.dim, dropKey(dropoutKey, chunk, site), threshold, 1 / (1 - dropout));
}

/** The key of what is dropped at a site of a chunk. */
export function dropKey(step: number, chunk: number, site: number): number {
  const key =
    Math.imul(step ^ Math.imul(chunk + 1, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(site + 1, 0xc2b2ae35);
  return Math.imul(key ^ (key >>> 15), 0x2c1b3c6d);
}

/** out = residual + x times W transposed, of which some is dropped. */
export function addBranch(
  ops: Operators,
  out: number,
  residual: number,
  x: number,
  w: Tensor,
  tokens: number,
  drop: ((at: number) => void) | undefined,
): void {
  const { kernels, copy, multiply, shape } = ops;
  if (drop) {
    multiply(out, x, w, tokens);
    drop(out);
    kernels.addInto(out, residual, tokens * shape.dim);
  } else {
    copy(out, residual, tokens * shape.dim);
    multiply(out, x, w, tokens, true);
  }
}

/** x += rows of a table, of which some is dropped. */
export function addRows(
  { kernels, buffers, weight }: Operators,
  { tokens, count }: Chunk,
  x: number,
  table: Tensor,
  drop: ((at: number) => void) | undefined,
): void {
  kernels.gather(buffers.dBranch, weight(table), tokens, count, table.columns);
  drop?.(buffers.dBranch);
  kernels.addInto(x, buffers.dBranch, count * table.columns);
}

/** The gradient of what a branch added to the residual stream: dx without what was dropped. */
export function branchGradient(
  { buffers, copy, shape }: Operators,
  tokens: number,
  site: number,
  drop?: Drop,
): number {
  if (!drop) return buffers.dx;
  copy(buffers.dBranch, buffers.dx, tokens * shape.dim);
  drop(buffers.dBranch, site);
  return buffers.dBranch;
}
