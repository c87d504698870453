/**
 * USB-Serial-JTAG (TRM chapter 33; docs/esp32-s3.md D2): one 64-byte IN endpoint that only a reading host empties, one
 * OUT endpoint. Without a host the first packet stays in the endpoint for ever, as on a board on a charger.
 */

import { type Alarm, TICKS_PER_SECOND } from './clock.ts';
import type { PeripheralContext } from './context.ts';
import { createRegisterBlock, type Peripheral } from './peripheral.ts';

const PACKET_BYTES = 64;
/** A full-speed host polls the IN endpoint well within a frame; 50 µs a packet is about 1.2 MB/s. */
const PACKET_TICKS = TICKS_PER_SECOND / 20_000;
const FRAME_TICKS = TICKS_PER_SECOND / 1000;

const EP1 = 0x00;
const EP1_CONF = 0x04;
const INT_RAW = 0x08;
const INT_ST = 0x0c;
const INT_ENA = 0x10;
const INT_CLR = 0x14;
const FRAM_NUM = 0x24;

const WR_DONE = 1;
const DATA_FREE = 2;
const DATA_AVAIL = 4;
const INT_SOF = 1 << 1;
const INT_OUT_RECV_PKT = 1 << 2;
const INT_IN_EMPTY = 1 << 3;

const INTERRUPT_SOURCE = 96;

export interface UsbSerialJtag extends Peripheral {
  onOutput(listener: (byte: number) => void): void;
  receive(bytes: Uint8Array | string): void;
  /** Whether a host with an open port is on the cable. */
  hostAttached: boolean;
  /** What the host asked for by its lines (DTR without RTS): its next reset goes to download mode. Survives core resets. */
  downloadRequested: boolean;
  /** For the ROM: queues a byte if the endpoint has room. */
  send(byte: number): boolean;
  flush(): void;
  /** For the ROM: next byte from the host, or undefined. */
  take(): number | undefined;
}

export function createUsbSerialJtag(context: PeripheralContext, base: number): UsbSerialJtag {
  const { clock, warnings } = context;
  const listeners: ((byte: number) => void)[] = [];
  const packet: number[] = [];
  const received: number[] = [];
  let attached = false;
  let inFlight = false; // the packet is closed and waits for the host
  let latched = INT_IN_EMPTY;
  let frameAtClear = 0;

  const frame = () => (usb.hostAttached ? Math.floor(clock.ticks / FRAME_TICKS) : frameAtClear);
  const raw = () => latched | (frame() !== frameAtClear ? INT_SOF : 0);
  const updateInterrupt = () => context.interrupt(INTERRUPT_SOURCE, (raw() & block.get(INT_ENA)) !== 0);
  /** The next start of a frame, while a host sends them and a program wants to be told. */
  let frameAlarm: Alarm | undefined;
  const awaitFrame = () => {
    frameAlarm?.cancel();
    frameAlarm = undefined;
    if (!usb.hostAttached || (block.get(INT_ENA) & INT_SOF) === 0) return;
    const next = Math.max(frameAtClear, Math.floor(clock.ticks / FRAME_TICKS)) + 1;
    frameAlarm = clock.at(next * FRAME_TICKS, updateInterrupt);
  };

  const delivered = () => {
    if (!usb.hostAttached) return;
    for (const byte of packet.splice(0)) for (const listener of listeners) listener(byte);
    inFlight = false;
    latched |= INT_IN_EMPTY;
    updateInterrupt();
  };
  const flush = () => {
    if (inFlight) return;
    inFlight = true;
    if (usb.hostAttached) clock.after(PACKET_TICKS, delivered);
  };
  const send = (byte: number) => {
    if (inFlight) return false;
    packet.push(byte & 0xff);
    if (packet.length === PACKET_BYTES) flush();
    return true;
  };

  const block = createRegisterBlock({
    name: 'USB_SERIAL_JTAG',
    base,
    size: 0x1000,
    warnings,
    plain: [[0x18, 0x84]],
    registers: {
      [EP1]: {
        read: () => received.shift() ?? 0,
        write(value) {
          if (send(value)) return;
          warnings.once(
            'usb overflow',
            base,
            'USB_SERIAL_JTAG: a byte was written while DATA_FREE was 0 and is lost',
          );
        },
      },
      [EP1_CONF]: {
        steady: true,
        read: () => (inFlight ? 0 : DATA_FREE) | (received.length > 0 ? DATA_AVAIL : 0),
        write(value) {
          if (value & WR_DONE) flush();
        },
      },
      [INT_RAW]: { read: raw },
      [INT_ST]: { read: () => raw() & block.get(INT_ENA) },
      [INT_ENA]: {
        write(value) {
          block.set(INT_ENA, value);
          updateInterrupt();
          awaitFrame();
        },
      },
      [INT_CLR]: {
        read: () => 0,
        write(value) {
          latched &= ~value;
          if (value & INT_SOF) frameAtClear = frame();
          updateInterrupt();
          awaitFrame();
        },
      },
      [0x18]: 0x00004200, // CONF0: pad enabled, D+ pulled up
      [FRAM_NUM]: { read: () => frame() & 0x7ff },
    },
  });

  const usb: UsbSerialJtag = {
    ...block,
    get hostAttached() {
      return attached;
    },
    set hostAttached(value) {
      attached = value;
      if (attached && inFlight) clock.after(PACKET_TICKS, delivered); // what waited for a host goes now
    },
    downloadRequested: false,
    reset() {
      block.reset();
      frameAlarm?.cancel();
      packet.length = 0;
      received.length = 0;
      inFlight = false;
      latched = INT_IN_EMPTY;
    },
    onOutput: (listener) => void listeners.push(listener),
    receive(bytes) {
      const data = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
      received.push(...data);
      latched |= INT_OUT_RECV_PKT;
      updateInterrupt();
    },
    send,
    flush,
    take: () => received.shift(),
  };
  return usb;
}
