import { describe, expect, it } from 'vitest';
import { findBoard } from '../boards/boards.ts';
import { ACCESS, type Access, BusFault } from '../bus/bus.ts';
import type { CachedMemory } from './cached-memory.ts';
import type { BusTiming, LineCost } from './external-bus.ts';
import { createExternalBus, lineCosts } from './external-bus.ts';
import { bandwidths } from './test-bandwidth.ts';
import { bootChip } from './test-image.ts';

const AT_240: BusTiming = {
  flashMode: 'qio',
  flashHertz: 80e6,
  psramMode: 'octal',
  psramHertz: 80e6,
  cpuHertz: 240e6,
};
/** Waits of `count` misses in a row, one after another. */
const sequential = (cost: LineCost, count: number) => {
  const bus = createExternalBus();
  let cycle = 0;
  for (let line = 0; line < count; line++) cycle += bus.transfer(cycle, cost);
  return cycle;
};

describe('line costs against silicon (docs/esp32-s3.md B5), within 2 percent', () => {
  const within = (measured: number, modelled: number, tolerance = 0.02) =>
    expect(Math.abs(modelled - measured) / measured, `${modelled} for ${measured}`).toBeLessThan(tolerance);

  it.each([
    [1, 82],
    [2, 252],
    [4, 590],
    [8, 1271],
    [16, 2631],
  ])('octal PSRAM, %i lines of 64 B: %i', (lines, cycles) => {
    within(cycles, sequential(lineCosts(AT_240, 64, 32).dataPsram, lines));
  });

  it.each([
    [1, 115],
    [2, 588],
    [4, 1532],
    [8, 3425],
    [16, 7209],
  ])('QIO flash, %i lines of 64 B: %i', (lines, cycles) => {
    within(cycles, sequential(lineCosts(AT_240, 64, 32).dataFlash, lines));
  });

  it.each([
    [1, 204],
    [2, 469],
    [4, 1002],
    [8, 2065],
  ])('QIO flash into the ICache, %i lines of 32 B: %i', (lines, cycles) => {
    within(cycles, sequential(lineCosts(AT_240, 64, 32).instructionFlash, lines));
  });

  it('octal PSRAM by line size and bus clock', () => {
    const whole = (line: number, psramHertz = 80e6) =>
      lineCosts({ ...AT_240, psramHertz }, line, 32).dataPsram.whole;
    within(99.0, whole(16));
    within(126.0, whole(32));
    within(174.1, whole(64));
    within(307.8, whole(64, 40e6));
    within(162, lineCosts(AT_240, 64, 32).writeBack);
  });

  it('quad PSRAM as predicted', () => {
    const quad = { ...AT_240, psramMode: 'quad' as const };
    within(257, lineCosts(quad, 32, 32).dataPsram.whole, 0.06);
    within(448, lineCosts(quad, 64, 32).dataPsram.whole, 0.06);
  });

  /** Clocks until the first data bit: command, address, mode bits and dummies of the read command (flash data sheets). */
  it.each([
    ['qio', 0xeb, 8 + 6 + 2 + 4, 2],
    ['qout', 0x6b, 8 + 24 + 8, 2],
    ['dio', 0xbb, 8 + 12 + 4, 4],
    ['dout', 0x3b, 8 + 24 + 8, 4],
    ['fast', 0x0b, 8 + 24 + 8, 8],
    ['slow', 0x03, 8 + 24, 8],
  ] as const)(
    'flash in %s mode (command 0x%x) sends %i clocks first',
    (flashMode, _command, clocks, perByte) => {
      const { dataFlash } = lineCosts({ ...AT_240, flashMode }, 64, 32);
      const overhead = lineCosts(AT_240, 64, 32).dataFlash.whole - 3 * (20 + 64 * 2);
      expect(dataFlash).toEqual({
        first: 3 * (clocks + 4 * perByte) + overhead,
        whole: 3 * (clocks + 64 * perByte) + overhead,
        perByte: 3 * perByte,
      });
    },
  );

  it('two cores wait for each other', () => {
    const bus = createExternalBus();
    const cost = lineCosts(AT_240, 64, 32).dataPsram;
    const cycles = [0, 0];
    for (let line = 0; line < 1000; line++)
      for (const core of [0, 1]) cycles[core] += bus.transfer(cycles[core], cost);
    within(2 * 1000 * cost.whole, cycles[1], 0.03);
  });
});

const expectRefusal = (cached: CachedMemory, address: number, access: Access) => {
  expect(cached.locate(address, 4, access, 0, 0)).toBe(-1);
  expect(() => cached.refuse(address, access, 0)).toThrow(BusFault);
};

describe('published bandwidths (docs/esp32-s3.md B5)', () => {
  it.each(bandwidths())('$what: $measured cycles', ({ measured, modelled, tolerance }) => {
    expect(Math.abs(modelled / measured - 1)).toBeLessThan(tolerance);
  });
});

describe('flash through the MMU', () => {
  const open = (lineField: number) => {
    const flash = Uint8Array.from({ length: 1 << 18 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
    const { chip } = bootChip(flash, { board: findBoard('devkitc-n16r8') });
    const { cached, sensitive, spi0 } = chip.peripherals;
    sensitive.write(0x14, 0x7f3); // both banks of SRAM2 to the DCache
    cached.extmem.write(0, 1 | 4 | (lineField << 3));
    cached.extmem.write(4, 0);
    return { chip, cached, spi0, flash };
  };

  it('reads the page that the entry names, at both addresses of the window', () => {
    const { cached, chip } = open(2);
    cached.mmu.write(4 * 3, 2);
    const offset = cached.locate(0x3c030010, 4, ACCESS.load, 0, 0);
    expect(chip.flash.byteOffset + 2 * 65536 + 16).toBe(offset);
    expectRefusal(cached, 0x3c040000, ACCESS.load);
    expectRefusal(cached, 0x3c030010, ACCESS.store);
    expectRefusal(cached, 0x42030010, ACCESS.fetch); // ICache off
  });

  it('a hit is free, a miss is not, and invalidation makes it one again', () => {
    const { cached } = open(2);
    cached.mmu.write(0, 0);
    const wait = (address: number, cycle: number) => {
      cached.locate(address, 4, ACCESS.load, 0, cycle);
      return cached.stall;
    };
    expect(wait(0x3c000000, 0)).toBeGreaterThan(0);
    expect(wait(0x3c00003c, 10_000)).toBe(0);
    expect(wait(0x3c000040, 20_000)).toBeGreaterThan(0);
    cached.extmem.write(0x2c, 0x3c000000);
    cached.extmem.write(0x30, 64);
    cached.extmem.write(0x28, 1);
    expect(wait(0x3c000040, 30_000)).toBe(0);
    expect(wait(0x3c000000, 40_000)).toBeGreaterThan(0);
  });

  it('counts accesses that miss', () => {
    const { cached } = open(1);
    cached.mmu.write(0, 0);
    for (let at = 0; at < 1024; at += 4) cached.locate(0x3c000000 + at, 4, ACCESS.load, 0, at * 1000);
    expect(cached.extmem.read(0xd0)).toBe(32);
    expect(cached.extmem.read(0xd8)).toBe(256);
    cached.extmem.write(0xc4, 1);
    expect(cached.extmem.read(0xd0)).toBe(0);
  });

  it('holds exactly its size: a second pass over 64 KB hits, over 128 KB misses', () => {
    const { cached } = open(2);
    for (let page = 0; page < 4; page++) cached.mmu.write(4 * page, page);
    let cycle = 0;
    const pass = (bytes: number) => {
      let wait = 0;
      for (let at = 0; at < bytes; at += 64) {
        cycle += 10_000;
        cached.locate(0x3c000000 + at, 4, ACCESS.load, 0, cycle);
        wait += cached.stall;
      }
      return wait;
    };
    pass(65536);
    expect(pass(65536)).toBe(0);
    pass(131072);
    expect(pass(131072)).toBeGreaterThan(0);
  });

  it('PSRAM wants SPI0 set up, takes stores, and dirty lines cost a write-back', () => {
    const { cached, chip, spi0 } = open(2);
    cached.mmu.write(0, 0x8000);
    expectRefusal(cached, 0x3c000000, ACCESS.load);
    expect(chip.warnings.list.at(-1)?.message).toContain('SPI0');
    spi0.write(0x40, (1 << 20) | (1 << 5) | (31 << 14) | (17 << 6) | (1 << 21));
    cached.locate(0x3c000000, 4, ACCESS.store, 0, 1000);
    chip.clock.cycles = 10_000;
    cached.extmem.write(0x2c, 0);
    cached.extmem.write(0x30, 0);
    cached.extmem.write(0x28, 2);
    expect(cached.extmem.read(0x28) & 8).toBe(0); // still writing
    chip.clock.cycles = 11_000;
    expect(cached.extmem.read(0x28) & 8).toBe(8);
  });

  const PSRAM_COMMANDS = (1 << 20) | (1 << 5) | (31 << 14) | (17 << 6) | (1 << 21);
  /** Flash at 0x3C000000, and what an access waits. */
  const timed = () => {
    const { cached, chip, spi0 } = open(2);
    spi0.write(0x40, PSRAM_COMMANDS);
    cached.mmu.write(0, 0);
    cached.mmu.write(4, 0x8000);
    const wait = (address: number, cycle: number, bytes = 4, core = 0) => {
      cached.locate(0x3c000000 + address, bytes, ACCESS.load, core, cycle);
      return cached.stall;
    };
    const preload = (address: number, lines: number, cycle: number, order = 0) => {
      chip.clock.cycles = cycle;
      cached.extmem.write(0x44, 0x3c000000 + address);
      cached.extmem.write(0x48, lines);
      cached.extmem.write(0x40, 1 | order);
    };
    const isDone = (cycle: number) => {
      chip.clock.cycles = cycle;
      return (cached.extmem.read(0x40) & 2) !== 0;
    };
    return { cached, wait, preload, isDone };
  };

  it('what is read of a line that is still coming waits for its bytes, on either core', () => {
    const { wait } = timed();
    const first = wait(0, 0);
    const last = wait(60, first, 4, 1);
    expect(last).toBeGreaterThan(0);
    expect(wait(32, first)).toBeLessThan(last);
    expect(wait(60, first + last)).toBe(0);
    const whole = wait(64, 10_000, 16);
    expect(whole).toBeGreaterThan(wait(4096, 20_000)); // sixteen bytes later than four
    const late = wait(8192 + 60, 30_000);
    expect(late).toBe(first + last); // a line comes from its first byte on
  });

  it('preloaded lines come one after another, in either direction, and DONE with the last', () => {
    for (const [order, near, far] of [
      [0, 0, 192],
      [4, 192, 0],
    ]) {
      const { wait, preload, isDone } = timed();
      preload(near, 4, 1000, order);
      const early = wait(near, 1000);
      const late = wait(far, 1001);
      expect(early).toBeGreaterThan(0);
      expect(late).toBeGreaterThan(2 * early);
      expect(isDone(1001)).toBe(false);
      expect(isDone(20_000)).toBe(true);
      expect([0, 64, 128, 192].map((at) => wait(at, 20_000))).toEqual([0, 0, 0, 0]);
      expect(wait(256, 20_000)).toBeGreaterThan(0);
    }
  });

  it('a core that misses goes before lines that wait to be preloaded', () => {
    const { wait, preload } = timed();
    const alone = wait(8192, 0);
    preload(0, 100, 10_000);
    expect(wait(16384, 10_100)).toBeLessThan(4 * alone + 2000);
  });

  it('autoload brings the next lines of its section on a miss, no further', () => {
    const { cached, wait } = timed();
    cached.extmem.write(0x50, 0x3c000000);
    cached.extmem.write(0x54, 256);
    cached.extmem.write(0x4c, 0b101 | (2 << 7)); // on, section 0, three lines
    wait(64, 0);
    expect([128, 192].map((at) => wait(at, 50_000))).toEqual([0, 0]);
    expect(wait(256, 60_000)).toBeGreaterThan(0);
    cached.extmem.write(0x4c, 0);
    wait(4096, 70_000);
    expect(wait(4160, 80_000)).toBeGreaterThan(0);
  });

  it.each([4, 8] as const)('with %i ways, as many lines of one set stay', (dataCacheWays) => {
    const { chip } = bootChip(new Uint8Array(1 << 18), { board: findBoard('devkitc-n16r8'), dataCacheWays });
    const { cached } = chip.peripherals;
    cached.extmem.write(0, 1 | (2 << 3));
    cached.extmem.write(4, 0);
    for (let page = 0; page < 4; page++) cached.mmu.write(4 * page, page);
    const apart = 32768 / dataCacheWays;
    const misses = (lines: number) => {
      let count = 0;
      for (let round = 1; round <= 2; round++)
        for (let line = 0; line < lines; line++) {
          cached.locate(0x3c000000 + line * apart, 4, ACCESS.load, 0, 1e6 * round + 1e4 * line);
          if (round === 2 && cached.stall > 0) count++;
        }
      return count;
    };
    expect(misses(dataCacheWays)).toBe(0);
    expect(misses(dataCacheWays + 1)).toBeGreaterThan(0);
  });

  it('a board without PSRAM says so', () => {
    const { chip } = bootChip(new Uint8Array(0), { board: findBoard('devkitc-n8') });
    const { cached } = chip.peripherals;
    cached.extmem.write(0, 1);
    cached.extmem.write(4, 0);
    cached.mmu.write(0, 0x8000);
    expectRefusal(cached, 0x3c000000, ACCESS.load);
    expect(chip.warnings.list.at(-1)?.message).toContain('this board has no PSRAM');
  });
});
