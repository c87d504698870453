/**
 * The ESP32-S3 flash image that the mask ROM boots (docs/esp32-s3.md C2 and C9.1): header, segments for the RAM, checksum, SHA-256. The ROM
 * knows nothing of data that stays in flash: they follow the image at a multiple of 64 KB and are mapped by our own boot code.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { compareBytes } from '../bytes.ts';
import { FailureError } from '../errors.ts';

export interface ImageSegment {
  address: number;
  /** Padded with zeros to a multiple of 4 in the image. */
  bytes: Uint8Array;
}

export type FlashMode = 'qio' | 'qout' | 'dio' | 'dout';

export interface ImageOptions {
  entry: number;
  segments: readonly ImageSegment[];
  /** How the flash chip is wired and read. */
  mode: FlashMode;
  megahertz: 20 | 26 | 40 | 80;
  /** Size of the flash chip: 1, 2, 4 ... 32. */
  megabytes: number;
}

export interface Image {
  entry: number;
  segments: ImageSegment[];
  mode: FlashMode;
  megahertz: number;
  megabytes: number;
  /** Bytes of the image itself, digest included. */
  bytes: number;
}

const MAGIC = 0xe9;
const CHIP_ESP32_S3 = 9;
const NO_WP_PIN = 0xee;
const HEADER_BYTES = 24;
const SEGMENT_HEADER_BYTES = 8;
const DIGEST_BYTES = 32;
const CHECKSUM_SEED = 0xef;
/** The ROM refuses more, and longer ones. */
export const MAX_SEGMENTS = 16;
export const MAX_SEGMENT_BYTES = 0x100000;
/** Page of the flash MMU. */
export const FLASH_PAGE = 0x10000;

const MODES: readonly FlashMode[] = ['qio', 'qout', 'dio', 'dout'];
const FREQUENCIES: readonly (readonly [code: number, megahertz: ImageOptions['megahertz']])[] = [
  [0x0, 40],
  [0x1, 26],
  [0x2, 20],
  [0xf, 80],
];

const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;

/** The image's bytes, from flash offset 0. Throws a FailureError for what the ROM would refuse. */
export function writeImage({ entry, segments, mode, megahertz, megabytes }: ImageOptions): Uint8Array {
  if (segments.length > MAX_SEGMENTS) {
    throw new FailureError(
      `the image has ${segments.length} segments and the ROM takes ${MAX_SEGMENTS} at most.`,
    );
  }
  const sizes = segments.map(({ bytes }) => roundUp(bytes.length, 4));
  const body = HEADER_BYTES + sizes.reduce((sum, size) => sum + SEGMENT_HEADER_BYTES + size, 0);
  const checked = roundUp(body + 1, 16); // the checksum is the last byte of a block of 16
  const image = new Uint8Array(checked + DIGEST_BYTES);
  const view = new DataView(image.buffer);

  image.set([
    MAGIC,
    segments.length,
    MODES.indexOf(mode),
    (sizeCode(megabytes) << 4) | frequencyCode(megahertz),
  ]);
  view.setUint32(4, entry, true);
  image[8] = NO_WP_PIN;
  view.setUint16(12, CHIP_ESP32_S3, true);
  view.setUint16(17, 0xffff, true); // any revision
  image[23] = 1; // a digest follows

  let offset = HEADER_BYTES;
  let checksum = CHECKSUM_SEED;
  segments.forEach(({ address, bytes }, index) => {
    checkSegment(address, sizes[index]);
    view.setUint32(offset, address, true);
    view.setUint32(offset + 4, sizes[index], true);
    image.set(bytes, offset + SEGMENT_HEADER_BYTES);
    for (const byte of bytes) checksum ^= byte;
    offset += SEGMENT_HEADER_BYTES + sizes[index];
  });
  image[checked - 1] = checksum;
  image.set(sha256(image.subarray(0, checked)), checked);
  return image;
}

function checkSegment(address: number, bytes: number): void {
  if (address % 4 !== 0 || bytes > MAX_SEGMENT_BYTES) {
    throw new FailureError(
      `a segment of ${bytes} bytes for 0x${address.toString(16)}: the ROM takes multiples of 4 and at most 1 MB.`,
    );
  }
}

function sizeCode(megabytes: number): number {
  const code = Math.log2(megabytes);
  if (!Number.isInteger(code) || code > 7) throw new FailureError(`no flash chip has ${megabytes} MB.`);
  return code;
}

function frequencyCode(megahertz: number): number {
  const entry = FREQUENCIES.find(([, value]) => value === megahertz);
  if (!entry) throw new FailureError(`the ROM does not know a flash clock of ${megahertz} MHz.`);
  return entry[0];
}

/** Reads an image back, checksum and digest verified. Throws a FailureError that says what is wrong. */
export function readImage(flash: Uint8Array): Image {
  const view = new DataView(flash.buffer, flash.byteOffset, flash.byteLength);
  const fail = (what: string): never => {
    throw new FailureError(`not a bootable ESP32-S3 image: ${what}.`);
  };
  if (flash.length < HEADER_BYTES + 16) fail(`${flash.length} bytes are too few`);
  if (flash[0] !== MAGIC) fail(`it begins with 0x${flash[0].toString(16)} instead of 0xe9`);
  if (flash[1] > MAX_SEGMENTS) fail(`it has ${flash[1]} segments where ${MAX_SEGMENTS} are allowed`);
  const chip = view.getUint16(12, true);
  if (chip !== CHIP_ESP32_S3) fail(`it is for chip ${chip} and the ESP32-S3 is ${CHIP_ESP32_S3}`);
  const mode = MODES[flash[2]] ?? fail(`flash mode ${flash[2]} is unknown`);
  const [, megahertz] =
    FREQUENCIES.find(([code]) => code === (flash[3] & 15)) ??
    fail(`flash clock code ${flash[3] & 15} is unknown`);

  const segments: ImageSegment[] = [];
  let offset = HEADER_BYTES;
  let checksum = CHECKSUM_SEED;
  for (let index = 0; index < flash[1]; index++) {
    if (offset + SEGMENT_HEADER_BYTES > flash.length) fail(`segment ${index} is cut off`);
    const address = view.getUint32(offset, true);
    const length = view.getUint32(offset + 4, true);
    offset += SEGMENT_HEADER_BYTES;
    if (length > MAX_SEGMENT_BYTES || length % 4 !== 0) fail(`segment ${index} claims ${length} bytes`);
    if (offset + length > flash.length) fail(`segment ${index} is cut off`);
    const bytes = flash.slice(offset, offset + length);
    for (const byte of bytes) checksum ^= byte;
    segments.push({ address, bytes });
    offset += length;
  }
  const checked = roundUp(offset + 1, 16);
  if (checked + DIGEST_BYTES > flash.length) fail('its end is cut off');
  if (flash[checked - 1] !== checksum) fail('its checksum is wrong');
  const digest = sha256(flash.subarray(0, checked));
  if (compareBytes(digest, flash.subarray(checked, checked + DIGEST_BYTES)) !== 0)
    fail('its SHA-256 is wrong');
  return {
    entry: view.getUint32(4, true),
    segments,
    mode,
    megahertz,
    megabytes: 2 ** (flash[3] >> 4),
    bytes: checked + DIGEST_BYTES,
  };
}

/**
 * Flash offset of the data to be mapped: behind the largest image that the RAM can take, so that the boot code can be compiled
 * before the image's length is known.
 */
export const MAPPED_OFFSET = 8 * FLASH_PAGE;

/** Content of the flash chip up to its last used byte: the image, and behind it the data to be mapped. */
export function writeFlash(image: Uint8Array, mapped: Uint8Array): Uint8Array {
  if (mapped.length === 0) return image;
  if (image.length > MAPPED_OFFSET)
    throw new FailureError(`the image has ${image.length} bytes, which no ESP32-S3 can load.`);
  const flash = new Uint8Array(MAPPED_OFFSET + mapped.length).fill(0xff);
  flash.set(image);
  flash.set(mapped, MAPPED_OFFSET);
  return flash;
}
