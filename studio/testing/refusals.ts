/** Boards that the firmware cannot run on, behind a port as Web Serial gives it: a loader in this process answers. */
import { expect, it } from 'vitest';
import { createLoaderBoard, type LoaderBoardOptions } from '../../src/serial/testing.ts';
import type { Studio } from './studio.ts';

interface Lines {
  dtr?: boolean;
  rts?: boolean;
}

interface Bridge {
  toBoard(bytes: number[]): Promise<void>;
  setLines(lines: Lines): Promise<void>;
  fromBoard(bytes: number[]): void;
  /** Another program has the port. */
  isTaken: boolean;
}

/** In the page: a serial port whose other end is the loader of a board in this process. */
function offerPort(): void {
  const bridge = globalThis as unknown as Bridge;
  const port = {
    readable: null as unknown,
    writable: null as unknown,
    async open() {
      if (bridge.isTaken) throw new DOMException('Failed to open serial port.', 'NetworkError');
      port.readable = new ReadableStream<Uint8Array>({
        start(controller) {
          bridge.fromBoard = (bytes) => controller.enqueue(Uint8Array.from(bytes));
        },
      });
      port.writable = new WritableStream<Uint8Array>({ write: (bytes) => bridge.toBoard([...bytes]) });
    },
    async close() {
      port.readable = null;
      port.writable = null;
    },
    setSignals: (signals: { dataTerminalReady?: boolean; requestToSend?: boolean }) =>
      bridge.setLines({ dtr: signals.dataTerminalReady, rts: signals.requestToSend }),
    getInfo: () => ({}),
    addEventListener() {},
    removeEventListener() {},
  };
  Object.defineProperty(navigator, 'userAgent', {
    configurable: true,
    value: 'Mozilla/5.0 (Windows NT 10.0)',
  });
  Object.defineProperty(navigator, 'serial', {
    configurable: true,
    value: { requestPort: async () => port, getPorts: async () => [port] },
  });
}

interface Case {
  hash: string;
  board: LoaderBoardOptions;
  sentence: RegExp;
  /** What the page takes it for, and the beginning of what it offers. */
  trouble?: string;
  help?: string;
  /** How the port answers that it is to be opened. */
  taken?: boolean;
  /** It is written, and does not start. */
  writes?: boolean;
}

const CASES: readonly Case[] = [
  {
    hash: '#board?tokens=4',
    board: { chipId: 5 },
    sentence: /this is an ESP32-C3; the firmware runs on an ESP32-S3 only/,
    trouble: 'foreign',
    help: 'It may be the wrong port',
  },
  {
    // Weights of four bytes: more than the smallest flash holds.
    hash: '#board?tokens=4&board=devkitc-n16r8&precision=f32',
    board: { flashBytes: 2 ** 20 },
    sentence: /MB of flash and this board has 1 MB/,
  },
  {
    hash: '#board?tokens=4',
    board: { toHost: () => Buffer.from('$GPGGA,092750.000\r\n') },
    sentence: /something answers on this port, but no chip's loader/,
    trouble: 'foreign',
    help: 'It may be the wrong port',
  },
  {
    hash: '#board?tokens=4',
    board: {},
    sentence: /cannot be opened; close the other program or page that uses it/,
    trouble: 'busy',
    help: 'Device Manager shows whether the port has a driver',
    taken: true,
  },
  {
    hash: '#board?tokens=4',
    board: { psramCode: 1 },
    sentence: /the board is in download mode still: let go of BOOT and press RESET once/,
    trouble: 'stuck',
    help: 'press RESET once, without BOOT',
    writes: true,
  },
];

export function testRefusals(studio: () => Studio): void {
  const button = (name: string) => studio().page.getByRole('button', { name, exact: true });

  it('refuses what it cannot run on, and says of a port that is none, is taken or stuck what helps', async () => {
    const { page, visit } = studio();
    let board = createLoaderBoard();
    let setLines = async (_: Lines): Promise<void> => {};
    await page.exposeFunction('toBoard', (bytes: number[]) => board.connection.write(Uint8Array.from(bytes)));
    await page.exposeFunction('setLines', (lines: Lines) => setLines(lines));
    await page.context().addInitScript(offerPort);
    const send = (bytes: Uint8Array) =>
      page.evaluate((list) => (globalThis as unknown as Bridge).fromBoard(list), [...bytes]).catch(() => {}); // a port that is closed
    for (const { hash, board: options, sentence, trouble, help, taken, writes } of CASES) {
      board = createLoaderBoard(options);
      board.connection.onData((bytes) => void send(bytes));
      let wasWritten = false;
      setLines = async (lines) => {
        await board.connection.setLines(lines);
        if (lines.rts === false && wasWritten) await send(Buffer.from('waiting for download\r\n'));
      };
      await visit(hash);
      await page.evaluate((isTaken) => {
        (globalThis as unknown as Bridge).isTaken = isTaken;
      }, taken ?? false);
      await button('Connect and write the image').click();
      if (writes) {
        await button('Write the image').click();
        wasWritten = true;
      }
      await page.locator('.failure').getByText(sentence).waitFor();
      expect(await button('Write the image').count()).toBe(0);
      if (trouble) await page.locator(`[data-trouble=${trouble}]`).getByText(help!).waitFor();
      else expect(await page.locator('[data-trouble]').count()).toBe(0);
      expect(board.flash.every((byte) => byte === 0xff)).toBe(!writes);
    }
  });
}
