/**
 * The SHA accelerator (TRM chapter 20): SHA-1, SHA-224/256 and SHA-384/512 over blocks that the CPU writes. Blocks
 * that come by DMA are not modelled and said to be missing.
 */

import { createRegisterBlock, type Peripheral } from './peripheral.ts';
import { type Compression, compressions } from './sha-compression.ts';
import type { Warnings } from './warnings.ts';

const MODE = 0x00;
const START = 0x10;
const CONTINUE = 0x14;
const BUSY = 0x18;
const DMA_START = 0x1c;
const DMA_CONTINUE = 0x20;
const STATE = 0x40;
const MESSAGE = 0x80;

const swap = (word: number): number =>
  ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;

export function createSha(base: number, warnings: Warnings): Peripheral {
  const missing = (what: string) => {
    warnings.once(`sha ${what}`, base, `SHA: ${what} is not modelled; the digest stays what it is`);
    return 0;
  };
  /** The bytes lie in memory order, the algorithm counts from the most significant one. */
  const read = (offset: number, words: number) =>
    Uint32Array.from({ length: words }, (_, index) => swap(block.get(offset + 4 * index)));
  const compression = (): Compression | undefined => compressions[block.get(MODE) & 7];

  const run = (state: Uint32Array, { words, compress }: Compression) => {
    const next = compress(state, read(MESSAGE, words));
    for (const [index, word] of next.entries()) block.set(STATE + 4 * index, swap(word));
    return 0;
  };
  const begin = () => {
    const chosen = compression();
    return chosen ? run(chosen.initial, chosen) : missing(`mode ${block.get(MODE) & 7}`);
  };
  const goOn = () => {
    const chosen = compression();
    return chosen ? run(read(STATE, chosen.initial.length), chosen) : missing(`mode ${block.get(MODE) & 7}`);
  };

  const block = createRegisterBlock({
    name: 'SHA',
    base,
    size: 0x1000,
    warnings,
    plain: [
      [0x00, 0x30],
      [STATE, STATE + 64],
      [MESSAGE, MESSAGE + 128],
    ],
    registers: {
      [START]: { read: () => 0, write: (value) => (value & 1 ? begin() : 0) },
      [CONTINUE]: { read: () => 0, write: (value) => (value & 1 ? goOn() : 0) },
      [BUSY]: { read: () => 0 }, // done within the write: some 80 cycles that nothing rests on
      [DMA_START]: { read: () => 0, write: () => missing('a message by DMA') },
      [DMA_CONTINUE]: { read: () => 0, write: () => missing('a message by DMA') },
    },
  });
  return block;
}
