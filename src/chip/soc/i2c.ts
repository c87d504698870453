/** I2C master controller (TRM chapter 27; docs/esp32-s3.md D3): command list, 32-byte FIFOs, bus timing. */

import { type Alarm, TICKS_PER_SECOND } from './clock.ts';
import { CRYSTAL_HERTZ, type PeripheralContext, RC_FAST_HERTZ } from './context.ts';
import { createRegisterBlock, type Peripheral, type RegisterHooks } from './peripheral.ts';

/** A device on the bus. Methods that return a boolean say whether it acknowledges. */
export interface I2cDevice {
  readonly address: number;
  /** The device was addressed; false when it is off, in reset or absent. */
  start(read: boolean): boolean;
  write(byte: number): boolean;
  read(): number;
  stop(): void;
}

const SCL_LOW = 0x00;
const CTR = 0x04;
const SR = 0x08;
const FIFO_CONF = 0x18;
const DATA = 0x1c;
const INT_RAW = 0x20;
const INT_CLR = 0x24;
const INT_ENA = 0x28;
const INT_ST = 0x2c;
const SCL_HIGH = 0x38;
const CLK_CONF = 0x54;
const COMD0 = 0x58;

const CTR_TRANS_START = 1 << 5;
const CTR_FSM_RST = 1 << 10;
const CTR_CONF_UPGATE = 1 << 11;
const RX_FIFO_RST = 1 << 12;
const TX_FIFO_RST = 1 << 13;

const INT_END_DETECT = 1 << 3;
const INT_BYTE_TRANS_DONE = 1 << 4;
const INT_TRANS_COMPLETE = 1 << 7;
const INT_TRANS_START = 1 << 9;
const INT_NACK = 1 << 10;

const OP = { write: 1, stop: 2, read: 3, end: 4, restart: 6 } as const;
const COMMAND_DONE = 1 << 31;
const FIFO_BYTES = 32;

export interface I2cController extends Peripheral {
  attach(device: I2cDevice): void;
  /** Called with the reason when a transaction does not reach the pins. */
  readonly routingFault: () => string | undefined;
}

export interface I2cOptions {
  readonly name: string;
  readonly base: number;
  readonly interruptSource: number;
  /** Why the controller's signals do not reach the bus pins, or undefined when they do. */
  routingFault(): string | undefined;
}

export function createI2c(context: PeripheralContext, options: I2cOptions): I2cController {
  const { clock, warnings } = context;
  const devices: I2cDevice[] = [];
  const transmit: number[] = [];
  const received: number[] = [];
  let command = 0; // index of the command that runs
  let bytesLeft = 0;
  let addressed: I2cDevice | undefined;
  let expectAddress = false;
  let busy = false;
  let waitingForData = false;
  let lastAck = true;
  let alarm: Alarm | undefined;

  const sourceHertz = () => (block.get(CLK_CONF) & (1 << 20) ? RC_FAST_HERTZ : CRYSTAL_HERTZ);
  const bitTicks = () => {
    const low = (block.get(SCL_LOW) & 0x1ff) + 1;
    const high = (block.get(SCL_HIGH) & 0x1ff) + 1 + ((block.get(SCL_HIGH) >>> 9) & 0x7f);
    const divider = (block.get(CLK_CONF) & 0xff) + 1;
    return ((low + high) * divider * TICKS_PER_SECOND) / sourceHertz();
  };
  const updateInterrupt = () =>
    context.interrupt(options.interruptSource, (block.get(INT_RAW) & block.get(INT_ENA)) !== 0);
  const raise = (bits: number) => {
    block.set(INT_RAW, block.get(INT_RAW) | bits);
    updateInterrupt();
  };
  const after = (bits: number, action: () => void) => {
    alarm = clock.at((alarm?.ticks ?? clock.ticks) + bits * bitTicks(), action);
  };
  const finish = (bits: number) => {
    busy = false;
    alarm = undefined;
    raise(bits);
  };
  const releaseDevice = () => {
    addressed?.stop();
    addressed = undefined;
  };
  const stopCondition = (bits: number) =>
    after(1, () => {
      releaseDevice();
      finish(bits | INT_TRANS_COMPLETE);
    });

  /** One byte to the bus; returns whether somebody acknowledged. */
  const putByte = (byte: number): boolean => {
    if (!expectAddress) return addressed?.write(byte) ?? false;
    expectAddress = false;
    releaseDevice();
    const fault = options.routingFault();
    if (fault) {
      warnings.once(
        `${options.name} routing`,
        options.base,
        `${options.name}: nothing answers on the bus, because ${fault}`,
      );
      return false;
    }
    const device = devices.find(({ address }) => address === byte >>> 1);
    addressed = device?.start((byte & 1) === 1) ? device : undefined;
    return addressed !== undefined;
  };

  const markDone = () => {
    const offset = COMD0 + 4 * command;
    block.set(offset, block.get(offset) | COMMAND_DONE);
  };
  const nextCommand = () => {
    markDone();
    command++;
    startCommand();
  };
  const writeByte = () => {
    if (transmit.length === 0) {
      waitingForData = true; // SCL stays low until the program fills the FIFO
      return;
    }
    after(9, () => {
      const word = block.get(COMD0 + 4 * command);
      lastAck = putByte(transmit.shift()!);
      bytesLeft--;
      raise(INT_BYTE_TRANS_DONE);
      const wantsAck = (word & (1 << 8)) !== 0;
      const expected = (word & (1 << 9)) === 0;
      if (wantsAck && lastAck !== expected) {
        markDone();
        stopCondition(INT_NACK);
      } else if (bytesLeft > 0) writeByte();
      else nextCommand();
    });
  };
  const readByte = () => {
    after(9, () => {
      if (received.length < FIFO_BYTES) received.push((addressed?.read() ?? 0xff) & 0xff);
      bytesLeft--;
      if (bytesLeft > 0) readByte();
      else nextCommand();
    });
  };
  const startCommand = () => {
    if (command > 7) {
      warnings.once(
        `${options.name} list`,
        options.base,
        `${options.name}: the command list ends without STOP or END`,
      );
      finish(0);
      return;
    }
    const word = block.get(COMD0 + 4 * command);
    bytesLeft = word & 0xff;
    switch ((word >>> 11) & 7) {
      case OP.restart:
        expectAddress = true;
        after(1, nextCommand);
        break;
      case OP.write:
        if (bytesLeft > 0) writeByte();
        else nextCommand();
        break;
      case OP.read:
        if (bytesLeft > 0) readByte();
        else nextCommand();
        break;
      case OP.stop:
        markDone();
        stopCondition(0);
        break;
      case OP.end:
        markDone();
        finish(INT_END_DETECT);
        break;
      default:
        warnings.once(
          `${options.name} op`,
          options.base,
          `${options.name}: COMD${command} holds an unknown operation`,
        );
        finish(0);
    }
  };
  const begin = () => {
    if (busy) return;
    busy = true;
    waitingForData = false;
    command = 0;
    alarm = undefined;
    raise(INT_TRANS_START);
    startCommand();
  };
  const abort = () => {
    alarm?.cancel();
    alarm = undefined;
    busy = false;
    waitingForData = false;
    releaseDevice();
  };

  const registers: Record<number, number | RegisterHooks> = {
    [CTR]: {
      reset: 0x0000020b,
      write(value) {
        if (value & CTR_FSM_RST) abort();
        if (value & CTR_TRANS_START) begin();
        return value & ~(CTR_TRANS_START | CTR_FSM_RST | CTR_CONF_UPGATE);
      },
    },
    [SR]: {
      read: () => (lastAck ? 0 : 1) | (busy ? 1 << 4 : 0) | (received.length << 8) | (transmit.length << 18),
    },
    [0x0c]: 0x00000010, // TO
    [0x14]: { read: () => 0 }, // FIFO_ST
    [FIFO_CONF]: {
      reset: 0x0000408b,
      write(value) {
        if (value & RX_FIFO_RST) received.length = 0;
        if (value & TX_FIFO_RST) transmit.length = 0;
      },
    },
    [DATA]: {
      read: () => received.shift() ?? 0,
      write(value) {
        if (transmit.length >= FIFO_BYTES) {
          warnings.once(
            `${options.name} fifo`,
            options.base + DATA,
            `${options.name}: a byte was written to the full TX FIFO and is lost`,
          );
          return 0;
        }
        transmit.push(value & 0xff);
        if (waitingForData) {
          waitingForData = false;
          alarm = undefined;
          writeByte();
        }
        return 0;
      },
    },
    [INT_RAW]: { write: (_value, stored) => stored },
    [INT_CLR]: {
      read: () => 0,
      write(value) {
        block.set(INT_RAW, block.get(INT_RAW) & ~value);
        updateInterrupt();
        return 0;
      },
    },
    [INT_ENA]: {
      write(value) {
        block.set(INT_ENA, value);
        updateInterrupt();
        return value;
      },
    },
    [INT_ST]: { read: () => block.get(INT_RAW) & block.get(INT_ENA) },
    [0x40]: 0x00000008, // START_HOLD
    [0x44]: 0x00000008, // RSTART_SETUP
    [0x48]: 0x00000008, // STOP_HOLD
    [0x4c]: 0x00000008, // STOP_SETUP
    [0x50]: 0x00000300, // FILTER
    [CLK_CONF]: 0x00200000,
    [0x78]: 0x00000010, // SCL_ST_TIME_OUT
    [0x7c]: 0x00000010, // SCL_MAIN_ST_TIME_OUT
    [0xf8]: 0x20070201, // DATE
  };

  const block = createRegisterBlock({
    name: options.name,
    base: options.base,
    size: 0x1000,
    warnings,
    plain: [
      [0x00, 0x88],
      [0x100, 0x180],
    ],
    registers,
  });

  return {
    ...block,
    routingFault: options.routingFault,
    attach: (device) => void devices.push(device),
    reset() {
      abort();
      block.reset();
      transmit.length = 0;
      received.length = 0;
      lastAck = true;
    },
  };
}
