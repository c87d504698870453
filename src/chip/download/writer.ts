/** What FLASH_*, FLASH_DEFL_* and MEM_* have in common: a begin that announces packets, and data that must come in order. */
/// <reference path="./pako-inflate.d.ts" />
import pako from 'pako/lib/inflate.js';
import { checksumOf, ERROR, type Request, wordsOf } from './protocol.ts';

/** Where the bytes go. */
export interface Target {
  /** Stores `data` at `offset`; false where there is no such place. */
  write(offset: number, data: Uint8Array): boolean;
}

/** Takes the data packets of one begun transfer; answers with an error code, 0 when all is well. */
export type PacketSink = (request: Request) => number;

interface Transfer {
  packets: number;
  packetBytes: number;
  offset: number;
  target: Target;
}

const BLOCK_HEADER_BYTES = 16;

/** Checks length, sequence number and checksum of each packet, then hands its payload on. */
function inOrder(
  { packets, packetBytes }: Pick<Transfer, 'packets' | 'packetBytes'>,
  take: (payload: Uint8Array, last: boolean) => number,
): PacketSink {
  let sequence = 0;
  return ({ data, checksum }) => {
    const [length, number] = wordsOf(data.subarray(0, BLOCK_HEADER_BYTES));
    const payload = data.subarray(BLOCK_HEADER_BYTES);
    if (
      data.length < BLOCK_HEADER_BYTES ||
      length !== payload.length ||
      length > packetBytes ||
      number !== sequence ||
      sequence >= packets
    ) {
      return ERROR.BAD_FORMAT;
    }
    if (checksumOf(payload) !== (checksum & 0xff)) return ERROR.BAD_CHECKSUM;
    sequence++;
    return take(payload, sequence === packets);
  };
}

/** Packets whose bytes go to the target as they are. */
export function plainSink(transfer: Transfer): PacketSink {
  let offset = transfer.offset;
  return inOrder(transfer, (payload) => {
    const stored = transfer.target.write(offset, payload);
    offset += payload.length;
    return stored ? 0 : ERROR.FLASH_WRITE;
  });
}

/** Packets of one zlib stream; `size` is what it must unpack to (the ROM's is rounded up to whole sectors). */
export function deflateSink(transfer: Transfer & { size: number }): PacketSink {
  const inflater = new pako.Inflate();
  let offset = transfer.offset;
  let stored = true;
  inflater.onData = (chunk) => {
    const bytes = chunk as Uint8Array;
    if (offset + bytes.length > transfer.offset + transfer.size) stored = false;
    else stored &&= transfer.target.write(offset, bytes);
    offset += bytes.length;
  };
  return inOrder(transfer, (payload) => {
    // Flushing after each packet puts into the flash what has arrived, as the ROM does; not only whole 64 KB chunks.
    inflater.push(payload, SYNC_FLUSH);
    if (inflater.err) return ERROR.DEFLATE;
    return stored ? 0 : ERROR.FLASH_WRITE;
  });
}

/** zlib's Z_SYNC_FLUSH. */
const SYNC_FLUSH = 2;
