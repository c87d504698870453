import { describe, expect, it } from 'vitest';
import { FailureError } from '../errors.ts';
import { type FlashOptions, flashBoard } from './flash.ts';
import { createLoaderBoard, type LoaderBoardOptions } from './testing.ts';

const image = Uint8Array.from({ length: 300_000 }, (_, i) => ((i * i) >> 5) & 255);
const needs = { flashBytes: 4 * 2 ** 20, psramBytes: 0 };

/** A pseudo-random byte stream that is the same every time. */
function noise(): () => number {
  let state = 12345;
  return () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
}

async function flash(boardOptions: LoaderBoardOptions, flashOptions: Partial<FlashOptions> = {}) {
  const board = createLoaderBoard(boardOptions);
  const result = flashBoard(board.connection, [{ address: 0, data: image }], { needs, ...flashOptions });
  return { board, result };
}

describe('flash', () => {
  it('writes, verifies and resets', async () => {
    const progress: number[] = [];
    const { board, result } = await flash(
      { psramCode: 1 },
      { onProgress: (done, total) => progress.push(done / total), baud: 921600 },
    );
    const identity = await result;
    expect(identity).toMatchObject({ chip: 'ESP32-S3', flashBytes: 8 * 2 ** 20, psramMegabytes: 8 });
    expect(board.flash.subarray(0, image.length)).toEqual(image);
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual(progress.toSorted((one, other) => one - other));
    expect(board.resets).toBeGreaterThan(1);
  });

  const refusals: [
    what: string,
    board: LoaderBoardOptions,
    options: Partial<FlashOptions>,
    message: RegExp,
  ][] = [
    ['another chip', { chipId: 5 }, {}, /this is an ESP32-C3; the firmware runs on an ESP32-S3 only/],
    ['a chip nobody knows', { chipId: 77 }, {}, /no chip that is known here/],
    ['too little flash', { flashBytes: 2 ** 20 }, {}, /needs 4 MB of flash and this board has 1 MB/],
    [
      'PSRAM that is not there',
      {},
      { needs: { ...needs, psramBytes: 2 ** 20 } },
      /needs 1 MB of PSRAM and this chip has none/,
    ],
    ['a board that its owner would rather keep', {}, { mayWrite: async () => false }, /nothing was written/],
  ];
  it.each(refusals)('refuses %s and writes nothing', async (_what, boardOptions, options, message) => {
    const { board, result } = await flash(boardOptions, options);
    await expect(result).rejects.toThrow(message);
    expect(board.flash.every((byte) => byte === 0xff)).toBe(true);
  });
});

describe('faults', () => {
  it('a pulled cable ends in one sentence, and flashing again works', async () => {
    const { board, result } = await flash({}, { onProgress: () => board.unplug() });
    await expect(result).rejects.toThrow(/connection was lost; plug the board in again/);
    const again = await flash({});
    await again.result;
    expect(again.board.flash.subarray(0, image.length)).toEqual(image);
  });

  it.each(['dropped', 'flipped'])('%s bytes never pass as success', async (kind) => {
    const random = noise();
    const spoil = (bytes: Uint8Array): Uint8Array => {
      if (bytes.length < 1000 || random() > 0.3) return bytes;
      const at = Math.floor(random() * bytes.length);
      return kind === 'dropped'
        ? Uint8Array.from(bytes.filter((_, i) => i !== at))
        : bytes.map((byte, i) => (i === at ? byte ^ 0x10 : byte));
    };
    const { board, result } = await flash({ toBoard: spoil });
    const outcome = await result.catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(FailureError);
    else expect(board.flash.subarray(0, image.length)).toEqual(image);
  });

  // Four that wait for a board most of the time: side by side.
  it.concurrent('a board that never answers is given up', async () => {
    const { result } = await flash({ toHost: () => undefined });
    await expect(result).rejects.toThrow(/nothing answers on this port: .*hold its BOOT button/);
  });

  it.concurrent('another device than a board is none', async () => {
    const { result } = await flash({ toHost: () => Buffer.from('$GPGGA,092750.000\r\n') });
    await expect(result).rejects.toThrow(/something answers on this port, but no chip's loader/);
  });

  it.concurrent('a board that falls silent in the middle is given up', async () => {
    let writing = false;
    const { result } = await flash(
      { toHost: (bytes) => (writing ? undefined : bytes) },
      { onProgress: () => (writing = true) },
    );
    await expect(result).rejects.toThrow(FailureError);
  });

  it.concurrent('a board that resets in the middle is noticed', async () => {
    const { board, result } = await flash({}, { onProgress: () => board.crash() });
    await expect(result).rejects.toThrow(FailureError);
    await expect(result).rejects.toThrow(/flash again|does not answer/);
  });

  it('full-speed garbage is not taken for a board', async () => {
    const random = noise();
    const { result } = await flash({ toHost: (bytes) => bytes.map(() => Math.floor(random() * 256)) });
    await expect(result).rejects.toThrow(FailureError);
  });
});
