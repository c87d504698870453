/** A grammar on its way to a device: in pieces, each with a checksum, and used by its digest (device/bind.ts). */
import { crc32 } from '../bytes.ts';
import { FailureError } from '../errors.ts';
import { isLasting } from './lasting.ts';

export interface SentGrammar {
  packed: Uint8Array;
  /** FNV-1a, 64 bits, of `packed`: 16 hex digits. */
  digest: string;
}

/** What this needs of a device. */
interface Commanded {
  ready: { room?: number; bound?: true };
  command(line: string): Promise<unknown>;
}

/** Of a piece: in base64, with its command, within a line of the console. */
const PIECE_BYTES = 336;
/** How often a piece that came garbled is sent. */
const ATTEMPTS = 3;

export async function bindDevice(device: Commanded, grammar: SentGrammar | undefined): Promise<void> {
  if (grammar === undefined) {
    await device.command(device.ready.bound ? '/grammar on' : '/grammar off');
    return;
  }
  const { packed, digest } = grammar;
  const { room = 0 } = device.ready;
  if (packed.length > room) {
    throw new FailureError(
      `the grammar has ${packed.length} bytes and the board keeps ${room} for it; build its image with a larger --grammar-room`,
    );
  }
  const use = `/grammar use ${packed.length} ${digest}`;
  if (await accepts(device, use)) return;
  for (let at = 0; at < packed.length; at += PIECE_BYTES) {
    const piece = packed.subarray(at, at + PIECE_BYTES);
    const sum = crc32(piece).toString(16);
    await insist(device, `/grammar put ${at} ${sum} ${btoa(String.fromCharCode(...piece))}`);
  }
  await device.command(use);
}

/** False where the device refuses. */
async function accepts(device: Commanded, line: string): Promise<boolean> {
  try {
    await device.command(line);
    return true;
  } catch (error) {
    if (!(error instanceof FailureError) || isLasting(error)) throw error;
    return false;
  }
}

async function insist(device: Commanded, line: string): Promise<void> {
  for (let attempt = 1; attempt < ATTEMPTS; attempt++) if (await accepts(device, line)) return;
  await device.command(line);
}
