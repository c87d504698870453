/** What goes into the image: contents of the loaded items at their addresses, joined to segments for the ROM. */
import type { QuantizedModel } from '../quantize/index.ts';
import { resolveBlob } from '../quantize/index.ts';
import type { ImageSegment } from './image.ts';
import { CACHED, MMU_PAGE, type PlacedItem, ROM_DATA, roundUp } from './memory.ts';
import type { Layout } from './place.ts';
import { ZERO_RANGES } from './system.ts';

/** Contents by item name. */
export type Contents = ReadonlyMap<string, Uint8Array>;

/** Alignment gaps up to this many bytes are filled rather than given a segment header of their own. */
const LARGEST_GAP = 64;

/** The model's blobs with each other's addresses filled in. */
export function blobContents(
  model: QuantizedModel,
  addresses: ReadonlyMap<string, number>,
): Map<string, Uint8Array> {
  return new Map(model.blobs.map((blob) => [blob.name, resolveBlob(blob, addresses)]));
}

interface Piece {
  address: number;
  bytes: Uint8Array;
}

/** Joins pieces that touch, or almost. */
export function joinSegments(pieces: readonly Piece[]): ImageSegment[] {
  const runs: Piece[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const piece of pieces.toSorted((a, b) => a.address - b.address)) {
    if (piece.address - end > LARGEST_GAP) runs.push([]);
    runs[runs.length - 1].push(piece);
    end = piece.address + piece.bytes.length;
  }
  return runs.map((run) => {
    const address = run[0].address;
    const last = run[run.length - 1];
    const bytes = new Uint8Array(last.address + last.bytes.length - address);
    for (const piece of run) bytes.set(piece.bytes, piece.address - address);
    return { address, bytes };
  });
}

/** Pieces of the loaded items in SRAM. */
export function sramPieces(placed: readonly PlacedItem[], contents: Contents): Piece[] {
  return placed
    .filter(({ region, lifetime }) => region === 'sram' && lifetime === 'loaded')
    .flatMap(({ name, address }) => {
      const bytes = contents.get(name);
      return bytes && bytes.length > 0 ? [{ address, bytes }] : [];
    });
}

/** What lies in flash behind the image: the pages that are mapped, and on pages of their own what is copied to PSRAM at boot. */
export function flashData(
  { placed, flashBytes, copiedBytes }: Pick<Layout, 'placed' | 'flashBytes' | 'copiedBytes'>,
  contents: Contents,
): Uint8Array {
  const copies = roundUp(flashBytes, MMU_PAGE);
  const bytes = new Uint8Array(copiedBytes > 0 ? copies + copiedBytes : flashBytes);
  for (const { name, region, address, lifetime, isRest } of placed) {
    if (isRest) continue; // it comes with its beginning
    // PSRAM is mapped right behind the flash, so that both parts lie as the addresses do.
    const isCopied = region === 'psram' && lifetime === 'loaded';
    if (region === 'flash' || isCopied) bytes.set(contents.get(name)!, address - CACHED.start);
  }
  return bytes;
}

export interface ZeroTable {
  bytes: Uint8Array;
  early: number;
  count: number;
}

/** Ranges that the boot code zeroes: first those that it may before core 1 has left the ROM. */
export function zeroTable(placed: readonly PlacedItem[]): ZeroTable {
  const zero = placed.filter((item) => item.zero);
  const overRom = ({ address, bytes }: Range): boolean =>
    address < ROM_DATA.end && address + bytes > ROM_DATA.start;
  const ranges = zero.map(({ address, bytes }) => ({ address, bytes }));
  const early = joinRanges(ranges.filter((range) => !overRom(range)));
  const late = joinRanges(ranges.filter(overRom));
  const all = [...early, ...late];
  if (all.length > ZERO_RANGES)
    throw new Error(`zeroTable: ${all.length} ranges and room for ${ZERO_RANGES}`);
  const bytes = new Uint8Array(8 * ZERO_RANGES);
  const view = new DataView(bytes.buffer);
  all.forEach((range, index) => {
    view.setUint32(8 * index, range.address, true);
    view.setUint32(8 * index + 4, range.bytes, true);
  });
  return { bytes, early: early.length, count: all.length };
}

interface Range {
  address: number;
  bytes: number;
}

function joinRanges(ranges: readonly Range[]): Range[] {
  const joined: Range[] = [];
  for (const { address, bytes } of ranges.toSorted((a, b) => a.address - b.address)) {
    const last = joined.at(-1);
    if (last && last.address + last.bytes === address) last.bytes += bytes;
    else joined.push({ address, bytes });
  }
  return joined;
}
