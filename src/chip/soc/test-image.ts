/** Flash images for tests: any header, any segments, right or wrong checksums. */

import { createHash } from 'node:crypto';
import { assembleText, link, sequentially } from '../../xtensa/index.ts';
import { findBoard } from '../boards/boards.ts';
import { type Chip, type ChipOptions, createChip } from './chip.ts';

export interface ImageSegment {
  readonly address: number;
  readonly data: Uint8Array;
  /** Length in the segment header, when it is to lie. */
  readonly length?: number;
}

export interface ImageOptions {
  readonly segments: readonly ImageSegment[];
  readonly entry?: number;
  /** Header bytes to set, by offset. */
  readonly header?: Readonly<Record<number, number>>;
  readonly checksum?: number;
  readonly digest?: 'right' | 'absent';
}

const HEADER = [0xe9, 0, 2, 0x2f, 0, 0, 0, 0, 0xee, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

export function buildImage({
  segments,
  entry = 0x40378000,
  header = {},
  checksum,
  digest,
}: ImageOptions): Uint8Array {
  const parts: number[] = [...HEADER];
  parts[1] = segments.length;
  const word = (value: number) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
  parts.splice(4, 4, ...word(entry));
  for (const [offset, value] of Object.entries(header)) parts[Number(offset)] = value;
  let sum = 0xef;
  for (const { address, data, length } of segments) {
    parts.push(...word(address), ...word(length ?? data.length));
    for (const byte of data) {
      parts.push(byte);
      if (address < 0x80000000) sum ^= byte;
    }
  }
  while (parts.length % 16 !== 15) parts.push(0);
  parts.push(checksum ?? sum);
  const body = Uint8Array.from(parts);
  const hash = digest === 'absent' ? new Uint8Array(0) : createHash('sha256').update(body).digest();
  const image = new Uint8Array(body.length + hash.length);
  image.set(body);
  image.set(hash, body.length);
  return image;
}

/** Code at `address`, from GNU syntax; symbol `start` is the entry. */
export function assembleSegment(
  source: string,
  address = 0x40378000,
): ImageSegment & { readonly entry: number } {
  const object = assembleText(source, { density: false, bases: { '.text': address } });
  const text = object.sections.find((section) => section.name === '.text')!;
  const [{ bytes }] = link([object], sequentially(address)).segments;
  const data = new Uint8Array((bytes.length + 3) & ~3);
  data.set(bytes);
  return { address, data, entry: address + (text.symbols.get('start') ?? 0) };
}

/** Stores that switch every watchdog off (docs/esp32-s3.md C4); clobbers a2 and a3. */
export const WATCHDOGS_OFF = `
  movi a3, 0x60008000
  movi a2, 0
  s32i a2, a3, 0x98
  movi a2, 0x80000000
  s32i a2, a3, 0xb4
  movi a3, 0x6001f000
  movi a2, 0
  s32i a2, a3, 0x48
`;

/** `while (1)`. */
export const FOREVER = `
forever: j forever
`;

export interface TestChip {
  readonly chip: Chip;
  /** What UART0 has sent, as text. */
  output(): string;
}

export function bootChip(flash: Uint8Array, options: ChipOptions = {}): TestChip {
  const chip = createChip({ flash, flashBytes: 1 << 20, board: findBoard('bare-s3'), ...options });
  const bytes: number[] = [];
  chip.uart0.onOutput((byte) => bytes.push(byte));
  return { chip, output: () => String.fromCharCode(...bytes) };
}

/** A chip with a program in its flash, from GNU syntax. */
export function bootProgram(source: string, options: ChipOptions = {}): TestChip {
  const segment = assembleSegment(source);
  return bootChip(buildImage({ segments: [segment], entry: segment.entry }), options);
}
