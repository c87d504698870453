/** Header of a flash image as the ROM reads it (docs/esp32-s3.md C2, C9.1). */

export const HEADER_BYTES = 24;
export const SEGMENT_HEADER_BYTES = 8;
export const IMAGE_MAGIC = 0xe9;
export const MAX_SEGMENTS = 16;
/** Above this count the ROM takes the header for garbage. */
const PLAUSIBLE_SEGMENTS = 32;
const PLAUSIBLE_MODE = 10;
export const CHIP_ID = 9;

export interface ImageHeader {
  readonly firstWord: number;
  readonly segments: number;
  readonly mode: number;
  /** Low nibble: frequency code. */
  readonly frequency: number;
  readonly entry: number;
  readonly wpPin: number;
  readonly chipId: number;
  readonly valid: boolean;
}

const MODE_NAMES = [
  'QIO',
  'QOUT',
  'DIO',
  'DOUT',
  'FAST_RD',
  'SLOW_RD',
  'OPI_STR',
  'OPI_DTR',
  'OOUT',
  'OIO_STR',
  'OIO_DTR',
] as const;

/** @returns the ROM's name of an SPI mode. */
export const modeName = (mode: number): string => MODE_NAMES[mode] ?? 'SLOW_RD';

/** Divider of 80 MHz for a frequency code: 0xF gives 1, 0 to 2 give 2 to 4. */
export const clockDivider = (frequency: number): number => (frequency < 3 ? frequency + 2 : 1);

/** @param bytes at least {@link HEADER_BYTES} */
export function readImageHeader(bytes: Uint8Array): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const segments = bytes[1];
  const mode = bytes[2];
  const frequency = bytes[3] & 15;
  return {
    firstWord: view.getUint32(0, true),
    segments,
    mode,
    frequency,
    entry: view.getUint32(4, true),
    wpPin: bytes[8],
    chipId: view.getUint16(12, true),
    valid:
      bytes[0] === IMAGE_MAGIC &&
      segments <= PLAUSIBLE_SEGMENTS &&
      mode <= PLAUSIBLE_MODE &&
      (frequency < 3 || frequency === 15),
  };
}
