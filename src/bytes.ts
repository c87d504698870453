/** Bytes as text and in order, the same in Node and in browsers. */

/** Arguments that one call takes everywhere. */
const CHUNK = 8192;

/** One character a byte, U+0000 to U+00FF (ISO 8859-1; what browsers call latin1 is Windows-1252). */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK)
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return text;
}

/** The bytes of a text of characters up to U+00FF. */
export const latin1Bytes = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));

/** Negative, 0 or positive as `one` sorts before, with or after `other`: byte by byte, a beginning before the whole. */
export function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i++) if (one[i] !== other[i]) return one[i] - other[i];
  return one.length - other.length;
}

const utf8 = new TextEncoder();

/** Bytes that a text takes as UTF-8. */
export const utf8Length = (text: string): number => utf8.encode(text).length;

/** CRC-32 as in Ethernet and zip. */
export function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return ~sum >>> 0;
}
