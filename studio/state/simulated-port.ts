/** The simulated board as a page's serial port: whatever serves real ports serves this one, and cannot tell. */
import type { BrowserSerialPort } from '../../src/serial/index.ts';
import type { FromBoard, ToBoard } from '../worker/protocol.ts';

/** What the UART bridge of a development board says that it is (CP2102N). */
const BRIDGE = { usbVendorId: 0x10c4, usbProductId: 0xea60 };

export interface SimulatedPort {
  port: BrowserSerialPort;
  /** Pulls the cable, and takes the board away. */
  unplug(): void;
}

export interface SimulatedPortOptions {
  board: string;
  /** Where it is not the board's. */
  flashMegabytes?: number;
  onScreen?: (pixels: Uint8Array) => void;
}

export function createSimulatedPort({ onScreen, ...start }: SimulatedPortOptions): SimulatedPort {
  const worker = new Worker(new URL('../worker/simulated-board.ts', import.meta.url), {
    type: 'module',
    name: 'simulated board',
  });
  const post = (message: ToBoard): void => worker.postMessage(message);
  const gone = new Set<() => void>();
  let input: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isLost = false;
  const unplug = (): void => {
    if (isLost) return;
    isLost = true;
    worker.terminate();
    const lost = new DOMException('The device has been lost.', 'NetworkError');
    Object.assign(port, { readable: null, writable: null });
    input?.error(lost);
    for (const listener of gone) listener();
  };
  worker.onmessage = ({ data }: MessageEvent<FromBoard>) => {
    if ('bytes' in data) input?.enqueue(data.bytes);
    else if ('pixels' in data) onScreen?.(data.pixels);
    else unplug();
  };
  const port: BrowserSerialPort & Record<'readable' | 'writable', unknown> = {
    readable: null as ReadableStream<Uint8Array> | null,
    writable: null as WritableStream<Uint8Array> | null,
    async open() {
      if (isLost) throw new DOMException('Failed to open serial port.', 'NetworkError');
      if (port.readable) throw new DOMException('The port is already open.', 'InvalidStateError');
      Object.assign(port, {
        readable: new ReadableStream<Uint8Array>({
          start(controller) {
            input = controller;
          },
        }),
        writable: new WritableStream<Uint8Array>({ write: (bytes) => post({ bytes }) }),
      });
    },
    async close() {
      input = undefined;
      Object.assign(port, { readable: null, writable: null });
    },
    async setSignals({ dataTerminalReady: dtr, requestToSend: rts }) {
      post({
        lines: { ...(dtr === undefined ? {} : { dtr }), ...(rts === undefined ? {} : { rts }) },
      });
    },
    getInfo: () => BRIDGE,
    addEventListener: (_, listener) => void gone.add(listener),
    removeEventListener: (_, listener) => void gone.delete(listener),
  };
  post({ start });
  return { port, unplug };
}
