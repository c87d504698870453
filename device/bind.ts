/**
 * A grammar that comes over the console: `/grammar put PLACE CRC BASE64` for each piece, into the room that the image keeps for it, and
 * `/grammar use BYTES DIGEST` once all of it is there. It binds only while its digest is right: what was garbled on the way never does.
 */
import { grammarRoom, grammarRoomBytes } from "./contract/config";
import { DIGEST_OFFSET_BASIS, DIGEST_PRIME } from "./contract/status";
import { CRC_START, crcWith } from "./crc";
import { setBound, setSent } from "./grammar";
import { complain } from "./json";
import { argumentBytes, argumentText, takeNumber, valid } from "./parse";

const PADDING: u32 = 0x3d;

export function putPiece(): void {
  const place = takeNumber(10);
  const isPlace = valid;
  const sum = <u32>takeNumber(16);
  const room = place <= <u64>grammarRoomBytes ? grammarRoomBytes - <u32>place : 0;
  if (!isPlace || !valid) return complain("/grammar put wants a place, a CRC-32 and base64.");
  setSent(0); // what is there is not whole any more
  const to = grammarRoom + <usize>place;
  const bytes = decodeBase64(argumentText(), argumentBytes(), to, room);
  if (bytes < 0) return complain("That piece is no base64, or there is no room for it.");
  if (checksum(to, bytes) != sum) complain("That piece was garbled on the way; send it again.");
}

/** Binds to what was put; false, with a sentence, if that is not what the digest is of. */
export function useSent(): bool {
  const bytes = takeNumber(10);
  const isLength = valid;
  const wanted = takeNumber(16);
  if (!isLength || !valid || !bytes || bytes > <u64>grammarRoomBytes || digestOf(grammarRoom, <u32>bytes) != wanted) {
    setSent(0);
    complain("That grammar is not here; send it with /grammar put.");
    return false;
  }
  setSent(grammarRoom);
  setBound(true);
  return true;
}

/** Bytes decoded, at most `room`; -1 where there are more, or what is there is no base64. */
export function decodeBase64(text: usize, length: i32, to: usize, room: u32): i32 {
  let bits: u32 = 0;
  let count = 0;
  let bytes: u32 = 0;
  while (length && load<u8>(text + length - 1) == <u8>PADDING) length--;
  for (let i = 0; i < length; i++) {
    const digit = digitOf(load<u8>(text + i));
    if (digit < 0) return -1;
    bits = (bits << 6) | digit;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    if (bytes == room) return -1;
    store<u8>(to + bytes++, <u8>(bits >> count));
  }
  return bytes;
}

function digitOf(byte: u32): i32 {
  if (byte - 0x41 < 26) return byte - 0x41;
  if (byte - 0x61 < 26) return byte - 0x61 + 26;
  if (byte - 0x30 < 10) return byte - 0x30 + 52;
  return byte == 0x2b ? 62 : byte == 0x2f ? 63 : -1;
}

function checksum(at: usize, bytes: i32): u32 {
  let sum = CRC_START;
  for (let i = 0; i < bytes; i++) sum = crcWith(sum, load<u8>(at + i));
  return ~sum;
}

/** FNV-1a, 64 bits. */
function digestOf(at: usize, bytes: u32): u64 {
  let digest = DIGEST_OFFSET_BASIS;
  for (let i: u32 = 0; i < bytes; i++) digest = (digest ^ load<u8>(at + i)) * DIGEST_PRIME;
  return digest;
}
