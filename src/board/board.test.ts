import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { FailureError } from '../errors.ts';
import { type Firmware, type Simulation, simulate } from '../firmware/index.ts';
import { BABBLER_QUESTION, babblerFirmware } from '../firmware/testing.ts';
import {
  awaitProgram,
  type Connection,
  expectationOf,
  flashBoard,
  openDevice,
  verifyBoard,
} from '../serial/index.ts';
import { openConnection } from '../serial/node/index.ts';
import { keepLast } from '../testing/kept.ts';
import {
  createFlashSaver,
  createSimulatedBoard,
  readFlashFile,
  type Served,
  type SimulatedBoard,
  servePseudoTerminal,
  serveTcp,
} from './index.ts';
import { isDownloading } from './line-in.ts';

const kind = findBoard('heltec-v3');
const question = { ...BABBLER_QUESTION, tokens: 24 } as const;
const needs = { flashBytes: 0, psramBytes: 0 };

function fileOf(name: string, contents: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

const tinyFirmware = (): Firmware => babblerFirmware('tiny', kind);

let firmware: Firmware;
/** What the simulator says to the question. */
let told: Simulation;
const cache = keepLast();
let board: SimulatedBoard;
let served: Served;
let folder: string;

beforeAll(async () => {
  firmware = tinyFirmware();
  folder = mkdtempSync(join(tmpdir(), 'board-'));
  told = simulate(firmware, { ...question, cache });
  board = createSimulatedBoard({ board: kind });
  board.chip.cores[0].offerTranslations(cache.last!);
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
    const expected = expectationOf(question, firmware, told);
    const verification = await withConnection(async (connection) =>
      verifyBoard(await openDevice(connection), expected),
    );
    expect(verification.digest.actual).toBe(expected.digest);
    expect(verification.ok).toBe(true);
  });

  it('hands on what the device refuses, and survives garbage on the line', async () => {
    await withConnection(async (connection) => {
      const device = await openDevice(connection);
      await expect(device.tell('x'.repeat(100))).rejects.toThrow(/context holds 64/);
      await expect(device.tell('y'.repeat(513))).rejects.toThrow(/513 bytes/);
      await expect(device.command('/temp 99')).rejects.toThrow(/wants a number from 0 to 10/);
      expect(await device.command('/temp 0.5')).toEqual(['temperature 0.5']);
      await connection.write(Uint8Array.from({ length: 300 }, (_, i) => (i * 151) & 255));
      await device.stop();
      await device.rejoin();
      const { end, tokens } = await device.tell('a');
      expect(tokens.length).toBeGreaterThan(0);
      expect(end.digest).toMatch(/^[0-9a-f]{16}$/);
    });
  });

  it('answers on a pseudo-terminal as it does on TCP', async ({ skip }) => {
    const terminal = await servePseudoTerminal(board);
    if (terminal === undefined) return skip('this system has no pseudo-terminals');
    const connection = await openConnection(terminal.path);
    const device = await openDevice(connection);
    expect(device.ready).toMatchObject({ model: 'tiny', map: firmware.mapFingerprint });
    expect((await device.tell('b')).tokens.length).toBeGreaterThan(0);
    await device.leave();
    await connection.close();
    terminal.close();
  });

  it('turns a second caller away, who says so', async () => {
    await withConnection(async () => {
      const second = await openConnection(`localhost:${served.port}`);
      await expect(openDevice(second)).rejects.toThrow(
        /another program is connected to this board; close it there/,
      );
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

  it.each([
    ['a folder', () => folder, /is a folder where the file of the flash is wanted/],
    ['an empty name', () => '', /has an empty name/],
    ['no folder', () => join(folder, 'no', 'flash.bin'), /cannot be kept in .*no: there is no such folder/],
    ['a device', () => '/dev/null', /no file that could keep a flash/],
    ['any other file', () => fileOf('thesis.txt', 'precious words'), /would be written over; choose another/],
  ])('takes %s for no flash', (_what, path, message) => {
    expect(() => readFlashFile(path(), kind.flashBytes)).toThrow(message);
  });

  it('takes an image, and a flash whose first sector is erased', () => {
    expect(readFlashFile(fileOf('image.bin', firmware.flash), kind.flashBytes)).toHaveLength(
      firmware.flash.length,
    );
    const erased = new Uint8Array(8192).fill(0xff, 0, 4096);
    expect(readFlashFile(fileOf('erased.bin', erased), kind.flashBytes)).toHaveLength(8192);
  });

  it('says in one sentence what keeps it from saving', () => {
    const contents = new Uint8Array(8192).fill(0xff);
    const save = createFlashSaver(join(folder, 'gone', 'flash.bin'), contents);
    contents[0] = 0xe9;
    expect(save).toThrow(/cannot be kept in .*flash\.bin: there is no such folder; choose another place/);
    expect(save).toThrow(FailureError); // nothing counts as saved
  });
});

/** Flashes, and waits for the program's own word. */
async function flashAndHear(wire: Connection, reopen?: () => Promise<Connection>): Promise<string> {
  // The loader stands already. The tool would reset it again with every try, and that of a slow simulation would never get to answer.
  let restarts = false;
  const connection: Connection = {
    ...wire,
    setLines: async (lines) => (restarts ? wire.setLines(lines) : undefined),
  };
  let running: ReturnType<typeof awaitProgram> | undefined;
  let printed = '';
  await flash(connection, {
    onRestart() {
      restarts = true;
      running = awaitProgram(connection, {
        reopen,
        onData: (bytes) => (printed += Buffer.from(bytes).toString('latin1')),
      });
    },
  });
  const { greeting, connection: last } = await running!;
  expect(greeting).toMatch(/^esp32-llm \S+ for Heltec|^model tiny$/);
  const device = await openDevice(last);
  expect(device.ready.map).toBe(firmware.mapFingerprint);
  await device.leave();
  return printed;
}

/** One that does not run on behind its test. What the simulator has translated of the image, it need not find out again. */
function ownBoard(): SimulatedBoard {
  const own = createSimulatedBoard({ board: kind });
  own.chip.cores[0].offerTranslations(cache.last!);
  onTestFinished(() => own.stop());
  return own;
}

describe('a program that was just written', () => {
  it('starts on TCP while the connection stays open', async () => {
    const printed = await withConnection((connection) => flashAndHear(connection));
    expect(printed).toMatch(/^ESP-ROM:/); // and no frame of the loader's
    expect(printed).toContain('rst:0x10 (RTCWDT_RTC_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)');
  });

  it('starts on a pseudo-terminal, where nobody can hang up', async ({ skip }) => {
    const terminal = await servePseudoTerminal(board);
    if (terminal === undefined) return skip('this system has no pseudo-terminals');
    const connection = await openConnection(terminal.path);
    expect(connection.hasLines).toBe(false);
    await flashAndHear(connection);
    await connection.close();
    terminal.close();
  });

  it('starts behind a UART bridge by its EN line', async () => {
    const own = ownBoard();
    own.reset('download');
    expect(await flashAndHear(own.connection)).toContain('rst:0x1 (POWERON),boot:0x8');
  });

  it.each(['by the lines', 'by hand, with BOOT and RESET'])(
    'starts on native USB after download mode was entered %s',
    async (how) => {
      const own = ownBoard();
      const usb = own.plugUsb();
      if (how === 'by the lines') {
        for (const lines of [{ dtr: true }, { rts: true }, { dtr: false }, { rts: false }])
          await usb.setLines(lines);
      } else own.reset('download');
      let plugs = 1;
      const again = how === 'by the lines' ? usb : own.plugUsb(); // RESET reaches the USB, too
      await flashAndHear(again, async () => {
        plugs++;
        return own.plugUsb();
      });
      expect(plugs).toBe(2); // the device went with the reset and came again
    },
  );

  it('is left alone by a tool that falls silent on a pseudo-terminal in download mode', async ({ skip }) => {
    // Who was there before may not have hung up yet: a board in download mode would take the SYNC for its loader.
    await expect.poll(() => isDownloading(board)).toBe(false);
    const quietMs = 1500; // longer than a busy machine takes to start the loader and hear it
    const terminal = await servePseudoTerminal(board, quietMs);
    if (terminal === undefined) return skip('this system has no pseudo-terminals');
    const connection = await openConnection(terminal.path);
    await awaitProgram(connection, { silence: 1000 }); // its greeting would be taken for an answer to what follows
    const sync = [0xc0, 0, 8, 36, 0, 0, 0, 0, 0, 7, 7, 0x12, 0x20, ...new Array(32).fill(0x55), 0xc0];
    const running = awaitProgram(connection).catch((error: Error) => error.message);
    await connection.write(Uint8Array.from(sync));
    expect(await running).toMatch(/in download mode still/);
    expect((await awaitProgram(connection)).greeting).toMatch(/^esp32-llm/);
    await connection.close();
    terminal.close();
  });
});
