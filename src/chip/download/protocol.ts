/** Numbers of the serial download protocol (docs/esp32-s3.md E and C9.9; esptool documentation "Serial Protocol"). */

export const OP = {
  FLASH_BEGIN: 0x02,
  FLASH_DATA: 0x03,
  FLASH_END: 0x04,
  MEM_BEGIN: 0x05,
  MEM_END: 0x06,
  MEM_DATA: 0x07,
  SYNC: 0x08,
  WRITE_REG: 0x09,
  READ_REG: 0x0a,
  SPI_SET_PARAMS: 0x0b,
  SPI_ATTACH: 0x0d,
  READ_FLASH_SLOW: 0x0e,
  CHANGE_BAUDRATE: 0x0f,
  FLASH_DEFL_BEGIN: 0x10,
  FLASH_DEFL_DATA: 0x11,
  FLASH_DEFL_END: 0x12,
  SPI_FLASH_MD5: 0x13,
  GET_SECURITY_INFO: 0x14,
  // The flasher stub's own
  ERASE_FLASH: 0xd0,
  ERASE_REGION: 0xd1,
  READ_FLASH: 0xd2,
  RUN_USER_CODE: 0xd3,
} as const;

/** Error codes in the second status byte. */
export const ERROR = {
  BAD_FORMAT: 0x05,
  FAILED: 0x06,
  BAD_CHECKSUM: 0x07,
  FLASH_WRITE: 0x08,
  FLASH_READ: 0x09,
  READ_LENGTH: 0x0a,
  DEFLATE: 0x0b,
} as const;

export const SECTOR_BYTES = 4096;
/** Chip id of the ESP32-S3 in image headers and in GET_SECURITY_INFO. */
export const CHIP_ID = 9;
/** First data word of a SYNC packet: 07 07 12 20. */
export const SYNC_WORD = 0x20120707;
const CHECKSUM_SEED = 0xef;

export interface Request {
  op: number;
  checksum: number;
  /** Size field of the header; the ROM trusts the frame, not this. */
  size: number;
  data: Uint8Array;
}

/** A request frame taken apart, or undefined where it is none. */
export function parseRequest(frame: Uint8Array): Request | undefined {
  if (frame.length < 8 || frame[0] !== 0) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  return {
    op: frame[1],
    size: view.getUint16(2, true),
    checksum: view.getUint32(4, true),
    data: frame.subarray(8),
  };
}

/** A response frame: direction 1, op, size of what follows the value, value, payload. */
export function buildResponse(op: number, value: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(8 + payload.length);
  const view = new DataView(frame.buffer);
  frame[0] = 1;
  frame[1] = op;
  view.setUint16(2, payload.length, true);
  view.setUint32(4, value, true);
  frame.set(payload, 8);
  return frame;
}

/** 0xEF XOR every byte. */
export function checksumOf(data: Uint8Array): number {
  return data.reduce((sum, byte) => sum ^ byte, CHECKSUM_SEED);
}

/** Little-endian words of a payload. */
export function wordsOf(data: Uint8Array): number[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: data.length >> 2 }, (_, i) => view.getUint32(4 * i, true));
}
