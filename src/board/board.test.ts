import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { FailureError } from '../errors.ts';
import { buildFirmware, type Firmware, simulate } from '../firmware/index.ts';
import { createTokenizer, loadCheckpoint } from '../model/index.ts';
import { version0Bytes } from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { quantize } from '../quantize/index.ts';
import { type Connection, expectationOf, flashBoard, openMachine, verifyBoard } from '../serial/index.ts';
import { openConnection } from '../serial/node/index.ts';
import {
  createFlashSaver,
  createSimulatedBoard,
  readFlashFile,
  type Served,
  type SimulatedBoard,
  servePseudoTerminal,
  serveTcp,
} from './index.ts';

const config = {
  dim: 16,
  hiddenDim: 16,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  vocabulary: 320,
  context: 64,
  sharedClassifier: true,
  activation: 'silu' as const,
};
const kind = findBoard('heltec-v3');
const question = { prompt: 'b', seed: 7n, temperature: 1, topp: 0.9, tokens: 24 } as const;
const needs = { flashBytes: 0, psramBytes: 0 };

/** A tiny model that babbles: weights that count up, pieces of one letter. */
function tinyFirmware(): Firmware {
  const utf8 = new TextEncoder();
  const pieces = Array.from({ length: config.vocabulary }, (_, id) => {
    if (id < 3) return utf8.encode(['<unk>', '<s>', '</s>'][id]);
    const byte = (id - 3).toString(16).toUpperCase().padStart(2, '0');
    return utf8.encode(id < 259 ? `<0x${byte}>` : String.fromCharCode(0x20 + id - 259));
  });
  const tokenizer = createTokenizer(pieces, new Float32Array(config.vocabulary), 6);
  return buildFirmware({
    programs,
    model: quantize(loadCheckpoint(version0Bytes(config))),
    tokenizer,
    modelName: 'tiny',
    board: kind,
  });
}

let firmware: Firmware;
let board: SimulatedBoard;
let served: Served;
let folder: string;

beforeAll(async () => {
  firmware = tinyFirmware();
  folder = mkdtempSync(join(tmpdir(), 'board-'));
  board = createSimulatedBoard({ board: kind });
  served = await serveTcp(board, 0);
});

afterAll(async () => {
  board.stop();
  await served.close();
  rmSync(folder, { recursive: true, force: true });
});

async function withConnection<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await openConnection(`localhost:${served.port}`);
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

const flash = (connection: Connection, options = {}) =>
  flashBoard(connection, [{ address: 0, data: firmware.flash }], { needs, baud: 921_600, ...options });

describe('a simulated board on TCP', () => {
  it('is flashed, interrupted and flashed again', async () => {
    await expect(
      withConnection((connection) =>
        flash(connection, {
          onProgress: () => void connection.close(),
        }),
      ),
    ).rejects.toThrow(FailureError);
    const identity = await withConnection(flash);
    expect(identity).toMatchObject({ chip: 'ESP32-S3', revision: 'v0.2', flashBytes: kind.flashBytes });
    expect(Buffer.compare(board.chip.flash.subarray(0, firmware.flash.length), firmware.flash)).toBe(0);
  });

  it('boots what was flashed and gives the bits of the simulator', async () => {
    const expected = expectationOf(question, firmware, simulate(firmware, question));
    const verification = await withConnection(async (connection) =>
      verifyBoard(await openMachine(connection), expected),
    );
    expect(verification.digest.actual).toBe(expected.digest);
    expect(verification.ok).toBe(true);
  });

  it('hands on what the device refuses, and survives garbage on the line', async () => {
    await withConnection(async (connection) => {
      const machine = await openMachine(connection);
      await expect(machine.tell('x'.repeat(100))).rejects.toThrow(/context holds 64/);
      await connection.write(Uint8Array.from({ length: 300 }, (_, i) => (i * 151) & 255));
      await machine.stop();
      await machine.command('');
      await machine.command('/json on');
      const { end, tokens } = await machine.tell('a');
      expect(tokens.length).toBeGreaterThan(0);
      expect(end.digest).toMatch(/^[0-9a-f]{16}$/);
    });
  });

  it('answers on a pseudo-terminal as it does on TCP', async ({ skip }) => {
    const path = await servePseudoTerminal(board);
    if (path === undefined) return skip('this system has no pseudo-terminals');
    const connection = await openConnection(path);
    const machine = await openMachine(connection);
    expect(machine.ready).toMatchObject({ model: 'tiny', map: firmware.mapFingerprint });
    expect((await machine.tell('b')).tokens.length).toBeGreaterThan(0);
    await machine.leave();
    await connection.close();
  });

  it('turns a second caller away', async () => {
    await withConnection(async () => {
      const second = await openConnection(`localhost:${served.port}`);
      const message = await new Promise<string>((resolve) => {
        second.onData((bytes) => resolve(Buffer.from(bytes).toString()));
      });
      expect(message).toMatch(/another program is connected/);
      await second.close();
    });
  });

  it('keeps its flash in a file', () => {
    const path = join(folder, 'flash.bin');
    const contents = new Uint8Array(kind.flashBytes).fill(0xff);
    const save = createFlashSaver(path, contents);
    expect(save()).toBe(false);
    contents.set([1, 2, 3], 5000);
    expect(save()).toBe(true);
    expect(readFileSync(path)).toHaveLength(8192);
    expect(readFlashFile(path, kind.flashBytes).subarray(5000, 5003)).toEqual(Buffer.from([1, 2, 3]));
    expect(() => readFlashFile(path, 4096)).toThrow(/holds 8192 bytes/);
  });
});
