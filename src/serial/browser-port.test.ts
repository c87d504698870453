import { describe, expect, it } from 'vitest';
import { FailureError } from '../errors.ts';
import { type BrowserSerialPort, openBrowserPort } from './browser-port.ts';
import type { Connection } from './connection.ts';
import { flashBoard } from './flash.ts';
import { createLoaderBoard } from './testing.ts';

/** A port that behaves as the Web Serial specification says, on any connection; what a page cannot do wrong with a real one, throws. */
function createBrowserPort(wire: Connection) {
  const gone = new Set<() => void>();
  let input: ReadableStreamDefaultController<Uint8Array> | undefined;
  let lost = false;
  let stopListening = (): void => {};
  const opened: number[] = [];
  const newReadable = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => {
        input = controller;
      },
    });
  const port = {
    readable: null as ReadableStream<Uint8Array> | null,
    writable: null as WritableStream<Uint8Array> | null,
    async open({ baudRate }: { baudRate: number }) {
      if (port.readable) throw new DOMException('The port is already open.', 'InvalidStateError');
      if (lost) throw new DOMException('Failed to open serial port.', 'NetworkError');
      opened.push(baudRate);
      await wire.setBaud(baudRate);
      port.readable = newReadable();
      port.writable = new WritableStream({ write: (bytes) => wire.write(bytes) });
      stopListening = wire.onData((bytes) => input!.enqueue(Uint8Array.from(bytes)));
    },
    async close() {
      if (!port.readable || !port.writable) throw new DOMException('It is closed.', 'InvalidStateError');
      if (port.readable.locked || port.writable.locked) throw new TypeError('Cannot cancel a locked stream');
      stopListening();
      port.readable = null;
      port.writable = null;
    },
    async setSignals({ dataTerminalReady: dtr, requestToSend: rts }) {
      await wire.setLines({ ...(dtr === undefined ? {} : { dtr }), ...(rts === undefined ? {} : { rts }) });
    },
    getInfo: () => ({ usbVendorId: 0x10c4, usbProductId: 0xea60 }),
    addEventListener: (_, listener) => void gone.add(listener),
    removeEventListener: (_, listener) => void gone.delete(listener),
  } satisfies BrowserSerialPort;
  return {
    port: port as BrowserSerialPort,
    /** Rates at which it was opened. */
    opened,
    listeners: gone,
    /** A byte that was no byte: the stream ends, and the port has a new one. */
    misread() {
      const before = input!;
      port.readable = newReadable();
      before.error(new DOMException('A framing error has been detected.', 'FramingError'));
    },
    pullCable() {
      lost = true;
      port.readable = null;
      port.writable = null;
      input!.error(new DOMException('The device has been lost.', 'NetworkError'));
      for (const listener of [...gone]) listener();
    },
  };
}

/** Both ends of a wire: what is written stands in `written`. */
function createWire() {
  const written: number[] = [];
  let emit = (_: Uint8Array): void => {};
  const wire: Connection = {
    name: 'wire',
    hasLines: true,
    write: async (bytes) => void written.push(...bytes),
    onData(listener) {
      emit = listener;
      return () => {
        emit = () => {};
      };
    },
    onClose: () => () => {},
    setLines: async () => {},
    setBaud: async () => {},
    close: async () => {},
  };
  return { wire, written, arrive: (...bytes: number[]) => emit(Uint8Array.from(bytes)) };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

async function opened() {
  const { wire, ...ends } = createWire();
  const browser = createBrowserPort(wire);
  const connection = await openBrowserPort(browser.port);
  const heard: number[] = [];
  connection.onData((bytes) => heard.push(...bytes));
  return { browser, connection, heard, ...ends };
}

describe('a browser’s serial port', () => {
  it('flashes a board, at another rate than it connects with', async () => {
    const image = Uint8Array.from({ length: 20_000 }, (_, i) => ((i * i) >> 5) & 255);
    const board = createLoaderBoard();
    const browser = createBrowserPort(board.connection);
    const connection = await openBrowserPort(browser.port);
    expect(connection).toMatchObject({ usb: { vendorId: 0x10c4, productId: 0xea60 }, hasLines: true });
    const needs = { flashBytes: 4 * 2 ** 20, psramBytes: 0 };
    await flashBoard(connection, [{ address: 0, data: image }], { needs, baud: 460_800 });
    expect(board.flash.subarray(0, image.length)).toEqual(image);
    expect(browser.opened).toEqual([115_200, 460_800, 115_200]);
    await connection.close();
    expect(browser.port.readable).toBeNull();
    expect(browser.listeners.size).toBe(0);
  });

  it('brings bytes in their order, across a change of the rate and noise on the line', async () => {
    const { browser, connection, heard, written, arrive } = await opened();
    arrive(1, 2);
    await soon();
    await connection.setBaud(9600);
    arrive(3);
    await soon();
    browser.misread();
    await soon();
    arrive(4);
    await soon();
    expect(heard).toEqual([1, 2, 3, 4]);
    await Promise.all([5, 6, 7].map((byte) => connection.write(Uint8Array.of(byte))));
    expect(written).toEqual([5, 6, 7]);
    await connection.setBaud(9600);
    expect(browser.opened).toEqual([115_200, 9600]);
    await connection.close();
    await connection.close(); // does nothing
  });

  it('tells of a cable that was pulled, once, and what is written then fails in a sentence', async () => {
    const { browser, connection } = await opened();
    let times = 0;
    connection.onClose(() => times++);
    browser.pullCable();
    await soon();
    expect(times).toBe(1);
    await expect(connection.write(Uint8Array.of(1))).rejects.toThrow(
      /^the serial port: the connection was lost/,
    );
    await connection.setLines({ dtr: true });
    await connection.close();
  });

  it('that is taken is refused in a sentence', async () => {
    const browser = createBrowserPort(createWire().wire);
    await browser.port.open({ baudRate: 9600 });
    const second = openBrowserPort(browser.port, { name: 'CP2102' });
    await expect(second).rejects.toThrow(FailureError);
    await expect(second).rejects.toThrow(/^CP2102 cannot be opened; close the other program or page/);
  });
});
