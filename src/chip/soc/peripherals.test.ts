import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBoard } from '../boards/boards.ts';
import { ACCESS, BusFault } from '../bus/bus.ts';
import { createChip } from './chip.ts';
import { createClock, TICKS_PER_SECOND } from './clock.ts';
import { createChipMemory, layOutArena } from './memory-map.ts';
import { createPostedWrites, readCycles, writeCycles } from './mmio-cost.ts';
import { RomCallError, RomEntered } from './rom/stub.ts';
import { createSocBus } from './soc-bus.ts';
import { bootChip, bootProgram, FOREVER, WATCHDOGS_OFF } from './test-image.ts';

const idle = (board = 'devkitc-n8') => bootChip(new Uint8Array(0), { board: findBoard(board) }).chip;

describe('simulated time', () => {
  it('keeps seconds over changes of the CPU clock', () => {
    const clock = createClock();
    clock.cycles = 20_000_000;
    clock.setTicksPerCycle(2);
    clock.cycles += 240_000_000;
    expect(clock.seconds).toBe(2);
    expect(clock.ticksToCycles(2.5 * TICKS_PER_SECOND)).toBe(20_000_000 + 360_000_000);
  });

  it('fires alarms in order and not when cancelled', () => {
    const clock = createClock();
    const fired: string[] = [];
    clock.at(200, () => fired.push('late'));
    clock.at(100, () => fired.push('first'));
    clock.at(100, () => fired.push('second'));
    clock.at(150, () => fired.push('cancelled')).cancel();
    clock.cycles = 10;
    clock.fireDue();
    expect(fired).toEqual(['first', 'second', 'late']);
  });
});

describe('cost of registers (docs/esp32-s3.md A3)', () => {
  it.each([
    [0x600c0000, 9, 4],
    [0x60000000, 15, 15],
    [0x6001c000, 18, 18],
    [0x60008000, 80, 70],
    [0x60007000, 80, 70],
  ])('%i', (address, read, write) => {
    expect(readCycles(address)).toBe(read);
    expect(writeCycles(address)).toBe(write);
  });

  it('eight stores are posted, then each waits for room', () => {
    const posted = createPostedWrites();
    const waits: number[] = [];
    let cycle = 0;
    for (let store = 0; store < 100; store++) {
      waits.push(posted.post(cycle, 15));
      cycle += 1 + waits.at(-1)!;
    }
    expect(waits.slice(0, 8)).toEqual(new Array(8).fill(0));
    expect(waits.slice(20)).toEqual(new Array(80).fill(14));
    expect(posted.drain(cycle)).toBeGreaterThan(0);
  });
});

describe('UART', () => {
  it('tells of silence behind a few bytes, once, where the program asks for it', () => {
    const test = createChip({ held: true });
    const { uart0 } = test;
    uart0.write(0x14, 0x0030015b);
    uart0.write(0x78, 0x03700000);
    const told = () => (uart0.read(4) >>> 8) & 1;
    const wait = (seconds: number) => test.run({ untilSeconds: test.seconds + seconds });
    uart0.receive('ab');
    wait(0.001);
    expect(told()).toBe(0);
    uart0.write(0x24, (1 << 23) | 120);
    uart0.write(0x60, (20 << 17) | 0x12);
    uart0.receive('cd');
    const bit = 1 / uart0.baud();
    wait(39 * bit);
    expect(told()).toBe(0);
    wait(2 * bit);
    expect(told()).toBe(1);
    uart0.write(0x10, 1 << 8);
    wait(0.01);
    expect(told()).toBe(0);
  });

  it('receives what it sends while LOOPBACK is set', () => {
    const test = createChip({ held: true });
    const { uart0 } = test;
    uart0.write(0x14, 0x0030015b);
    uart0.write(0x78, 0x03700000);
    uart0.write(0x20, (1 << 14) | 0x1c);
    for (const byte of [1, 2]) uart0.write(0, byte);
    test.run({ until: () => uart0.idle() });
    expect([uart0.take(), uart0.take(), uart0.take()]).toEqual([1, 2, undefined]);
  });

  it('measures the rate of a line while AUTOBAUD_EN is set', () => {
    const chip = createChip({ held: true });
    const uart = chip.uart0;
    uart.write(0x14, 0x0030015b); // 115200 from the crystal: 347.2 of its cycles a bit
    uart.write(0x78, 0x03700000);
    expect([0x28, 0x2c, 0x30].map((offset) => uart.read(offset))).toEqual([0xfff, 0xfff, 0]);
    uart.write(0x20, 0x0800001c);
    uart.receive(Uint8Array.of(0x0f, 0x55));
    chip.run({ untilSeconds: chip.seconds + 0.001 });
    // 0x0f: low for one bit, high for four, low for four. 0x55: ten edges, one bit apart.
    expect([0x28, 0x2c, 0x30, 0x70].map((offset) => uart.read(offset))).toEqual([346, 346, 4 + 10, 693]);
    uart.write(0x20, 0x1c);
    expect(uart.read(0x30)).toBe(0);
  });

  it('sends a byte in ten bit times at the rate of the divider', () => {
    const chip = idle();
    const uart = chip.uart0;
    chip.run({ untilSeconds: 0.0005 }); // before the ROM's first byte
    uart.write(0x14, 0x0030015b);
    uart.write(0x78, 0x03700000);
    expect(uart.baud()).toBeCloseTo(40e6 / (347 + 3 / 16), 6);
    const times: number[] = [];
    uart.onOutput(() => times.push(chip.seconds));
    const start = chip.seconds;
    for (const byte of [1, 2, 3]) uart.write(0, byte);
    chip.run({ until: () => times.length === 3 });
    for (const [index, time] of times.entries()) {
      expect(time - start).toBeCloseTo(((index + 1) * 10) / uart.baud(), 6);
    }
  });

  it('counts what waits, takes 128 bytes and loses the rest with a warning', () => {
    const chip = idle();
    const uart = chip.peripherals.uarts[1]; // the ROM prints on the other
    uart.write(0x14, 0x0030015b);
    const sent: number[] = [];
    uart.onOutput((byte) => sent.push(byte));
    for (let byte = 0; byte < 140; byte++) uart.write(0, byte);
    // One byte is in the shift register, 128 wait.
    expect((uart.read(0x1c) >>> 16) & 0x3ff).toBe(128);
    expect(chip.warnings.list[0].message).toContain('full TX FIFO');
    chip.run({ until: () => uart.idle() });
    expect(sent.length).toBe(129);
  });

  it('receives at line rate into 128 bytes', () => {
    const chip = idle();
    chip.run({ untilSeconds: 0.02 });
    chip.uart0.receive('A'.repeat(200));
    const start = chip.seconds;
    chip.run({ until: () => (chip.uart0.read(0x1c) & 0x3ff) === 100 });
    expect(chip.seconds - start).toBeCloseTo(1000 / chip.uart0.baud(), 4);
    chip.run({ untilSeconds: start + 0.1 });
    expect(chip.uart0.read(0x1c) & 0x3ff).toBe(128);
    expect(chip.uart0.read(0x04) & 0x10).toBe(0x10); // RXFIFO_OVF
    expect(chip.uart0.read(0)).toBe(0x41);
  });
});

describe('USB console', () => {
  it('forgets in a reset what it received', () => {
    const { chip } = bootChip(new Uint8Array(0), { usbHost: true });
    chip.usb.receive('typed before');
    chip.usb.reset();
    expect(chip.usb.read(4) & 4).toBe(0);
    expect(chip.usb.read(8) & 4).toBe(0);
    expect(chip.usb.take()).toBeUndefined();
  });

  it('delivers packets to a host', () => {
    const { chip } = bootChip(new Uint8Array(0), { usbHost: true });
    const text: number[] = [];
    chip.usb.onOutput((byte) => text.push(byte));
    chip.run({ untilSeconds: 0.05 });
    expect(String.fromCharCode(...text)).toContain('ESP-ROM:esp32s3-20210327\r\n');
  });

  it('stays full without one', () => {
    const chip = idle();
    chip.usb.write(0, 65);
    expect(chip.usb.read(4) & 2).toBe(2);
    chip.usb.write(4, 1);
    expect(chip.usb.read(4) & 2).toBe(0);
    chip.run({ untilSeconds: 0.1 });
    expect(chip.usb.read(4) & 2).toBe(0);
  });
});

describe('240 MHz by registers alone', () => {
  // docs/esp32-s3.md C10 item 9, with the analog words one after another.
  const analog = (word: number) =>
    `movi a2, ${word}\n s32i a2, a4, 0\nw${word}: l32i a2, a4, 0\n bbsi a2, 25, w${word}\n`;
  const to240 = (last = 0x05030966) => `
    movi a3, 0x6000e040
    movi a4, 0x6000e000
    movi a5, 0x600c0000
    movi a2, 0
    s32i a2, a3, 4
    movi a2, 0x0001ff40
    s32i a2, a3, 8
    movi a2, 8
    s32i a2, a3, 0
    ${[0x056b0466, 0x05500266, 0x05080366, 0x05000566, 0x05730666, last].map(analog).join('')}
  calibrating: l32i a2, a3, 0
    bbci a2, 24, calibrating
    movi a2, 4
    s32i a2, a3, 0
    movi a2, 0xe
    s32i a2, a5, 0x10
    movi a2, 0x400
    s32i a2, a5, 0x60
  `;

  it('raises the clock, and seconds follow', () => {
    const { chip } = bootProgram(`start:\n${WATCHDOGS_OFF}${to240()}${FOREVER}`);
    chip.run({ until: () => chip.clock.cpuHertz === 240e6, untilSeconds: 1 });
    expect(chip.clock.cpuHertz).toBe(240e6);
    expect(chip.warnings.list).toEqual([]);
    const { cycles, seconds } = chip;
    chip.run({ untilSeconds: seconds + 0.01 });
    expect(chip.cycles - cycles).toBeCloseTo(2_400_000, -4);
    expect(chip.uart0.baud()).toBeCloseTo(115_211.5, 0);
  });

  it.each([
    // Bootloaders in the field write 2 to register 9 as well as 3.
    [0x05020966, undefined],
    [0x05000966, 'its register 9 holds 0x00, not the setting for 480 MHz'],
  ])('takes what bootloaders write last, %i', (last, complaint) => {
    const { chip } = bootProgram(`start:\n${WATCHDOGS_OFF}${to240(last)}${FOREVER}`);
    chip.run({ until: () => chip.clock.cpuHertz === 240e6, untilSeconds: 1 });
    const [first] = chip.warnings.list.map(({ message }) => message);
    if (complaint) expect(first).toContain(complaint);
    else expect(first).toBeUndefined();
  });

  it('says so when the PLL was not brought up', () => {
    const { chip } = bootProgram(
      `start: movi a5, 0x600c0000\n movi a2, 0xe\n s32i a2, a5, 0x10\n movi a2, 0x400\n s32i a2, a5, 0x60\n${FOREVER}`,
    );
    chip.run({ untilSeconds: 0.1 });
    expect(chip.warnings.list[0].message).toContain('never calibrated');
  });
});

describe('system timer', () => {
  it.each([
    ['period', 1 << 30, 4, 0],
    ['target', 0, 1, 0],
    // As ESP-IDF's tick does it.
    ['later chosen period', 0, 4, 1 << 30],
  ])('a comparator in %s mode interrupts %s times in 4.5 periods', (_, mode, times, later) => {
    const chip = idle();
    const { peripheral } = chip.peripherals.blocks.find(({ base }) => base === 0x60023000)!;
    const PERIOD = 16_000; // 1 ms
    peripheral.write(4, 1 << 30);
    const now = peripheral.read(0x44);
    peripheral.write(0x1c, 0); // TARGET0: in one period
    peripheral.write(0x20, now + PERIOD);
    peripheral.write(0x34, mode | PERIOD);
    peripheral.write(0x50, 1); // COMP0_LOAD
    if (later !== 0) peripheral.write(0x34, later | PERIOD);
    peripheral.write(0x00, peripheral.read(0) | (1 << 24)); // TARGET0_WORK_EN
    let seen = 0;
    const end = chip.seconds + 0.0045;
    while (chip.seconds < end) {
      chip.run({ untilSeconds: Math.min(chip.seconds + 0.0001, end) });
      if ((peripheral.read(0x68) & 1) === 0) continue;
      seen++;
      peripheral.write(0x6c, 1);
    }
    expect(seen).toBe(times);
  });

  it('counts 16 MHz', () => {
    const chip = idle();
    const { peripheral } = chip.peripherals.blocks.find(({ base }) => base === 0x60023000)!;
    const read = () => {
      peripheral.write(4, 1 << 30);
      expect(peripheral.read(4) & (1 << 29)).not.toBe(0);
      return peripheral.read(0x44);
    };
    const first = read();
    chip.run({ untilSeconds: chip.seconds + 0.25 });
    expect(read() - first).toBe(4_000_000);
  });
});

describe('fuzz', () => {
  it('no access to any register or address harms the host', () => {
    const address = fc.oneof(
      fc.integer({ min: 0x60000000, max: 0x600dffff }),
      fc
        .constantFrom(
          0x60000000,
          0x6001f000,
          0x60008000,
          0x600c0000,
          0x600c1000,
          0x600c4000,
          0x600c5000,
          0x60013000,
          0x60023000,
          0x6000e000,
          0x60002000,
          0x60003000,
        )
        .chain((base) => fc.nat(0x100).map((offset) => base + offset)),
      fc.integer({ min: 0, max: 0xffffffff }),
    );
    const access = fc.tuple(
      address,
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.boolean(),
      fc.constantFrom(1, 2, 4),
    );
    fc.assert(
      fc.property(fc.array(access, { maxLength: 60 }), (accesses) => {
        const chip = idle('heltec-v3');
        const bus = busOf(chip);
        for (const [at, value, isStore, bytes] of accesses) {
          const aligned = (at & -bytes) >>> 0;
          try {
            if (bus.locate(aligned, bytes, isStore ? ACCESS.store : ACCESS.load, 0, chip.cycles) !== -1)
              continue;
            if (isStore) bus.write(aligned, bytes, value, 0, chip.cycles, 0);
            else expect(bus.read(aligned, bytes, 0, chip.cycles, 0)).toBeGreaterThanOrEqual(0);
          } catch (error) {
            const isKnown =
              error instanceof BusFault || error instanceof RomEntered || error instanceof RomCallError;
            if (!isKnown) throw error;
          }
          chip.run({ maxCycles: 500 });
        }
      }),
      { numRuns: 40 },
    );
  });
});

/** A bus of its own onto the chip's peripherals. */
function busOf(chip: ReturnType<typeof createChip>) {
  const layout = layOutArena(1 << 20, 0);
  return createSocBus({
    memory: createChipMemory(layout),
    layout,
    cached: chip.peripherals.cached,
    blocks: chip.peripherals.blocks,
    clock: chip.clock,
    warnings: chip.warnings,
  });
}

describe('watchdogs', () => {
  it.each([
    [1, 'guard booting from flash', 7],
    [0, 'leave download mode in peace', 1],
  ] as const)('with GPIO0 at %i %s', (bootPin, _, reason) => {
    const chip = createChip({ bootPin, held: true });
    chip.run({ untilSeconds: 1.5 });
    expect(chip.peripherals.rtc.resetReason(0)).toBe(reason);
    chip.run({ untilSeconds: 6 });
    expect(chip.peripherals.rtc.resetReason(0)).toBe(reason);
  });
});

describe('I2C', () => {
  it('is done at once with the pulses that free a bus, as drivers wait for it', () => {
    const [i2c] = createChip({ held: true }).peripherals.i2c;
    i2c.write(0x80, 0x13);
    expect(i2c.read(0x80)).toBe(0x12);
  });
});
