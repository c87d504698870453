/** Boards that the firmware cannot run on, behind a port as Web Serial gives it: a loader in this process answers. */
import { expect, it } from 'vitest';
import { createLoaderBoard } from '../../src/serial/testing.ts';
import type { Studio } from './studio.ts';

interface Bridge {
  toBoard(bytes: number[]): Promise<void>;
  setLines(lines: { dtr?: boolean; rts?: boolean }): Promise<void>;
  fromBoard(bytes: number[]): void;
}

/** In the page: a serial port whose other end is the loader of a board in this process. */
function offerPort(): void {
  const bridge = globalThis as unknown as Bridge;
  const port = {
    readable: null as unknown,
    writable: null as unknown,
    async open() {
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
  Object.defineProperty(navigator, 'serial', {
    configurable: true,
    value: { requestPort: async () => port, getPorts: async () => [port] },
  });
}

export function testRefusals(studio: () => Studio): void {
  const button = (name: string) => studio().page.getByRole('button', { name, exact: true });

  it('refuses another chip and too little flash in plain words, and writes nothing', async () => {
    const { page, visit } = studio();
    let board = createLoaderBoard();
    await page.exposeFunction('toBoard', (bytes: number[]) => board.connection.write(Uint8Array.from(bytes)));
    await page.exposeFunction('setLines', (lines: { dtr?: boolean; rts?: boolean }) =>
      board.connection.setLines(lines),
    );
    await page.context().addInitScript(offerPort);
    const refusals = [
      ['#board', { chipId: 5 }, /this is an ESP32-C3; the firmware runs on an ESP32-S3 only/],
      // Weights of four bytes: more than the smallest flash holds.
      [
        '#board?board=devkitc-n16r8&precision=f32',
        { flashBytes: 2 ** 20 },
        /MB of flash and this board has 1 MB/,
      ],
    ] as const;
    for (const [hash, options, sentence] of refusals) {
      board = createLoaderBoard(options);
      const pass = (bytes: number[]) =>
        page.evaluate((list) => (globalThis as unknown as Bridge).fromBoard(list), bytes).catch(() => {}); // a port that is closed
      board.connection.onData((bytes) => void pass([...bytes]));
      await visit(hash);
      await button('Connect and write the image').click();
      await page.locator('.failure').getByText(sentence).waitFor();
      expect(await button('Write the image').count()).toBe(0);
      expect(board.resets).toBeGreaterThan(0);
      expect(board.flash.every((byte) => byte === 0xff)).toBe(true);
    }
  });
}
