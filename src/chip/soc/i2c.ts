/** I2C master controller (TRM chapter 27; docs/esp32-s3.md D3): command list, 32-byte FIFOs, bus timing. */

import { TICKS_PER_SECOND } from './clock.ts';
import { CRYSTAL_HERTZ, type PeripheralContext, RC_FAST_HERTZ } from './context.ts';
import { createI2cBus, type I2cDevice } from './i2c-bus.ts';
import { createSequencer, FIFO_BYTES, INTERRUPT, type Sequencer } from './i2c-sequencer.ts';
import {
  createRegisterBlock,
  type Peripheral,
  type RegisterBlock,
  type RegisterHooks,
} from './peripheral.ts';

export type { I2cDevice } from './i2c-bus.ts';

const SCL_LOW = 0x00;
const CTR = 0x04;
const SR = 0x08;
const FIFO_ST = 0x14;
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

/** Watermarks are watched. */
const FIFO_PRT_EN = 1 << 14;

const SCL_SP_CONF = 0x80;
const SCL_RST_SLV_EN = 1;

const COMMAND_DONE = 1 << 31;

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

/** Registers that neither start anything nor show anything, with their reset values. */
const PLAIN: Readonly<Record<number, number>> = {
  [0x0c]: 0x00000010, // TO
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

/** Ticks of a bit on the wire, from the clock registers. */
function bitTicks({ get }: RegisterBlock): number {
  const sourceHertz = get(CLK_CONF) & (1 << 20) ? RC_FAST_HERTZ : CRYSTAL_HERTZ;
  const low = (get(SCL_LOW) & 0x1ff) + 1;
  const high = (get(SCL_HIGH) & 0x1ff) + 1 + ((get(SCL_HIGH) >>> 9) & 0x7f);
  const divider = (get(CLK_CONF) & 0xff) + 1;
  return ((low + high) * divider * TICKS_PER_SECOND) / sourceHertz;
}

export function createI2c(context: PeripheralContext, options: I2cOptions): I2cController {
  const { clock, warnings } = context;
  const { name, base } = options;
  const complain = (key: string, what: string, at = base) =>
    warnings.once(`${name} ${key}`, at, `${name}: ${what}`);
  const transmit: number[] = [];
  const received: number[] = [];
  const bus = createI2cBus(() => {
    const fault = options.routingFault();
    if (fault) complain('routing', `nothing answers on the bus, because ${fault}`);
    return !fault;
  });
  const updateInterrupt = () =>
    context.interrupt(options.interruptSource, (block.get(INT_RAW) & block.get(INT_ENA)) !== 0);
  const raise = (interrupts: number) => {
    block.set(INT_RAW, block.get(INT_RAW) | interrupts);
    updateInterrupt();
  };
  const sequencer = createSequencer({
    clock,
    bus,
    transmit,
    received,
    bitTicks: () => bitTicks(block),
    command: (index) => block.get(COMD0 + 4 * index),
    markDone(index) {
      const offset = COMD0 + 4 * index;
      block.set(offset, block.get(offset) | COMMAND_DONE);
    },
    raise,
    moved() {
      const conf = block.get(FIFO_CONF);
      if (!(conf & FIFO_PRT_EN)) return;
      const enough = received.length > (conf & 0x1f) ? INTERRUPT.receivedEnough : 0;
      raise(enough | (transmit.length < ((conf >>> 5) & 0x1f) ? INTERRUPT.runsShort : 0));
    },
    complain,
  });
  const block: RegisterBlock = createRegisterBlock({
    name,
    base,
    size: 0x1000,
    warnings,
    plain: [
      [0x00, 0x88],
      [0x100, 0x180],
    ],
    registers: {
      ...PLAIN,
      ...controlRegisters(sequencer, transmit, received),
      ...interruptRegisters(() => block, updateInterrupt),
      // The pulses that free a stuck bus: nothing is stuck here, so they are over at once.
      [SCL_SP_CONF]: { write: (value) => value & ~SCL_RST_SLV_EN },
      [DATA]: {
        read: () => received.shift() ?? 0,
        write(value) {
          if (transmit.length >= FIFO_BYTES) {
            complain('fifo', 'a byte was written to the full TX FIFO and is lost', base + DATA);
            return 0;
          }
          transmit.push(value & 0xff);
          sequencer.filled();
          return 0;
        },
      },
    },
  });
  return {
    ...block,
    routingFault: options.routingFault,
    attach: bus.attach,
    reset() {
      sequencer.reset();
      block.reset();
      transmit.length = 0;
      received.length = 0;
    },
  };
}

/** What starts, resets and shows a transaction. */
const controlRegisters = (
  sequencer: Sequencer,
  transmit: number[],
  received: number[],
): Record<number, RegisterHooks> => ({
  [CTR]: {
    reset: 0x0000020b,
    write(value) {
      if (value & CTR_FSM_RST) sequencer.abort();
      if (value & CTR_TRANS_START) sequencer.begin();
      return value & ~(CTR_TRANS_START | CTR_FSM_RST | CTR_CONF_UPGATE);
    },
  },
  [SR]: {
    read: () =>
      (sequencer.acknowledged ? 0 : 1) |
      (sequencer.busy ? 1 << 4 : 0) |
      (received.length << 8) |
      (transmit.length << 18),
  },
  [FIFO_ST]: { read: () => 0 },
  [FIFO_CONF]: {
    reset: 0x0000408b,
    write(value) {
      if (value & RX_FIFO_RST) received.length = 0;
      if (value & TX_FIFO_RST) transmit.length = 0;
      return value;
    },
  },
});

/** INT_RAW keeps, INT_ENA lets through, INT_CLR takes away. */
const interruptRegisters = (
  block: () => RegisterBlock,
  update: () => void,
): Record<number, RegisterHooks> => ({
  [INT_RAW]: { write: (_value, stored) => stored },
  [INT_CLR]: {
    read: () => 0,
    write(value) {
      block().set(INT_RAW, block().get(INT_RAW) & ~value);
      update();
      return 0;
    },
  },
  [INT_ENA]: {
    write(value) {
      block().set(INT_ENA, value);
      update();
      return value;
    },
  },
  [INT_ST]: { read: () => block().get(INT_RAW) & block().get(INT_ENA) },
});
