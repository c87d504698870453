import { describe, expect, it } from 'vitest';
import { type Chip, createChip } from './chip.ts';
import { type WireFault, wireChips } from './wire.ts';

const [TX, RX] = [17, 18];
const SIGNAL = 15;
const CLKDIV = 0x14;
const CLK_CONF = 0x78;
/** From the bus clock, which is the CPU's after reset: 20 MHz. */
const FROM_BUS = (1 << 20) | (0x37 << 22);
const TICKS_PER_BYTE = 4 * 960;

const at = (chip: Chip, base: number) =>
  chip.peripherals.blocks.find((block) => block.base === base)!.peripheral;

/** A chip without a program, its UART1 at 1.25 Mbit/s on these pins. */
function chipWith({ tx = TX, rx = RX, divider = 16 } = {}): Chip {
  const chip = createChip({ held: true });
  const [gpio, mux, uart] = [at(chip, 0x60004000), at(chip, 0x60009000), at(chip, 0x60010000)];
  uart.write(CLK_CONF, FROM_BUS);
  uart.write(CLKDIV, divider);
  gpio.write(0x554 + 4 * tx, SIGNAL);
  gpio.write(0x154 + 4 * SIGNAL, rx | 0x80);
  for (const pin of [tx, rx]) mux.write(4 + 4 * pin, (1 << 12) | (1 << 9));
  return chip;
}

/** What the second of two chips has received, and when its first byte came. */
function carried(from: Chip, to: Chip, bytes: readonly number[], fault?: WireFault) {
  const runUntil = wireChips([from, to], [{ from: 0, out: TX, to: 1, in: RX, fault }]);
  const [sender, receiver] = [from, to].map(({ peripherals }) => peripherals.uarts[1]);
  for (const byte of bytes) sender.write(0, byte);
  const received = (): number => receiver.read(0x1c) & 0x3ff;
  runUntil(TICKS_PER_BYTE - 48);
  const early = received();
  runUntil(TICKS_PER_BYTE + 48);
  const first = received();
  runUntil(10 * TICKS_PER_BYTE);
  return { early, first, all: Array.from({ length: received() }, () => receiver.take()) };
}

describe('a wire between two chips', () => {
  it('carries bytes, each in its time', () => {
    const [from, to] = [chipWith(), chipWith()];
    expect(carried(from, to, [1, 0xa5, 255])).toEqual({ early: 0, first: 1, all: [1, 0xa5, 255] });
    expect([...from.warnings.list, ...to.warnings.list]).toEqual([]);
    expect(to.ticks).toBe(from.ticks);
  });

  it('loses, changes and doubles what it is told to', () => {
    const fault: WireFault = (byte) => [[], [byte ^ 1], [byte, byte]][byte % 3];
    expect(carried(chipWith(), chipWith(), [3, 4, 5], fault).all).toEqual([5, 5, 5]);
  });

  it('carries nothing from a pin that is not the signal’s, and says so', () => {
    const from = chipWith({ tx: 5 });
    expect(carried(from, chipWith(), [1]).all).toEqual([]);
    expect(from.warnings.list.map(({ message }) => message)).toEqual([
      'UART1: a byte does not reach GPIO17, since FUNC17_OUT_SEL is not 15 (pc 0x00000000)',
    ]);
  });

  it('carries nothing to a chip that does not listen there, or whose UART has no clock', () => {
    expect(carried(chipWith(), chipWith({ rx: 5 }), [1]).all).toEqual([]);
    const off = chipWith();
    at(off, 0x600c0000).write(0x18, 0);
    expect(carried(chipWith(), off, [1]).all).toEqual([]);
  });

  it('garbles what is read at another rate, and says so', () => {
    const to = chipWith({ divider: 8 });
    expect(carried(chipWith(), to, [1]).all).not.toEqual([1]);
    expect(to.warnings.list.map(({ message }) => message)).toEqual([
      'UART1: bytes come at 1250000 baud and are read at 2500000 (pc 0x00000000)',
    ]);
  });
});
