/**
 * UART controller (TRM chapter 26; docs/esp32-s3.md D1): 128-byte FIFOs whose bytes leave and arrive in simulated time,
 * ten bit times each.
 */

import { type Alarm, TICKS_PER_SECOND } from './clock.ts';
import { CRYSTAL_HERTZ, type PeripheralContext, RC_FAST_HERTZ } from './context.ts';
import {
  createRegisterBlock,
  type Peripheral,
  type RegisterBlock,
  type RegisterBlockOptions,
} from './peripheral.ts';
import { type Autobaud, createAutobaud } from './uart-autobaud.ts';
import { createUartLine, type UartLine } from './uart-line.ts';

const FIFO_BYTES = 128;
const BITS_PER_BYTE = 10; // start, 8 data, stop

const FIFO = 0x00;
const INT_RAW = 0x04;
const INT_ST = 0x08;
const INT_ENA = 0x0c;
const INT_CLR = 0x10;
const CLKDIV = 0x14;
const STATUS = 0x1c;
const CONF0 = 0x20;
const CONF1 = 0x24;
const LOWPULSE = 0x28;
const HIGHPULSE = 0x2c;
const RXD_CNT = 0x30;
const MEM_CONF = 0x60;
const FSM_STATUS = 0x6c;
const POSPULSE = 0x70;
const NEGPULSE = 0x74;
const CLK_CONF = 0x78;
const ID = 0x80;

const INT_RXFIFO_FULL = 1 << 0;
const INT_TXFIFO_EMPTY = 1 << 1;
const INT_RXFIFO_OVF = 1 << 4;
const INT_RXFIFO_TOUT = 1 << 8;
const INT_TX_DONE = 1 << 14;

/** Of CONF1: the receiver tells of silence behind bytes. */
const RX_TOUT_EN = 1 << 23;

/** Of CONF0: what is sent is received, too. */
const LOOPBACK = 1 << 14;
const RXFIFO_RST = 1 << 17;
const TXFIFO_RST = 1 << 18;
const AUTOBAUD_EN = 1 << 27;
/** TXD, RTSN, DTRN, RXD and CTSN: all lines idle high. */
const STATUS_IDLE_LINES = 0xe000c000;

export interface UartOptions {
  readonly name: string;
  readonly base: number;
  readonly interruptSource: number;
}

export interface Uart extends Peripheral {
  readonly registers: RegisterBlock;
  /** Calls `listener` with every byte at the moment its stop bit has left the pin. */
  onOutput(listener: (byte: number) => void): void;
  /** Calls `listener` with every byte that is written to the FIFO, and the tick at which its stop bit will have left the pin. */
  onSend(listener: (byte: number, ticks: number) => void): void;
  /** A byte's stop bit has just come in. */
  arrive(byte: number): void;
  /** Puts bytes on the RX line, one after another at the line's rate. */
  receive(bytes: Uint8Array | string): void;
  /** Bits per second that the divider gives now. */
  baud(): number;
  /** For the ROM: queues a byte if there is room. */
  send(byte: number): boolean;
  /** Bytes waiting in the TX FIFO. */
  transmitCount(): number;
  /** For the ROM: next received byte, or undefined. */
  take(): number | undefined;
  /** True when nothing is queued or on its way out. */
  idle(): boolean;
}

/** What the registers work with. */
interface State {
  readonly context: PeripheralContext;
  readonly options: UartOptions;
  readonly block: RegisterBlock;
  readonly received: number[];
  readonly transmit: UartLine;
  readonly autobaud: Autobaud;
  readonly senders: ((byte: number, ticks: number) => void)[];
  /** Interrupts that stay until they are cleared. */
  latched: number;
  /** When nothing will have come for so long that it is told. */
  silence: Alarm | undefined;
}

function sourceHertz({ context, block }: State): number {
  const select = (block.get(CLK_CONF) >>> 20) & 3;
  if (select === 1) return context.apbHertz();
  return select === 2 ? RC_FAST_HERTZ : CRYSTAL_HERTZ;
}

function baud(state: State): number {
  const divider = state.block.get(CLKDIV);
  const sixteenths = ((divider & 0xfff) << 4) | ((divider >>> 20) & 15);
  const prescale = ((state.block.get(CLK_CONF) >>> 12) & 0xff) + 1;
  return (sourceHertz(state) / prescale) * (16 / Math.max(sixteenths, 16));
}

function rawInterrupts({ block, latched, received, transmit }: State): number {
  const conf1 = block.get(CONF1);
  let raw = latched;
  if (received.length >= Math.max(conf1 & 0x3ff, 1)) raw |= INT_RXFIFO_FULL;
  if (transmit.waiting() <= ((conf1 >>> 10) & 0x3ff)) raw |= INT_TXFIFO_EMPTY;
  return raw;
}

const pendingInterrupts = (state: State): number => rawInterrupts(state) & state.block.get(INT_ENA);

const updateInterrupt = (state: State): void =>
  state.context.interrupt(state.options.interruptSource, pendingInterrupts(state) !== 0);

/** Queues a byte. @returns whether there was room */
function send({ transmit, senders }: State, byte: number): boolean {
  if (transmit.waiting() >= FIFO_BYTES) return false;
  const ticks = transmit.put(byte & 0xff);
  for (const listener of senders) listener(byte & 0xff, ticks);
  return true;
}

function arrived(state: State, byte: number): void {
  const { block, received, autobaud } = state;
  if (block.get(CONF0) & AUTOBAUD_EN) autobaud.measure(byte, sourceHertz(state) / baud(state));
  if (received.length < FIFO_BYTES) received.push(byte);
  else state.latched |= INT_RXFIFO_OVF;
  awaitSilence(state);
  updateInterrupt(state);
}

/** Bytes that no others follow for RX_TOUT_THRHD bit times: how drivers learn of a few characters. */
function awaitSilence(state: State): void {
  const { block, context, received } = state;
  state.silence?.cancel();
  state.silence = undefined;
  if (!(block.get(CONF1) & RX_TOUT_EN)) return;
  const bits = (block.get(MEM_CONF) >>> 17) & 0x3ff;
  state.silence = context.clock.at(context.clock.ticks + (bits * TICKS_PER_SECOND) / baud(state), () => {
    state.silence = undefined;
    if (received.length > 0) state.latched |= INT_RXFIFO_TOUT;
    updateInterrupt(state);
  });
}

const registersOf = (state: State): RegisterBlockOptions['registers'] => ({
  [FIFO]: {
    read() {
      const byte = state.received.shift() ?? 0;
      updateInterrupt(state);
      return byte;
    },
    write(value) {
      if (send(state, value)) return;
      const { name, base } = state.options;
      const message = `${name}: a byte was written to the full TX FIFO and is lost`;
      state.context.warnings.once(`${name} overflow`, base, message);
    },
  },
  [INT_RAW]: { read: () => rawInterrupts(state) },
  [INT_ST]: { read: () => pendingInterrupts(state) },
  [INT_ENA]: {
    write(value) {
      state.block.set(INT_ENA, value);
      updateInterrupt(state);
    },
  },
  [INT_CLR]: {
    read: () => 0,
    write(value) {
      state.latched &= ~value;
      updateInterrupt(state);
    },
  },
  [CLKDIV]: 0x000002b6,
  [STATUS]: {
    steady: true,
    read: () => (STATUS_IDLE_LINES | (state.transmit.waiting() << 16) | state.received.length) >>> 0,
  },
  [CONF0]: {
    reset: 0x0000001c,
    write(value) {
      if (value & RXFIFO_RST) state.received.length = 0;
      if (value & TXFIFO_RST) state.transmit.clear();
      if ((value & AUTOBAUD_EN) === 0) state.autobaud.reset();
    },
  },
  [CONF1]: 0x00018060,
  [MEM_CONF]: 0x00140012,
  [LOWPULSE]: { read: () => state.autobaud.low },
  [HIGHPULSE]: { read: () => state.autobaud.high },
  [RXD_CNT]: { read: () => state.autobaud.edges },
  [POSPULSE]: { read: () => state.autobaud.period },
  [NEGPULSE]: { read: () => state.autobaud.period },
  [FSM_STATUS]: { steady: true, read: () => (state.transmit.isEmpty() ? 0 : 0x20) },
  [CLK_CONF]: 0x03701000,
  [0x7c]: 0x02008270, // DATE
  [ID]: { reset: 0x40000500, write: (value) => value & 0x7fffffff }, // REG_UPDATE takes effect at once
});

export function createUart(context: PeripheralContext, options: UartOptions): Uart {
  const listeners: ((byte: number) => void)[] = [];
  const byteTicks = () => (BITS_PER_BYTE * TICKS_PER_SECOND) / baud(state);
  const transmit = createUartLine(context.clock, byteTicks, (byte) => {
    if (transmit.isEmpty()) state.latched |= INT_TX_DONE;
    for (const listener of listeners) listener(byte);
    if (block.get(CONF0) & LOOPBACK) arrived(state, byte);
    updateInterrupt(state);
  });
  const arriving = createUartLine(context.clock, byteTicks, (byte) => arrived(state, byte));
  const state: State = {
    context,
    options,
    get block() {
      return block;
    },
    received: [],
    transmit,
    autobaud: createAutobaud(),
    senders: [],
    latched: 0,
    silence: undefined,
  };
  const block = createRegisterBlock({
    name: options.name,
    base: options.base,
    size: 0x1000,
    warnings: context.warnings,
    plain: [[0x18, 0x80]],
    registers: registersOf(state),
  });

  return {
    ...block,
    registers: block,
    reset() {
      block.reset();
      transmit.clear();
      state.received.length = 0;
      state.latched = 0;
      state.silence?.cancel();
      state.silence = undefined;
      state.autobaud.reset();
    },
    onOutput: (listener) => void listeners.push(listener),
    onSend: (listener) => void state.senders.push(listener),
    arrive: (byte) => arrived(state, byte),
    receive(bytes) {
      const data = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
      for (const byte of data) arriving.put(byte);
    },
    baud: () => baud(state),
    send: (byte) => send(state, byte),
    transmitCount: transmit.waiting,
    take: () => state.received.shift(),
    idle: transmit.isEmpty,
  };
}
