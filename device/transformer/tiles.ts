/**
 * Tiles of weights, brought from external memory into the cache for several positions. Cores take turns in it: while one waits for the
 * bus, the other multiplies what it has. If both did the same at the same time, the bus would rest meanwhile.
 */
import { cores, teamwork } from "../contract/config";
import { tileRows } from "../contract/fixed";
import { rowBytes } from "../contract/formats";
import { TEAMWORK_TILES as TILES } from "../contract/status";
import { read32, write32 } from "../chip";
import { LINE_BYTES } from "../flash";

/** Internal memory needs no bringing in. */
const SRAM: usize = 0x3fc8_0000;

/** Rows of a tile. */
// @ts-ignore: decorator
@inline
export function tileOf(format: i32, columns: i32): i32 {
  return tileRows(rowBytes(format, columns));
}

// @ts-ignore: decorator
@inline
function tilesOf(core: i32): usize {
  return teamwork + TILES + (<usize>core << 2);
}

/**
 * A half's next tile comes into the cache. Core 0 begins; each counts its tiles, and both must call this equally often from one
 * barrier to the next, with no bytes where a half has fewer rows.
 */
// @ts-ignore: decorator
@inline
export function bringIn(half: i32, weights: usize, bytes: usize): void {
  if (cores == 2) takeTurn(half, weights, bytes);
}

function takeTurn(core: i32, weights: usize, bytes: usize): void {
  const count = read32(tilesOf(core)) + 1;
  while (<i32>(read32(tilesOf(core ^ 1)) - count) < core - 1) {}
  if (weights < SRAM) for (let line = weights & ~(LINE_BYTES - 1); line < weights + bytes; line += LINE_BYTES) read32(line);
  write32(tilesOf(core), count);
}
