/** Wires between chips, and chips in one simulated time. */
import type { Chip } from './chip.ts';
import { TICKS_PER_SECOND } from './clock.ts';

/** A pin at which UART1 is expected. */
export interface WireEnd {
  readonly chip: Chip;
  readonly pin: number;
}

/** What comes out of a wire for a byte that goes in: it, another, none or several. */
export type WireFault = (byte: number) => readonly number[];

/** Of UART1 in the GPIO matrix, both directions (ESP-IDF, gpio_sig_map.h). */
const SIGNAL = 15;
/** Ten bits at 5 Mbit/s, the most that the UART is made for: nothing that is sent comes sooner. */
const FASTEST_BYTE = (10 * TICKS_PER_SECOND) / 5_000_000;
/** A core may run some cycles past the end of its time. */
const MARGIN = FASTEST_BYTE / 6;
/** So far may the rates of both ends be apart (a byte is sampled up to its tenth bit). */
const TOLERANCE = 0.03;

/** Leads what UART1 of one chip sends to UART1 of another, as far as both are set up for these pins. */
export function wireUarts(from: WireEnd, to: WireEnd, fault: WireFault = (byte) => [byte]): void {
  const [sender, receiver] = [from, to].map(({ chip }) => chip.peripherals.uarts[1]);
  const blocked = ({ chip, pin }: WireEnd, direction: 'outputFault' | 'inputFault'): string | undefined =>
    chip.peripherals.system.uart1Runs()
      ? chip.peripherals.gpio[direction](pin, SIGNAL)
      : 'its clock is off, or it is in reset';
  sender.onSend((byte, ticks) => {
    const problem = blocked(from, 'outputFault');
    if (problem) {
      const message = `UART1: a byte does not reach GPIO${from.pin}, since ${problem}`;
      from.chip.warnings.once(`UART1 wire ${problem}`, sender.registers.base, message);
      return;
    }
    const rate = sender.baud();
    to.chip.clock.at(ticks, () => {
      if (blocked(to, 'inputFault')) return; // nobody listens yet
      if (Math.abs(receiver.baud() / rate - 1) > TOLERANCE) {
        const message = `UART1: bytes come at ${Math.round(rate)} baud and are read at ${Math.round(receiver.baud())}`;
        to.chip.warnings.once('UART1 rate', receiver.registers.base, message);
        byte ^= 0x55;
      }
      for (const arrived of fault(byte)) receiver.arrive(arrived);
    });
  });
}

/** Runs chips side by side up to a tick: what is sent meanwhile arrives in its time. */
export function runTogether(chips: readonly Chip[], untilTicks: number): void {
  let tick = Math.min(...chips.map((chip) => chip.ticks));
  while (tick < untilTicks) {
    tick = Math.min(tick + FASTEST_BYTE - MARGIN, untilTicks);
    for (const chip of chips) chip.run({ untilTicks: tick });
  }
}
