/** Chips in one simulated time, and wires between them. */
import type { Chip } from './chip.ts';
import { TICKS_PER_SECOND } from './clock.ts';

/** What comes out of a wire for a byte that goes in: it, another, none or several. */
export type WireFault = (byte: number) => readonly number[];

/** A wire from a pin of one chip to a pin of another, both by their numbers; UART1 is expected at either end. */
export interface Wire {
  readonly from: number;
  readonly out: number;
  readonly to: number;
  readonly in: number;
  readonly fault?: WireFault;
}

/** Of UART1 in the GPIO matrix, both directions (ESP-IDF, gpio_sig_map.h). */
const SIGNAL = 15;
/** Ten bits at 5 Mbit/s, the most that the UART is made for: nothing that is sent comes sooner. */
const FASTEST_BYTE = (10 * TICKS_PER_SECOND) / 5_000_000;
/** A core may run some cycles past the end of its time. */
const MARGIN = FASTEST_BYTE / 6;
/** So far does a chip run ahead of the others while nothing is on a wire: 83 microseconds. */
const QUIET = 40_000;
/** So far may the rates of both ends be apart (a byte is sampled up to its tenth bit). */
const TOLERANCE = 0.03;

/**
 * Wires chips up. What is returned runs them side by side up to a tick. Bytes arrive in their time where chips speak one after another,
 * the one that was spoken to last; where another begins by itself, its first ones may come late by as much as the first has run ahead.
 */
export function wireChips(chips: readonly Chip[], wires: readonly Wire[]): (untilTicks: number) => void {
  /** When the last byte that was sent has arrived. */
  let quietFrom = 0;
  let spokenTo = 0;
  for (const wire of wires)
    connect(chips[wire.from], chips[wire.to], wire, (ticks) => {
      quietFrom = Math.max(quietFrom, ticks);
      spokenTo = wire.to;
    });
  return (untilTicks) => {
    for (;;) {
      const now = Math.min(...chips.map((chip) => chip.ticks));
      if (now >= untilTicks) return;
      if (now < quietFrom) {
        const end = Math.min(now + FASTEST_BYTE - MARGIN, untilTicks);
        for (const chip of chips) chip.run({ untilTicks: end });
        continue;
      }
      const first = chips[spokenTo];
      first.run({ untilTicks: Math.min(now + QUIET, untilTicks), stop: () => now < quietFrom });
      const end = first.ticks;
      for (const chip of chips) if (chip !== first) chip.run({ untilTicks: end });
    }
  };
}

function connect(from: Chip, to: Chip, wire: Wire, onSent: (ticks: number) => void): void {
  const { fault = (byte) => [byte] } = wire;
  const [sender, receiver] = [from, to].map(({ peripherals }) => peripherals.uarts[1]);
  sender.onSend((byte, ticks) => {
    const problem = off(from) ?? from.peripherals.gpio.outputFault(wire.out, SIGNAL);
    if (problem) {
      const message = `UART1: a byte does not reach GPIO${wire.out}, since ${problem}`;
      from.warnings.once(`UART1 wire ${problem}`, sender.registers.base, message);
      return;
    }
    const rate = sender.baud();
    onSent(ticks);
    to.clock.at(ticks, () => {
      if (off(to) ?? to.peripherals.gpio.inputFault(wire.in, SIGNAL)) return; // nobody listens yet
      if (Math.abs(receiver.baud() / rate - 1) > TOLERANCE) {
        const message = `UART1: bytes come at ${Math.round(rate)} baud and are read at ${Math.round(receiver.baud())}`;
        to.warnings.once('UART1 rate', receiver.registers.base, message);
        byte ^= 0x55;
      }
      for (const arrived of fault(byte)) receiver.arrive(arrived);
    });
  });
}

const off = ({ peripherals }: Chip): string | undefined =>
  peripherals.system.uart1Runs() ? undefined : 'its clock is off, or it is in reset';
