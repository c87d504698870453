import { MalformedModule } from '../errors.ts';

/** A place in a byte array, with the end it may not pass. */
export interface Reader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
}

export function createReader(bytes: Uint8Array, at = 0, end = bytes.length): Reader {
  return { bytes, at, end };
}

/** Throws the one-sentence error for a broken file, with the byte at which it broke. */
export function malformed(reader: Reader, what: string): never {
  throw new MalformedModule(`not a valid WebAssembly module: ${what} at byte ${reader.at}`);
}

export function readByte(reader: Reader): number {
  if (reader.at >= reader.end) malformed(reader, 'unexpected end');
  return reader.bytes[reader.at++];
}

export function readBytes(reader: Reader, count: number): Uint8Array {
  if (count > reader.end - reader.at) malformed(reader, 'length out of bounds');
  reader.at += count;
  return reader.bytes.subarray(reader.at - count, reader.at);
}

/** Unsigned LEB128 of at most 32 bits. */
export function readU32(reader: Reader): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = readByte(reader);
    if (shift === 28 && byte & 0x80) malformed(reader, 'integer representation too long');
    if (shift === 28 && byte > 0x0f) malformed(reader, 'integer too large');
    value |= (byte & 0x7f) << shift;
    if (!(byte & 0x80)) break;
  }
  return value >>> 0;
}

/** Signed LEB128 of at most `bits` (32, 33 or 64) bits. */
export function readSigned(reader: Reader, bits: 32 | 33 | 64): bigint {
  let value = 0n;
  for (let shift = 0; ; shift += 7) {
    const byte = readByte(reader);
    value |= BigInt(byte & 0x7f) << BigInt(shift);
    const last = shift + 7 >= bits;
    if (last && byte & 0x80) malformed(reader, 'integer representation too long');
    if (last) checkUnusedBits(reader, byte, bits - shift);
    if (!(byte & 0x80)) return BigInt.asIntN(Math.min(shift + 7, 64), value);
  }
}

/** The bits of the last byte above the value's width must all repeat its sign. */
function checkUnusedBits(reader: Reader, byte: number, used: number): void {
  const sign = (byte << 25) >> (24 + used);
  if (sign !== 0 && sign !== -1) malformed(reader, 'integer too large');
}

/** The 32 bits of a little-endian float constant, untouched (a JavaScript number may not keep a NaN's payload). */
export function readF32Bits(reader: Reader): number {
  const b = readBytes(reader, 4);
  return b[0] | (b[1] << 8) | (b[2] << 16) | (b[3] << 24);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function readName(reader: Reader): string {
  const bytes = readBytes(reader, readU32(reader));
  try {
    return utf8.decode(bytes);
  } catch {
    return malformed(reader, 'malformed UTF-8 encoding');
  }
}
