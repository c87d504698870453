/**
 * UART controller (TRM chapter 26; docs/esp32-s3.md D1): 128-byte FIFOs whose bytes leave and arrive in simulated time,
 * ten bit times each.
 */

import { TICKS_PER_SECOND } from './clock.ts';
import { CRYSTAL_HERTZ, type PeripheralContext, RC_FAST_HERTZ } from './context.ts';
import { createRegisterBlock, type Peripheral, type RegisterBlock } from './peripheral.ts';
import { createAutobaud } from './uart-autobaud.ts';
import { createUartLine } from './uart-line.ts';

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
const FSM_STATUS = 0x6c;
const POSPULSE = 0x70;
const NEGPULSE = 0x74;
const CLK_CONF = 0x78;
const ID = 0x80;

const INT_RXFIFO_FULL = 1 << 0;
const INT_TXFIFO_EMPTY = 1 << 1;
const INT_RXFIFO_OVF = 1 << 4;
const INT_TX_DONE = 1 << 14;

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

export function createUart(context: PeripheralContext, options: UartOptions): Uart {
  const { clock, warnings } = context;
  const listeners: ((byte: number) => void)[] = [];
  const received: number[] = [];
  let rawLatched = 0;
  const autobaud = createAutobaud();

  const sourceHertz = () => {
    const select = (block.get(CLK_CONF) >>> 20) & 3;
    if (select === 1) return context.apbHertz();
    return select === 2 ? RC_FAST_HERTZ : CRYSTAL_HERTZ;
  };
  const baud = () => {
    const divider = block.get(CLKDIV);
    const sixteenths = ((divider & 0xfff) << 4) | ((divider >>> 20) & 15);
    const prescale = ((block.get(CLK_CONF) >>> 12) & 0xff) + 1;
    return (sourceHertz() / prescale) * (16 / Math.max(sixteenths, 16));
  };
  const byteTicks = () => (BITS_PER_BYTE * TICKS_PER_SECOND) / baud();

  const rawInterrupts = () => {
    const conf1 = block.get(CONF1);
    let raw = rawLatched;
    if (received.length >= Math.max(conf1 & 0x3ff, 1)) raw |= INT_RXFIFO_FULL;
    if (transmit.waiting() <= ((conf1 >>> 10) & 0x3ff)) raw |= INT_TXFIFO_EMPTY;
    return raw;
  };
  const updateInterrupt = () =>
    context.interrupt(options.interruptSource, (rawInterrupts() & block.get(INT_ENA)) !== 0);

  const sent = (byte: number) => {
    if (transmit.isEmpty()) rawLatched |= INT_TX_DONE;
    for (const listener of listeners) listener(byte);
    updateInterrupt();
  };
  const arrived = (byte: number) => {
    if (block.get(CONF0) & AUTOBAUD_EN) autobaud.measure(byte, sourceHertz() / baud());
    if (received.length < FIFO_BYTES) received.push(byte);
    else rawLatched |= INT_RXFIFO_OVF;
    updateInterrupt();
  };

  const transmit = createUartLine(clock, byteTicks, sent);
  const arriving = createUartLine(clock, byteTicks, arrived);
  const send = (byte: number) => {
    if (transmit.waiting() >= FIFO_BYTES) return false;
    transmit.put(byte & 0xff);
    return true;
  };

  const block = createRegisterBlock({
    name: options.name,
    base: options.base,
    size: 0x1000,
    warnings,
    plain: [[0x18, 0x80]],
    registers: {
      [FIFO]: {
        read() {
          const byte = received.shift() ?? 0;
          updateInterrupt();
          return byte;
        },
        write(value) {
          if (send(value)) return;
          warnings.once(
            `${options.name} overflow`,
            options.base,
            `${options.name}: a byte was written to the full TX FIFO and is lost`,
          );
        },
      },
      [INT_RAW]: { read: rawInterrupts },
      [INT_ST]: { read: () => rawInterrupts() & block.get(INT_ENA) },
      [INT_ENA]: {
        write(value) {
          block.set(INT_ENA, value);
          updateInterrupt();
        },
      },
      [INT_CLR]: {
        read: () => 0,
        write(value) {
          rawLatched &= ~value;
          updateInterrupt();
        },
      },
      [CLKDIV]: 0x000002b6,
      [STATUS]: {
        steady: true,
        read: () => (STATUS_IDLE_LINES | (transmit.waiting() << 16) | received.length) >>> 0,
      },
      [CONF0]: {
        reset: 0x0000001c,
        write(value) {
          if (value & RXFIFO_RST) received.length = 0;
          if (value & TXFIFO_RST) transmit.clear();
          if ((value & AUTOBAUD_EN) === 0) autobaud.reset();
        },
      },
      [CONF1]: 0x00018060,
      [LOWPULSE]: { read: () => autobaud.low },
      [HIGHPULSE]: { read: () => autobaud.high },
      [RXD_CNT]: { read: () => autobaud.edges },
      [POSPULSE]: { read: () => autobaud.period },
      [NEGPULSE]: { read: () => autobaud.period },
      [FSM_STATUS]: { steady: true, read: () => (transmit.isEmpty() ? 0 : 0x20) },
      [CLK_CONF]: 0x03701000,
      [0x7c]: 0x02008270, // DATE
      [ID]: { reset: 0x40000500, write: (value) => value & 0x7fffffff }, // REG_UPDATE takes effect at once
    },
  });

  return {
    ...block,
    registers: block,
    reset() {
      block.reset();
      transmit.clear();
      received.length = 0;
      rawLatched = 0;
      autobaud.reset();
    },
    onOutput: (listener) => void listeners.push(listener),
    receive(bytes) {
      const data = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
      for (const byte of data) arriving.put(byte);
    },
    baud,
    send,
    transmitCount: transmit.waiting,
    take: () => received.shift(),
    idle: transmit.isEmpty,
  };
}
