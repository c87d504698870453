/**
 * The picture in the screen's own form: 8 pages of 128 columns, a byte holds 8 rows of a column. Rows form a ring, because
 * the screen scrolls by beginning its display at another row. A page remembers which of its columns the screen has not got.
 */
import { screenPicture } from "../contract/config";

export const WIDTH: u32 = 128;
export const ROWS: u32 = 64;
export const PAGES: u32 = 8;

// Behind the picture, a byte a page: the columns from FIRST up to END are news; none if END is 0.
const FIRST: usize = 1024;
const END: usize = 1032;

/** Inverts those of up to 9 rows from `row` down whose bit is set. */
export function flipColumn(column: u32, row: u32, bits: u32): void {
  const shifted = bits << (row & 7);
  const page = (row >> 3) & (PAGES - 1);
  flip(page, column, shifted & 0xff);
  flip((page + 1) & (PAGES - 1), column, shifted >> 8);
}

function flip(page: u32, column: u32, bits: u32): void {
  if (!bits) return;
  const at = screenPicture + (page << 7) + column;
  store<u8>(at, load<u8>(at) ^ bits);
  touch(page, column);
}

/** Darkens 9 rows from `row` down, in the columns from `column` up to `end`. */
export function wipeRows(row: u32, column: u32, end: u32): void {
  const mask: u32 = 0x1ff << (row & 7);
  const page = (row >> 3) & (PAGES - 1);
  for (; column < end; column++) {
    flip(page, column, bitsAt(page, column) & mask);
    flip((page + 1) & (PAGES - 1), column, bitsAt((page + 1) & (PAGES - 1), column) & (mask >> 8));
  }
}

/** The same over the whole width. */
export function wipeLine(row: u32): void {
  const mask: u32 = 0x1ff << (row & 7);
  const page = (row >> 3) & (PAGES - 1);
  darken(page, mask & 0xff);
  darken((page + 1) & (PAGES - 1), mask >> 8);
}

export function wipeAll(): void {
  for (let page: u32 = 0; page < PAGES; page++) darken(page, 0xff);
}

/** Clears the rows of `mask` of a page, four columns at a time, most of which are dark. */
function darken(page: u32, mask: u32): void {
  const lit = mask * 0x0101_0101;
  for (let column: u32 = 0; column < WIDTH; column += 4) {
    const at = screenPicture + (page << 7) + column;
    const old = load<u32>(at);
    if (!(old & lit)) continue;
    store<u32>(at, old & ~lit);
    touch(page, column);
    touch(page, column + 3);
  }
}

function touch(page: u32, column: u32): void {
  const at = screenPicture + page;
  if (!load<u8>(at, END) || column < load<u8>(at, FIRST)) store<u8>(at, column, FIRST);
  if (column >= load<u8>(at, END)) store<u8>(at, column + 1, END);
}

/** First page from `page` on, around the ring, with news; PAGES if none has. */
export function newsFrom(page: u32): u32 {
  for (let i: u32 = 0; i < PAGES; i++) {
    const candidate = (page + i) & (PAGES - 1);
    if (load<u8>(screenPicture + candidate, END)) return candidate;
  }
  return PAGES;
}

// @ts-ignore: decorator
@inline
export function firstNews(page: u32): u32 {
  return load<u8>(screenPicture + page, FIRST);
}

// @ts-ignore: decorator
@inline
export function newsEnd(page: u32): u32 {
  return load<u8>(screenPicture + page, END);
}

/** The screen has got everything up to `column`. */
export function forgetNews(page: u32, column: u32): void {
  const at = screenPicture + page;
  if (column >= load<u8>(at, END)) store<u8>(at, 0, END);
  else store<u8>(at, column, FIRST);
}

// @ts-ignore: decorator
@inline
export function bitsAt(page: u32, column: u32): u32 {
  return load<u8>(screenPicture + (page << 7) + column);
}
