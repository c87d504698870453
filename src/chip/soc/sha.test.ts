import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSha } from './sha.ts';
import { createWarnings } from './warnings.ts';

/** Message, padding and length in whole blocks, as the algorithms want them. */
function padded(message: Uint8Array, blockBytes: number): Uint8Array {
  const lengthBytes = blockBytes / 8;
  const total = Math.ceil((message.length + 1 + lengthBytes) / blockBytes) * blockBytes;
  const bytes = new Uint8Array(total);
  bytes.set(message);
  bytes[message.length] = 0x80;
  new DataView(bytes.buffer).setUint32(total - 4, 8 * message.length);
  return bytes;
}

/** A digest by the accelerator's registers, in the order in which drivers use them. */
function digest(mode: number, blockBytes: number, bytes: number, message: Uint8Array): string {
  const sha = createSha(0x6003b000, createWarnings());
  const blocks = padded(message, blockBytes);
  sha.write(0x00, mode);
  for (let at = 0; at < blocks.length; at += blockBytes) {
    const view = new DataView(blocks.buffer, at, blockBytes);
    for (let offset = 0; offset < blockBytes; offset += 4)
      sha.write(0x80 + offset, view.getUint32(offset, true));
    sha.write(at === 0 ? 0x10 : 0x14, 1);
    expect(sha.read(0x18)).toBe(0);
  }
  const result = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 4) new DataView(result.buffer).setUint32(at, sha.read(0x40 + at), true);
  return Buffer.from(result).toString('hex');
}

describe('the SHA accelerator', () => {
  it.each([
    ['sha1', 0, 64, 20],
    ['sha224', 1, 64, 28],
    ['sha256', 2, 64, 32],
    ['sha384', 3, 128, 48],
    ['sha512', 4, 128, 64],
  ] as const)('gives the %s of Node', (name, mode, blockBytes, bytes) => {
    for (const length of [0, 3, 55, 56, 64, 111, 112, 300]) {
      const message = Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 255);
      expect(digest(mode, blockBytes, bytes, message)).toBe(createHash(name).update(message).digest('hex'));
    }
  });
});
