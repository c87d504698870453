/** A browser's serial port (Web Serial) as a {@link Connection}: what `navigator.serial.requestPort()` gives, flashed and talked to. */
import { FailureError } from '../errors.ts';
import { type Connection, DEFAULT_BAUD, lostError } from './connection.ts';
import { createListeners, createSignal } from './listeners.ts';

/** The part of Web Serial's SerialPort that is used here; a browser's own fits. */
export interface BrowserSerialPort {
  /** null while the port is closed, and once the device is gone. */
  readonly readable: ReadableStream<Uint8Array> | null;
  readonly writable: WritableStream<Uint8Array> | null;
  open(options: { baudRate: number; bufferSize?: number }): Promise<void>;
  close(): Promise<void>;
  setSignals(signals: { dataTerminalReady?: boolean; requestToSend?: boolean }): Promise<void>;
  getInfo(): { usbVendorId?: number; usbProductId?: number };
  addEventListener(type: 'disconnect', listener: () => void): void;
  removeEventListener(type: 'disconnect', listener: () => void): void;
}

export interface BrowserPortOptions {
  /** Bits per second; default 115,200. */
  baud?: number;
  /** What messages call it; default "the serial port". */
  name?: string;
}

/** Bytes that the browser holds for a page that is busy; its own default of 255 loses some at 921,600 baud. */
const BUFFER_BYTES = 1 << 16;

/**
 * Opens a port and hands it out as a connection, which owns it from then on.
 *
 * Web Serial has no way to change the rate of an open port: `setBaud` closes it and opens it again, as esptool-js does. A chip's own USB
 * goes away with a reset and comes back as another device: open it again then (`reopen` of `awaitProgram`).
 * @throws FailureError where it cannot be opened
 */
export async function openBrowserPort(
  port: BrowserSerialPort,
  { baud = DEFAULT_BAUD, name = 'the serial port' }: BrowserPortOptions = {},
): Promise<Connection> {
  const data = createListeners<Uint8Array>();
  const closed = createSignal();
  let isOpen = true;
  let rate = baud;
  /** The loop that reads, while there is one. */
  let reading: { stop: () => Promise<void> } | undefined;
  /** Writes come one after the other: a stream has one writer at a time. */
  let written: Promise<void> = Promise.resolve();

  const onGone = (): void => {
    isOpen = false;
    port.removeEventListener('disconnect', onGone);
    closed.emit();
  };
  const start = async (): Promise<void> => {
    await port.open({ baudRate: rate, bufferSize: BUFFER_BYTES }).catch((error: Error) => {
      throw new FailureError(
        `${name} cannot be opened; close the other program or page that uses it and try again (${error.message})`,
      );
    });
    reading = readAll(port, data.emit, onGone);
  };
  await start();
  port.addEventListener('disconnect', onGone);

  const { usbVendorId, usbProductId } = port.getInfo();
  const connection: Connection = {
    name,
    usb:
      usbVendorId === undefined || usbProductId === undefined
        ? undefined
        : { vendorId: usbVendorId, productId: usbProductId },
    hasLines: true,
    write(bytes) {
      const write = async (): Promise<void> => {
        const writer = isOpen ? port.writable?.getWriter() : undefined;
        if (!writer) throw lostError(connection);
        try {
          await writer.write(bytes);
        } catch (error) {
          throw isOpen && port.writable ? error : lostError(connection);
        } finally {
          writer.releaseLock();
        }
      };
      const done = written.then(write);
      written = done.catch(() => {}); // told to whoever wrote
      return done;
    },
    onData: data.add,
    onClose: closed.add,
    async setLines({ dtr, rts }) {
      if (!isOpen) return;
      await port.setSignals({
        ...(dtr === undefined ? {} : { dataTerminalReady: dtr }),
        ...(rts === undefined ? {} : { requestToSend: rts }),
      });
    },
    async setBaud(wanted) {
      if (wanted === rate || !isOpen) return;
      rate = wanted;
      await written;
      await reading?.stop();
      await port.close();
      await start();
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      port.removeEventListener('disconnect', onGone);
      await written;
      await reading?.stop();
      await port.close();
    },
  };
  return connection;
}

/**
 * Reads until told to stop. Noise on the line (framing, parity, overrun, break) ends a stream, and the port has another at once; when the
 * device is gone it has none.
 */
function readAll(
  port: BrowserSerialPort,
  onBytes: (bytes: Uint8Array) => void,
  onGone: () => void,
): { stop: () => Promise<void> } {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let stopped = false;
  const run = async (): Promise<void> => {
    while (!stopped && port.readable) {
      reader = port.readable.getReader();
      try {
        for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read())
          if (value) onBytes(value);
      } catch {
        // The next stream, if there is one.
      } finally {
        reader.releaseLock();
      }
    }
    if (!stopped) onGone();
  };
  const ended = run();
  return {
    async stop() {
      stopped = true;
      await reader?.cancel().catch(() => {});
      await ended;
    },
  };
}
