/**
 * The chip's own mask ROM, from a file that the user has: it comes with Espressif's tools, and none of it is part of
 * this project. 384 KB at 0x40000000; its upper 128 KB are seen a second time at 0x3FF00000, through the data bus.
 */

import { FailureError } from '../../../errors.ts';
import { readElf } from '../../../xtensa/index.ts';
import { ROM, ROM_DATA, SRAM_DATA } from '../memory-map.ts';

const ELF_MAGIC = 0x7f454c46;
const NO_BITS = 8;

interface Piece {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/**
 * @param file `esp32s3_rev0_rom.elf` as the toolchains bring it, or the raw 384 KB as QEMU does
 * @returns the contents of the ROM from 0x40000000
 * @throws FailureError for any other file
 */
export function readRomImage(file: Uint8Array): Uint8Array {
  const isElf = file.length >= 4 && new DataView(file.buffer, file.byteOffset).getUint32(0) === ELF_MAGIC;
  const image = isElf ? fromElf(file) : Uint8Array.from(file);
  if (image.length !== ROM.length) {
    throw new FailureError(
      `a ROM of ${file.length} bytes: the ESP32-S3's has ${ROM.length}; give esp32s3_rev0_rom.elf or the raw contents (QEMU's esp32s3_rev0_rom.bin).`,
    );
  }
  // Every S3's reset vector jumps over the words at which the two cores tell themselves apart.
  if (new DataView(image.buffer).getUint32(0x404, true) !== 0xabab) {
    throw new FailureError(
      "the file is no ROM of an ESP32-S3: its reset vector does not look like that chip's.",
    );
  }
  return image;
}

function fromElf(file: Uint8Array): Uint8Array {
  const elf = readElf(file);
  const image = new Uint8Array(ROM.length);
  const segments: Piece[] = elf.segments.flatMap(({ address, physicalAddress, bytes }) => [
    { address: physicalAddress, bytes },
    { address, bytes },
  ]);
  // Not every section with contents lies in a segment (the table of interfaces does not).
  const sections: Piece[] = elf.sections.filter(({ type, bytes }) => type !== NO_BITS && bytes.length > 0);
  for (const piece of [...segments, ...sections]) place(image, piece);
  fillCopySources(image, sections);
  return image;
}

/** Puts bytes where the ROM has them, by either bus. */
function place(image: Uint8Array, { address, bytes }: Piece): void {
  const at =
    address >= ROM_DATA.address && address < ROM_DATA.address + ROM_DATA.length
      ? address - ROM_DATA.address + (ROM.length - ROM_DATA.length)
      : address - ROM.address;
  if (at < 0 || at + bytes.length > image.length) return;
  image.set(bytes, at);
}

/**
 * Initial values of the ROM's variables lie in the file at the variables' addresses in RAM. The ROM copies them from
 * itself by a table of (first, end, source, 0): the sources are filled from there.
 */
function fillCopySources(image: Uint8Array, sections: readonly Piece[]): void {
  const words = new DataView(image.buffer);
  const isRam = (address: number) =>
    address >= SRAM_DATA.address && address <= SRAM_DATA.address + SRAM_DATA.length;
  for (let at = 0; at + 16 <= image.length; at += 4) {
    const [first, end, source, zero] = [0, 4, 8, 12].map((offset) => words.getUint32(at + offset, true));
    const offset = source - ROM.address;
    const isRecord = zero === 0 && isRam(first) && isRam(end) && first < end && offset > 0;
    if (!isRecord || offset + (end - first) > image.length) continue;
    for (const { address, bytes } of sections) {
      const from = Math.max(first, address);
      const to = Math.min(end, address + bytes.length);
      if (from < to) image.set(bytes.subarray(from - address, to - address), offset + (from - first));
    }
  }
}
