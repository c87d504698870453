/**
 * The mask ROM's loader of a flash image, line for line as observed (docs/esp32-s3.md C9.1, C9.2): what it prints, what it
 * refuses, what it loads where. It reads and writes over the bus, in simulated time.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { BusFault } from '../../bus/index.ts';
import {
  CHIP_ID,
  clockDivider,
  HEADER_BYTES,
  type ImageHeader,
  MAX_SEGMENTS,
  modeName,
  readImageHeader,
  SEGMENT_HEADER_BYTES,
} from '../image-header.ts';
import { hex } from '../warnings.ts';
import type { RomConsole, RomRoutine } from './console.ts';
import type { RomMemory } from './memory.ts';
import { setUpFlash } from './registers.ts';

export interface LoaderOptions {
  readonly console: RomConsole;
  readonly memory: RomMemory;
  /** Whole flash chip; addresses beyond its end wrap. */
  readonly flash: Uint8Array;
  /** CPU cycles for reading so many bytes of flash through the DCache. */
  flashReadCycles(bytes: number): number;
  /** Whether the chip accepts code without an image header (eFuse DIS_DIRECT_BOOT = 0). */
  readonly directBootAllowed: boolean;
}

/** What the loader ends with: an address to call, or nothing ever again. */
export type LoaderResult =
  | { readonly kind: 'image'; readonly entry: number; readonly registers: Registers }
  | { readonly kind: 'direct'; readonly entry: number };

/** What the ROM's code leaves in visible registers, by number. */
export type Registers = Readonly<Record<number, number>>;

/** A store of the copy loop that ended in an exception, with what the loop holds in its registers. */
export class LoaderFault extends BusFault {
  constructor(
    fault: BusFault,
    readonly registers: Registers,
  ) {
    super(fault.cause, fault.address);
  }
}

/** Where the ROM sees flash while it loads. */
const FLASH_WINDOW = 0x3c800000;
const FLASH_PAGE = 0x10000;
const MAX_SEGMENT_BYTES = 0x100000;
/** The ROM's stack pointer in the loader less 0x400, and the end of its data. */
const FORBIDDEN_FIRST = 0x3fceb170;
const FORBIDDEN_END = 0x3fcef770;
const CHECKSUM_SEED = 0xef;
const DIGEST_BYTES = 32;
const DIRECT_BOOT_MARK = 0xaedb041d;
const DIRECT_BOOT_MARK_AT = 0x400;
const DIRECT_BOOT_ENTRY = 0x42000408;
/** The ROM's own code, timed on this simulator: its copy loop with the digest's share, and what surrounds a segment and the image. */
const CYCLES_PER_WORD = 33.4;
const SEGMENT_CYCLES = 1_500;
const DIGEST_CYCLES = 4_500;
const WORDS_PER_STEP = 1024;
const COMMAND_BLOCK = 0x80000000;

/** Stops for good, as the ROM does after `ets_main.c`: a watchdog will end it. */
export function* halt(): RomRoutine<never> {
  for (;;) yield 1_000_000;
}

export function* loadFromFlash(options: LoaderOptions): RomRoutine<LoaderResult> {
  const { console, flash } = options;
  const header = yield* waitForHeader(options);
  if (header === 'direct') return { kind: 'direct', entry: DIRECT_BOOT_ENTRY };

  if (header.segments > MAX_SEGMENTS) {
    return yield* refuse(console, `Invalid image block count: ${header.segments} (max ${MAX_SEGMENTS})\n`);
  }
  if (header.chipId !== CHIP_ID) {
    return yield* refuse(
      console,
      `Invalid chip id. Expected ${CHIP_ID} read ${header.chipId}. Bootloader for wrong chip?\n`,
    );
  }
  setUpFlash(options.memory, header.mode, clockDivider(header.frequency));
  yield* console.print(`SPIWP:0x${header.wpPin.toString(16)}\n`);
  yield SEGMENT_CYCLES;
  yield* console.print(`mode:${modeName(header.mode)}, clock div:${clockDivider(header.frequency)}\n`);

  const digest = sha256.create();
  digest.update(readFlash(flash, 0, HEADER_BYTES));
  let at = HEADER_BYTES;
  let sum = CHECKSUM_SEED;
  for (let index = 0; index < header.segments; index++) {
    const loaded = yield* loadSegment(options, at, sum);
    digest.update(loaded.header).update(loaded.data);
    sum = loaded.sum;
    at += SEGMENT_HEADER_BYTES + loaded.data.length;
  }

  const end = (at + 16) & ~15; // the checksum is the last byte of its 16-byte block
  const stored = readFlash(flash, end - 1, 1)[0];
  const checksum = (sum ^ (sum >>> 8) ^ (sum >>> 16) ^ (sum >>> 24)) & 0xff;
  if (stored !== checksum) {
    return yield* refuse(
      console,
      `Checksum failure. Calculated ${hex(checksum, 2)} stored ${hex(stored, 2)}\n`,
    );
  }
  digest.update(readFlash(flash, at, end - at));
  yield DIGEST_CYCLES;
  yield* compareDigest(console, bytesToHex(digest.digest()), readFlash(flash, end, DIGEST_BYTES));
  return { kind: 'image', entry: header.entry, registers: leftovers(at, end + DIGEST_BYTES, checksum) };
}

/** Of an image whose segments end at `dataEnd` and that ends at `imageEnd`. */
function leftovers(dataEnd: number, imageEnd: number, checksum: number): Registers {
  const mapped = Math.ceil(imageEnd / FLASH_PAGE) * FLASH_PAGE;
  return { 5: checksum, 7: dataEnd % 16, 13: mapped, 14: mapped, 15: imageEnd };
}

/** Reads the header again and again until it is one, or finds code for direct boot. */
function* waitForHeader(options: LoaderOptions): RomRoutine<ImageHeader | 'direct'> {
  const { console, flash } = options;
  for (;;) {
    yield options.flashReadCycles(HEADER_BYTES);
    const header = readImageHeader(readFlash(flash, 0, HEADER_BYTES));
    if (header.valid) return header;
    if (options.directBootAllowed && hasDirectBootMark(flash)) return 'direct';
    yield* console.print(`invalid header: ${hex(header.firstWord)}\n`);
  }
}

function hasDirectBootMark(flash: Uint8Array): boolean {
  const words = new DataView(readFlash(flash, DIRECT_BOOT_MARK_AT, 8).buffer);
  return words.getUint32(0, true) === DIRECT_BOOT_MARK && words.getUint32(4, true) === DIRECT_BOOT_MARK;
}

function* refuse(console: RomConsole, text: string): RomRoutine<never> {
  yield* console.print(`${text}ets_main.c 329 \n`);
  return yield* halt();
}

interface LoadedSegment {
  readonly header: Uint8Array;
  /** Bytes as they read back from where they were put. */
  readonly data: Uint8Array;
  /** XOR of all words so far. */
  readonly sum: number;
}

function* loadSegment(options: LoaderOptions, at: number, before: number): RomRoutine<LoadedSegment> {
  const { console, flash } = options;
  const header = readFlash(flash, at, SEGMENT_HEADER_BYTES);
  const view = new DataView(header.buffer);
  const address = view.getUint32(0, true);
  const length = view.getUint32(4, true);
  if (address >= COMMAND_BLOCK) return yield* runFlashCommands(options, at, header, before);

  yield SEGMENT_CYCLES;
  yield* console.print(`load:${hex(address)},len:0x${length.toString(16)}\n`);
  if (address % 4 !== 0 || length % 4 !== 0 || length > MAX_SEGMENT_BYTES) {
    return yield* refuse(console, "Invalid image block, can't boot.\n");
  }
  const end = (address + length) >>> 0;
  if (end > FORBIDDEN_FIRST && address < FORBIDDEN_END) {
    return yield* refuse(
      console,
      `region ${hex(address)}-${hex(end)} overlaps ${hex(FORBIDDEN_FIRST)}-${hex(FORBIDDEN_END)}, can't load\n`,
    );
  }
  const source = readFlash(flash, at + SEGMENT_HEADER_BYTES, length);
  const sum = yield* copyWords(options, source, address, at + SEGMENT_HEADER_BYTES, before);
  return { header, data: readBack(options.memory, address, length), sum };
}

/** Stores word by word; returns the XOR of `before` and all words. `from`: offset in flash. */
function* copyWords(
  options: LoaderOptions,
  source: Uint8Array,
  address: number,
  from: number,
  before: number,
): RomRoutine<number> {
  const mapped = Math.ceil((from + source.length) / FLASH_PAGE) * FLASH_PAGE;
  const store = (at: number, word: number) => {
    try {
      options.memory.store((address + at) >>> 0, word);
    } catch (error) {
      if (!(error instanceof BusFault)) throw error;
      const pointers = { 2: address, 10: FLASH_WINDOW + from + at, 11: address + at, 12: source.length };
      const constants = { 4: 0x3fceb648, 6: 1, 7: 0x3fceb55c };
      const rest = { 5: sum, 8: at, 9: word, 13: mapped, 14: mapped, 15: from + source.length };
      throw new LoaderFault(error, { ...constants, ...pointers, ...rest });
    }
  };
  const words = new DataView(source.buffer, source.byteOffset, source.byteLength);
  let sum = before;
  for (let at = 0; at < source.length; at += 4) {
    const word = words.getUint32(at, true);
    sum ^= word;
    store(at, word);
    const done = at / 4 + 1;
    if (done % WORDS_PER_STEP === 0)
      yield Math.round(WORDS_PER_STEP * CYCLES_PER_WORD) + options.flashReadCycles(4 * WORDS_PER_STEP);
  }
  const rest = (source.length / 4) % WORDS_PER_STEP;
  yield Math.round(rest * CYCLES_PER_WORD) + options.flashReadCycles(4 * rest);
  return sum;
}

function readBack(memory: RomMemory, address: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < length; at += 4) view.setUint32(at, memory.load((address + at) >>> 0), true);
  return bytes;
}

/**
 * A "segment" of SPI-flash commands (address bit 31): mode in the low byte, frequency in bits 11:8. The
 * commands go to the flash chip, here without effect; its data are left out of the checksum.
 */
function* runFlashCommands(
  options: LoaderOptions,
  at: number,
  header: Uint8Array,
  sum: number,
): RomRoutine<LoadedSegment> {
  const view = new DataView(header.buffer);
  const address = view.getUint32(0, true);
  const length = view.getUint32(4, true);
  if ((length + 8) % 16 !== 0 || length > MAX_SEGMENT_BYTES) {
    yield* options.console.print(`cmd len ${length}\nets_loader.c 212 \n`);
    return yield* halt();
  }
  const mode = address & 0xff;
  const divider = clockDivider((address >>> 8) & 15);
  const data = readFlash(options.flash, at + SEGMENT_HEADER_BYTES, length);
  yield options.flashReadCycles(length);
  setUpFlash(options.memory, mode, divider);
  yield* options.console.print(`mode:${modeName(mode)}, clock div:${divider}\n`);
  return { header, data, sum };
}

function* compareDigest(console: RomConsole, calculated: string, expected: Uint8Array): RomRoutine {
  const wanted = bytesToHex(expected);
  if (wanted === calculated) return;
  yield* console.print('SHA-256 comparison failed:\n');
  yield* console.print(`Calculated: ${calculated}\n`);
  yield* console.print(`Expected: ${wanted}\n`);
  yield* console.print('Attempting to boot anyway...\n');
}

/** A copy of flash bytes; addresses wrap at the end of the chip. */
function readFlash(flash: Uint8Array, at: number, length: number): Uint8Array {
  const start = at % flash.length;
  if (start + length <= flash.length) return flash.slice(start, start + length);
  return Uint8Array.from({ length }, (_, index) => flash[(start + index) % flash.length]);
}
