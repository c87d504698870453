/**
 * USB-Serial-JTAG (TRM chapter 33; docs/esp32-s3.md D2): one 64-byte IN endpoint that only a reading host empties, one
 * OUT endpoint. Without a host the first packet stays in the endpoint for ever, as on a board on a charger.
 */

import { type Alarm, TICKS_PER_SECOND } from './clock.ts';
import type { PeripheralContext } from './context.ts';
import {
  createRegisterBlock,
  type Peripheral,
  type RegisterBlock,
  type RegisterBlockOptions,
} from './peripheral.ts';

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

/** What the registers work with. */
interface State {
  readonly context: PeripheralContext;
  readonly block: RegisterBlock;
  readonly listeners: ((byte: number) => void)[];
  /** The IN endpoint. */
  readonly packet: number[];
  /** The packet is closed and waits for the host. */
  inFlight: boolean;
  /** What has come by the OUT endpoint. */
  readonly received: number[];
  attached: boolean;
  /** Interrupts that stay until they are cleared. */
  latched: number;
  frameAtClear: number;
  /** The next start of a frame, while a host sends them and a program wants to be told. */
  frameAlarm: Alarm | undefined;
}

const hostFrame = ({ context }: State): number => Math.floor(context.clock.ticks / FRAME_TICKS);
const frame = (state: State): number => (state.attached ? hostFrame(state) : state.frameAtClear);
const raw = (state: State): number => state.latched | (frame(state) !== state.frameAtClear ? INT_SOF : 0);
const pending = (state: State): number => raw(state) & state.block.get(INT_ENA);
const updateInterrupt = (state: State): void =>
  state.context.interrupt(INTERRUPT_SOURCE, pending(state) !== 0);

function awaitFrame(state: State): void {
  state.frameAlarm?.cancel();
  state.frameAlarm = undefined;
  if (!state.attached || (state.block.get(INT_ENA) & INT_SOF) === 0) return;
  const next = Math.max(state.frameAtClear, hostFrame(state)) + 1;
  state.frameAlarm = state.context.clock.at(next * FRAME_TICKS, () => updateInterrupt(state));
}

function deliver(state: State): void {
  if (!state.attached) return;
  for (const byte of state.packet.splice(0)) for (const listener of state.listeners) listener(byte);
  state.inFlight = false;
  state.latched |= INT_IN_EMPTY;
  updateInterrupt(state);
}

/** A host that is there takes the packet soon. */
function offer(state: State): void {
  if (state.attached && state.inFlight) state.context.clock.after(PACKET_TICKS, () => deliver(state));
}

function flush(state: State): void {
  if (state.inFlight) return;
  state.inFlight = true;
  offer(state);
}

function send(state: State, byte: number): boolean {
  if (state.inFlight) return false;
  state.packet.push(byte & 0xff);
  if (state.packet.length === PACKET_BYTES) flush(state);
  return true;
}

const registersOf = (state: State, base: number): RegisterBlockOptions['registers'] => ({
  [EP1]: {
    read: () => state.received.shift() ?? 0,
    write(value) {
      if (send(state, value)) return;
      state.context.warnings.once(
        'usb overflow',
        base,
        'USB_SERIAL_JTAG: a byte was written while DATA_FREE was 0 and is lost',
      );
    },
  },
  [EP1_CONF]: {
    steady: true,
    read: () => (state.inFlight ? 0 : DATA_FREE) | (state.received.length > 0 ? DATA_AVAIL : 0),
    write(value) {
      if (value & WR_DONE) flush(state);
    },
  },
  [INT_RAW]: { read: () => raw(state) },
  [INT_ST]: { read: () => pending(state) },
  [INT_ENA]: {
    write(value) {
      state.block.set(INT_ENA, value);
      updateInterrupt(state);
      awaitFrame(state);
    },
  },
  [INT_CLR]: {
    read: () => 0,
    write(value) {
      state.latched &= ~value;
      if (value & INT_SOF) state.frameAtClear = frame(state);
      updateInterrupt(state);
      awaitFrame(state);
    },
  },
  [0x18]: 0x00004200, // CONF0: pad enabled, D+ pulled up
  [FRAM_NUM]: { read: () => frame(state) & 0x7ff },
});

export function createUsbSerialJtag(context: PeripheralContext, base: number): UsbSerialJtag {
  const state: State = {
    context,
    get block() {
      return block;
    },
    listeners: [],
    packet: [],
    inFlight: false,
    received: [],
    attached: false,
    latched: INT_IN_EMPTY,
    frameAtClear: 0,
    frameAlarm: undefined,
  };
  const block = createRegisterBlock({
    name: 'USB_SERIAL_JTAG',
    base,
    size: 0x1000,
    warnings: context.warnings,
    plain: [[0x18, 0x84]],
    registers: registersOf(state, base),
  });

  return {
    ...block,
    get hostAttached() {
      return state.attached;
    },
    set hostAttached(value) {
      state.attached = value;
      offer(state); // what waited for a host goes now
    },
    downloadRequested: false,
    reset() {
      block.reset();
      state.frameAlarm?.cancel();
      state.packet.length = 0;
      state.received.length = 0;
      state.inFlight = false;
      state.latched = INT_IN_EMPTY;
    },
    onOutput: (listener) => void state.listeners.push(listener),
    receive(bytes) {
      const data = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
      state.received.push(...data);
      state.latched |= INT_OUT_RECV_PKT;
      updateInterrupt(state);
    },
    send: (byte) => send(state, byte),
    flush: () => flush(state),
    take: () => state.received.shift(),
  };
}
