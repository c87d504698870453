/** A {@link Connection} in the shape of a Web Serial port, which is what esptool-js talks to. (The other way round: browser-port.ts.) */
import type { Connection } from './connection.ts';

/** The part of Web Serial's SerialPort that esptool-js uses. */
export interface WebSerialPort {
  readable: ReadableStream<Uint8Array> | null;
  writable: WritableStream<Uint8Array> | null;
  open(options: { baudRate: number }): Promise<void>;
  close(): Promise<void>;
  setSignals(signals: { dataTerminalReady?: boolean; requestToSend?: boolean }): Promise<void>;
  setBaudRate(rate: number): Promise<void>;
  getInfo(): { usbVendorId?: number; usbProductId?: number };
}

/** Opening and closing this port leaves the connection open: it belongs to whoever made it. */
export function webSerialPort(connection: Connection): WebSerialPort {
  let stop = (): void => {};
  const port: WebSerialPort = {
    readable: null,
    writable: null,
    async open({ baudRate }) {
      await connection.setBaud(baudRate);
      port.readable = new ReadableStream({
        start(controller) {
          stop = connection.onData((bytes) => controller.enqueue(Uint8Array.from(bytes)));
        },
        cancel: () => stop(),
      });
      port.writable = new WritableStream({ write: (bytes) => connection.write(bytes) });
    },
    async close() {
      stop();
      port.readable = null;
      port.writable = null;
    },
    setSignals: ({ dataTerminalReady, requestToSend }) =>
      connection.setLines({
        ...(dataTerminalReady === undefined ? {} : { dtr: dataTerminalReady }),
        ...(requestToSend === undefined ? {} : { rts: requestToSend }),
      }),
    setBaudRate: (rate) => connection.setBaud(rate),
    getInfo: () =>
      connection.usb ? { usbVendorId: connection.usb.vendorId, usbProductId: connection.usb.productId } : {},
  };
  return port;
}
