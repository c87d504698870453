/**
 * Single-precision matrix product for tall, thin matrices, register-blocked 4 rows by 8 columns.
 * B goes through a packed panel of 8 columns (scratch), so that the inner loop reads it in one stream
 * whatever its layout was; A is read in place, along rows (`aColStride` 1) or along columns.
 */
import { multiplyAdd } from './math';

/** Rows of C that share one packed panel; rows of A then stay in the first two cache levels. */
const ROW_BLOCK: i32 = 128;
/** Depth of a packed panel: 8 columns by 256 floats are 8 KiB. */
const DEPTH_BLOCK: i32 = 256;
const TILE_ROWS: i32 = 4;
const TILE_COLUMNS: i32 = 8;

/** Panel (8 KiB), then one 4 by 8 tile for the edges: see SCRATCH_BYTES in ../kernels.ts. */
let panel: usize = 0;
let tile: usize = 0;

/** Every instance (one a thread) needs 8,320 bytes of its own, 16-byte aligned. */
export function setScratch(address: usize): void {
  panel = address;
  tile = address + <usize>(DEPTH_BLOCK * TILE_COLUMNS * 4);
}

/**
 * Copies `columns` columns (at most 8, the rest is zero) of B into a panel, depth-major: `depth` times 8 floats.
 * Strides count bytes.
 */
export function pack(panel: usize, b: usize, rowStride: usize, columnStride: usize, columns: i32, depth: i32): void {
  if (columns == TILE_COLUMNS && columnStride == 4) return packRows(panel, b, rowStride, depth);
  if (columns == TILE_COLUMNS && rowStride == 4 && (depth & 3) == 0) return packColumns(panel, b, columnStride, depth);
  let to = panel;
  for (let k = 0; k < depth; k++) {
    let from = b + <usize>k * rowStride;
    for (let j = 0; j < TILE_COLUMNS; j++) {
      store<f32>(to, j < columns ? load<f32>(from) : 0);
      to += 4;
      if (j < columns) from += columnStride;
    }
  }
}

function packRows(panel: usize, b: usize, rowStride: usize, depth: i32): void {
  let to = panel;
  for (let k = 0; k < depth; k++) {
    v128.store(to, v128.load(b));
    v128.store(to, v128.load(b, 16), 16);
    b += rowStride;
    to += 32;
  }
}

/** B is stored by columns (a weight matrix, used transposed): 4 by 4 transpositions. */
function packColumns(panel: usize, b: usize, columnStride: usize, depth: i32): void {
  for (let half: usize = 0; half < 2; half++) {
    let p0 = b + half * 4 * columnStride;
    let p1 = p0 + columnStride;
    let p2 = p1 + columnStride;
    let p3 = p2 + columnStride;
    let to = panel + half * 16;
    for (let k = 0; k < depth; k += 4) {
      const r0 = v128.load(p0);
      const r1 = v128.load(p1);
      const r2 = v128.load(p2);
      const r3 = v128.load(p3);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5), 0);
      v128.store(to, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
      v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
      v128.store(to, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
      p0 += 16;
      p1 += 16;
      p2 += 16;
      p3 += 16;
      to += 128;
    }
  }
}

/** C tile (4 by 8) = or += four rows of A times a panel; A along its rows or, `down`, along its columns. */
// @ts-expect-error: decorator
@inline
function multiplyTile(
  c: usize, cStride: usize, a: usize, aStride: usize, down: bool, panel: usize, depth: i32, add: bool,
): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  const c1 = c + cStride;
  const c2 = c1 + cStride;
  const c3 = c2 + cStride;
  if (add) {
    s00 = v128.load(c);
    s01 = v128.load(c, 16);
    s10 = v128.load(c1);
    s11 = v128.load(c1, 16);
    s20 = v128.load(c2);
    s21 = v128.load(c2, 16);
    s30 = v128.load(c3);
    s31 = v128.load(c3, 16);
  }
  let p0 = a;
  let p1 = a + aStride;
  let p2 = p1 + aStride;
  let p3 = p2 + aStride;
  let b = panel;
  const end = panel + (<usize>depth << 5);
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = down ? v128.load32_splat(p0) : v128.load32_splat(p0);
    s00 = multiplyAdd(x, b0, s00);
    s01 = multiplyAdd(x, b1, s01);
    x = down ? v128.load32_splat(p0, 4) : v128.load32_splat(p1);
    s10 = multiplyAdd(x, b0, s10);
    s11 = multiplyAdd(x, b1, s11);
    x = down ? v128.load32_splat(p0, 8) : v128.load32_splat(p2);
    s20 = multiplyAdd(x, b0, s20);
    s21 = multiplyAdd(x, b1, s21);
    x = down ? v128.load32_splat(p0, 12) : v128.load32_splat(p3);
    s30 = multiplyAdd(x, b0, s30);
    s31 = multiplyAdd(x, b1, s31);
    if (down) {
      p0 += aStride;
    } else {
      p0 += 4;
      p1 += 4;
      p2 += 4;
      p3 += 4;
    }
    b += 32;
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

/** As multiplyTile, A row-major: rows aStride bytes apart. */
export function tileAlong(c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, depth: i32, add: bool): void {
  multiplyTile(c, cStride, a, aStride, false, panel, depth, add);
}

/** As multiplyTile, A transposed: its four rows are adjacent floats, a step of depth is aStride bytes. */
export function tileDown(c: usize, cStride: usize, a: usize, aStride: usize, panel: usize, depth: i32, add: bool): void {
  multiplyTile(c, cStride, a, aStride, true, panel, depth, add);
}

/** A tile of which only `rows` by `columns` are kept; rows of A past the end are read, whatever lies there. */
export function tileEdge(
  c: usize, cStride: usize, a: usize, aStride: usize, down: bool, panel: usize,
  rows: i32, columns: i32, depth: i32, add: bool,
): void {
  if (rows >= TILE_ROWS && columns >= TILE_COLUMNS) {
    if (down) tileDown(c, cStride, a, aStride, panel, depth, add);
    else tileAlong(c, cStride, a, aStride, panel, depth, add);
    return;
  }
  if (down) tileDown(tile, 32, a, aStride, panel, depth, false);
  else tileAlong(tile, 32, a, aStride, panel, depth, false);
  for (let i = 0; i < min(rows, TILE_ROWS); i++) {
    for (let j = 0; j < min(columns, TILE_COLUMNS); j++) {
      const to = c + <usize>i * cStride + (<usize>j << 2);
      const value = load<f32>(tile + (<usize>i << 5) + (<usize>j << 2));
      store<f32>(to, add ? load<f32>(to) + value : value);
    }
  }
}

/**
 * C (rows by columns) = A (rows by depth) times B (depth by columns), or += with `add`.
 * Strides count floats; C is row-major, one of A's strides is 1 (rows of C that A's edge tile reads past
 * the end must be readable memory), B's are free.
 */
export function gemm(
  c: usize, cStride: i32,
  a: usize, aRowStride: i32, aColumnStride: i32,
  b: usize, bRowStride: i32, bColumnStride: i32,
  rows: i32, columns: i32, depth: i32, add: bool,
): void {
  const down = aColumnStride != 1;
  const aRow = <usize>aRowStride << 2;
  const aColumn = <usize>aColumnStride << 2;
  const aStep = down ? aColumn : aRow;
  const bRow = <usize>bRowStride << 2;
  const bColumn = <usize>bColumnStride << 2;
  const cRow = <usize>cStride << 2;
  for (let k = 0; k < depth; k += DEPTH_BLOCK) {
    const kCount = min(DEPTH_BLOCK, depth - k);
    const keep = add || k > 0;
    for (let block = 0; block < rows; block += ROW_BLOCK) {
      const last = min(rows, block + ROW_BLOCK);
      for (let j = 0; j < columns; j += TILE_COLUMNS) {
        const from = b + <usize>k * bRow + <usize>j * bColumn;
        pack(panel, from, bRow, bColumn, min(TILE_COLUMNS, columns - j), kCount);
        for (let i = block; i < last; i += TILE_ROWS) {
          const rowsOfA = a + <usize>i * aRow + <usize>k * aColumn;
          const to = c + <usize>i * cRow + (<usize>j << 2);
          tileEdge(to, cRow, rowsOfA, aStep, down, panel, last - i, columns - j, kCount, keep);
        }
      }
    }
  }
}
