/** Works off the I2C master's command list (TRM chapter 27.4.3), bit times apart. */
import type { Alarm, Clock } from './clock.ts';
import type { I2cBus } from './i2c-bus.ts';

export const INTERRUPT = {
  /** More received bytes than the threshold; fewer bytes to send than the other one. */
  receivedEnough: 1 << 0,
  runsShort: 1 << 1,
  endDetect: 1 << 3,
  byteDone: 1 << 4,
  transferComplete: 1 << 7,
  transferStart: 1 << 9,
  nack: 1 << 10,
} as const;

export const FIFO_BYTES = 32;
const COMMANDS = 8;
/** Bits of a byte on the wire, its acknowledgement included. */
const BYTE_BITS = 9;

const OP = { write: 1, stop: 2, read: 3, end: 4, restart: 6 } as const;
/** Fields of a command register. */
const COMMAND = {
  bytes: 0xff,
  checkAck: 1 << 8,
  /** The acknowledgement expected is the level on the wire: 0 acknowledges. */
  expectHigh: 1 << 9,
  opShift: 11,
  opMask: 7,
} as const;

/** What surrounds the sequencer. */
export interface SequencerHost {
  readonly clock: Clock;
  readonly bus: I2cBus;
  readonly transmit: number[];
  readonly received: number[];
  /** Ticks of a bit. */
  bitTicks(): number;
  command(index: number): number;
  markDone(index: number): void;
  raise(interrupts: number): void;
  /** A byte left the transmit FIFO, or came into the other one. */
  moved(): void;
  /** Says once what is wrong with the program. */
  complain(key: string, what: string): void;
}

export interface Sequencer {
  readonly busy: boolean;
  /** Whether the last byte was acknowledged. */
  readonly acknowledged: boolean;
  begin(): void;
  /** The transmit FIFO has a byte again. */
  filled(): void;
  abort(): void;
  reset(): void;
}

interface Progress {
  /** Index of the command that runs. */
  command: number;
  bytesLeft: number;
  busy: boolean;
  /** SCL stays low until the program fills the FIFO. */
  starved: boolean;
  acknowledged: boolean;
  alarm: Alarm | undefined;
}

export function createSequencer(host: SequencerHost): Sequencer {
  const now: Progress = {
    command: 0,
    bytesLeft: 0,
    busy: false,
    starved: false,
    acknowledged: true,
    alarm: undefined,
  };
  const abort = () => {
    now.alarm?.cancel();
    Object.assign(now, { alarm: undefined, busy: false, starved: false });
    host.bus.stop();
  };
  return {
    get busy() {
      return now.busy;
    },
    get acknowledged() {
      return now.acknowledged;
    },
    begin() {
      if (now.busy) return;
      Object.assign(now, { busy: true, starved: false, command: 0, alarm: undefined });
      host.raise(INTERRUPT.transferStart);
      startCommand(host, now);
    },
    filled() {
      if (!now.starved) return;
      now.starved = false;
      now.alarm = undefined;
      writeByte(host, now);
    },
    abort,
    reset() {
      abort();
      now.acknowledged = true;
    },
  };
}

/** Bit times run on from the end of what came before, not from when the host got round to it. */
function after({ clock, bitTicks }: SequencerHost, now: Progress, bits: number, action: () => void): void {
  now.alarm = clock.at((now.alarm?.ticks ?? clock.ticks) + bits * bitTicks(), action);
}

function finish(host: SequencerHost, now: Progress, interrupts: number): void {
  now.busy = false;
  now.alarm = undefined;
  host.raise(interrupts);
}

function stopCondition(host: SequencerHost, now: Progress, interrupts: number): void {
  after(host, now, 1, () => {
    host.bus.stop();
    finish(host, now, interrupts | INTERRUPT.transferComplete);
  });
}

function nextCommand(host: SequencerHost, now: Progress): void {
  host.markDone(now.command);
  now.command++;
  startCommand(host, now);
}

function writeByte(host: SequencerHost, now: Progress): void {
  if (host.transmit.length === 0) {
    now.starved = true;
    return;
  }
  after(host, now, BYTE_BITS, () => {
    const word = host.command(now.command);
    now.acknowledged = host.bus.put(host.transmit.shift()!);
    now.bytesLeft--;
    host.moved();
    host.raise(INTERRUPT.byteDone);
    const expected = (word & COMMAND.expectHigh) === 0;
    if ((word & COMMAND.checkAck) !== 0 && now.acknowledged !== expected) {
      host.markDone(now.command);
      stopCondition(host, now, INTERRUPT.nack);
    } else if (now.bytesLeft > 0) writeByte(host, now);
    else nextCommand(host, now);
  });
}

function readByte(host: SequencerHost, now: Progress): void {
  after(host, now, BYTE_BITS, () => {
    const byte = host.received.length < FIFO_BYTES ? host.bus.take() : undefined;
    if (byte !== undefined) host.received.push(byte);
    now.bytesLeft--;
    host.moved();
    if (now.bytesLeft > 0) readByte(host, now);
    else nextCommand(host, now);
  });
}

function startCommand(host: SequencerHost, now: Progress): void {
  if (now.command >= COMMANDS) {
    host.complain('list', 'the command list ends without STOP or END');
    finish(host, now, 0);
    return;
  }
  const word = host.command(now.command);
  now.bytesLeft = word & COMMAND.bytes;
  switch ((word >>> COMMAND.opShift) & COMMAND.opMask) {
    case OP.restart:
      host.bus.start();
      after(host, now, 1, () => nextCommand(host, now));
      break;
    case OP.write:
      if (now.bytesLeft > 0) writeByte(host, now);
      else nextCommand(host, now);
      break;
    case OP.read:
      if (now.bytesLeft > 0) readByte(host, now);
      else nextCommand(host, now);
      break;
    case OP.stop:
      host.markDone(now.command);
      stopCondition(host, now, 0);
      break;
    case OP.end:
      host.markDone(now.command);
      finish(host, now, INTERRUPT.endDetect);
      break;
    default:
      host.complain('op', `COMD${now.command} holds an unknown operation`);
      finish(host, now, 0);
  }
}
