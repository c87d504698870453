import { describe, expect, it } from 'vitest';
import { SR } from '../core/state.ts';
import { RomCallError } from './rom/stub.ts';
import { bootProgram, FOREVER, type TestChip, WATCHDOGS_OFF } from './test-image.ts';

const run = (source: string, seconds = 0.2): TestChip => {
  const test = bootProgram(source);
  test.chip.run({ untilSeconds: seconds });
  return test;
};
const word = ({ chip }: TestChip, address: number) =>
  new DataView(chip.peek(address, 4)!.buffer).getUint32(0, true);
const visible = ({ chip }: TestChip, core: number, index: number) => {
  const { ar, special } = chip.cores[core].state;
  return ar[(special[SR.windowbase] * 4 + index) & 63] >>> 0;
};

describe('state at hand-over', () => {
  const test = bootProgram(`start: ${FOREVER}`);
  test.chip.run({ until: () => test.chip.cores[0].running });
  const { special, pc } = test.chip.cores[0].state;

  it('has the registers of the loader, called by CALL8', () => {
    expect(pc).toBe(0x40378000);
    expect(special[SR.ps]).toBe(0x60520);
    expect(special[SR.windowbase]).toBe(3);
    expect(special[SR.windowstart]).toBe(8);
    const wanted = [0x80043ab9, 0x3fceb570, 0x40378000, 0x3fceb670, 0x3fceb55c];
    expect(wanted.map((_, index) => visible(test, 0, index))).toEqual(wanted);
    expect([8, 9, 10, 11].map((index) => visible(test, 0, index))).toEqual([
      0x80045c04, 0x3fceb520, 0x11, 0x3ff1b1c2,
    ]);
  });

  it('has the special registers of the ROM', () => {
    expect(special[SR.vecbase] >>> 0).toBe(0x40000000);
    expect(special[SR.intenable]).toBe(0);
    expect(special[SR.cpenable]).toBe(0xff);
    expect(special[SR.prid]).toBe(0xcdcd);
    expect([210, 211, 212, 213].map((n) => special[n] >>> 0)).toEqual([
      0x40034ff4, 0x400350c4, 0x40035190, 0x40035300,
    ]);
    expect(special[SR.memctl] & 1).toBe(1);
    expect(special[SR.atomctl]).toBe(0x15);
    expect(special[SR.lcount]).toBe(0);
  });

  it.each([
    ['SYSCLK_CONF', 0x600c0060, 0x00000001],
    ['CPU_PER_CONF', 0x600c0010, 0x0000000c],
    ['CORE_1_CONTROL_0', 0x600c0000, 0x4],
    ['CORE_1_CONTROL_1', 0x600c0004, 0],
    ['UART0 CLKDIV', 0x60000014, 0x0030015b],
    ['UART0 CLK_CONF', 0x60000078, 0x03700000],
    ['UART0 CONF0', 0x60000020, 0x0400001c],
    ['UART0 CONF1', 0x60000024, 1],
    ['UART0 INT_ENA', 0x6000000c, 1],
    ['DCACHE_CTRL', 0x600c4000, 1],
    ['DCACHE_CTRL1', 0x600c4004, 0],
    ['ICACHE_CTRL', 0x600c4060, 0],
    ['ICACHE_CTRL1', 0x600c4064, 3],
    ['SENSITIVE 1004', 0x600c1004, 0x2f],
    ['SENSITIVE 1014', 0x600c1014, 0x7f7],
    ['CACHE_CONTROL', 0x600c0048, 5],
    ['0x600c4148', 0x600c4148, 0x00ffffff],
    ['0x600c40e0', 0x600c40e0, 0xffffffff],
    ['MMU entry 0', 0x600c5000, 0x4000],
    ['MMU entry 128', 0x600c5200, 0x4000],
    ['MMU entry 511', 0x600c57fc, 0x4000],
    ['PERIP_CLK_EN0', 0x600c0018, 0xf9c1e06f],
    ['PERIP_CLK_EN1', 0x600c001c, 0x604],
    ['PERIP_RST_EN0', 0x600c0020, 0],
    ['PERIP_RST_EN1', 0x600c0024, 0x1ca],
    ['SPI1 CTRL', 0x60002008, 0x00aca008],
    ['SPI1 CLOCK', 0x60002014, 0x80000000],
    ['SPI1 USER', 0x60002018, 0x800000c0],
    ['SPI1 USER2', 0x60002020, 0x70000000],
    ['SPI0 CTRL', 0x60003008, 0x00ac2008],
    ['SPI0 CLOCK', 0x60003014, 0x80000000],
    ['SPI0 USER', 0x60003018, 0xf00000c0],
    ['SPI0 USER1', 0x6000301c, 0x5c000003],
    ['SPI0 USER2', 0x60003020, 0x700000bb],
    ['SPI0 +24', 0x60003024, 0xff],
    ['SPI0 +28', 0x60003028, 0xff],
    ['SPI0 +34', 0x60003034, 2],
    ['SPI0 +3C', 0x6000303c, 5],
    ['SPI0 AC', 0x600030dc, 0xb107],
    ['RTC WDTCONFIG0', 0x60008098, 0x00013214],
    ['RTC WDTWPROTECT', 0x600080b0, 0x50d83aa1],
    ['TIMG0 WDTCONFIG0', 0x6001f048, 0x0004c000],
    ['TIMG0 WDTCONFIG2', 0x6001f050, 26_000_000],
    ['SWD_CONF', 0x600080b4, 0x04b00000],
    ['OPTIONS0', 0x60008000, 0x1c00a000],
    ['CLK_CONF', 0x60008074, 0x1158321c],
  ])('%s', (_name, address, value) => {
    const block = test.chip.peripherals.blocks.find(
      ({ base, size }) => address >= base && address < base + size,
    )!;
    expect(block.peripheral.read(address - block.base) >>> 0).toBe(value >>> 0);
  });

  it('runs at 20 MHz', () => {
    expect(test.chip.clock.cpuHertz).toBe(20_000_000);
    expect(test.chip.warnings.list).toEqual([]);
  });
});

describe('watchdogs', () => {
  /** Seconds between the start of the program and the second banner, and the lines after it. */
  const bite = (source: string) => {
    const test = bootProgram(`start:\n${source}${FOREVER}`);
    test.chip.run({ until: () => test.chip.cores[0].running });
    const started = test.chip.seconds;
    let reset = Number.NaN;
    test.chip.run({
      untilSeconds: 6,
      until() {
        if (!test.chip.cores[0].running && Number.isNaN(reset)) reset = test.chip.seconds;
        return test.output().split('ESP-ROM').length > 2 && test.output().includes('mode', 250);
      },
    });
    return { seconds: reset, fromStart: reset - started, lines: test.output().slice(100).split('\r\n') };
  };

  it('TIMG0 resets a program that forgets it 1.3 s after power-on', () => {
    const { seconds, lines } = bite('');
    expect(seconds).toBeCloseTo(1.3, 2);
    expect(lines).toContain('rst:0x7 (TG0WDT_SYS_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)');
    expect(lines).toContain('Saved PC:0x40378000');
  });

  it('the RTC dog bites after 2.94 s', () => {
    const { seconds, lines } = bite('movi a3, 0x6001f000\n movi a2, 0\n s32i a2, a3, 0x48\n');
    expect(seconds).toBeCloseTo((2 * 200_000) / 136_000, 2);
    expect(lines).toContain('rst:0x10 (RTCWDT_RTC_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)');
  });

  it('the super dog bites last', () => {
    const { lines } = bite(
      'movi a3, 0x6001f000\n movi a2, 0\n s32i a2, a3, 0x48\n movi a3, 0x60008000\n s32i a2, a3, 0x98\n',
    );
    expect(lines).toContain('rst:0x12 (SUPER_WDT_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)');
  });

  it('TIMG0 counts the APB clock: a faster one makes it bite sooner', () => {
    // 40 MHz from the crystal: SYSCLK_CONF divider 1. The rest of 26,000,000 counts takes half as long.
    const { seconds, fromStart } = bite('movi a3, 0x600c0000\n movi a2, 0\n s32i a2, a3, 0x60\n');
    expect(fromStart).toBeCloseTo((26_000_000 - (seconds - fromStart) * 20e6) / 40e6, 2);
  });

  it('none of them bites when all are off', () => {
    const test = run(`start:\n${WATCHDOGS_OFF}${FOREVER}`, 5);
    expect(test.output().split('ESP-ROM').length).toBe(2);
  });

  it('a locked register stays as it is, and says so', () => {
    const test = run(
      `start: movi a3, 0x6001f000\n movi a2, 0\n s32i a2, a3, 0x64\n s32i a2, a3, 0x48\n l32i a4, a3, 0x48\n${FOREVER}`,
    );
    expect(visible(test, 0, 4)).toBe(0x4c000);
    expect(test.chip.warnings.list[0].message).toContain('WDTWPROTECT does not hold the key');
  });

  it('software reset keeps the retained words', () => {
    const test = run(
      `start:\n${WATCHDOGS_OFF}
      movi a3, 0x60008000
      l32i a2, a3, 0x50
      bnez a2, forever
      movi a2, 7
      s32i a2, a3, 0x50
      movi a2, 0x80000000
      l32i a4, a3, 0
      or a2, a2, a4
      s32i a2, a3, 0
      ${FOREVER}`,
    );
    expect(test.output()).toContain(
      'rst:0x3 (RTC_SW_SYS_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)\r\nSaved PC:0x4037',
    );
    expect(visible(test, 0, 2)).toBe(7);
  });
});

describe('core 1', () => {
  const RELEASE = `
    movi a5, 0x600c0000
    movi a6, core1
    s32i a6, a5, 4
    movi a6, 6
    s32i a6, a5, 0
    movi a6, 2
    s32i a6, a5, 0
    j forever
  core1:
    movi a4, 0x3fc90000
    rsr.ps a5
    s32i a5, a4, 0
    rsr.prid a5
    s32i a5, a4, 4
    s32i a0, a4, 8
    s32i a1, a4, 12
    s32i a2, a4, 16
    s32i a3, a4, 20
    s32i a8, a4, 24
    rsr.windowbase a5
    s32i a5, a4, 28
    rsr.windowstart a5
    s32i a5, a4, 32
    rsr.vecbase a5
    s32i a5, a4, 36
  core1end: j core1end
  `;

  it('arrives as the ROM calls it', () => {
    const test = run(`start:\n${WATCHDOGS_OFF}${RELEASE}${FOREVER}`);
    const words = Array.from({ length: 10 }, (_, index) => word(test, 0x3fc90000 + 4 * index));
    const entry = words[4];
    expect(words).toEqual([
      0x60020,
      0xabab,
      0x40034c48,
      0x3fced6f0,
      entry,
      0x600c0004,
      0x80043a46,
      1,
      3,
      0x40000000,
    ]);
  });

  it('does not run before', () => {
    const test = run(`start:\n${WATCHDOGS_OFF}${FOREVER}`);
    expect(test.chip.cores[1].instructions).toBe(0);
  });

  it('takes its address after the release as well', () => {
    const late = RELEASE.replace('s32i a6, a5, 4', 'mov a9, a6').replace(
      'j forever',
      's32i a9, a5, 4\n j forever',
    );
    const test = run(`start:\n${WATCHDOGS_OFF}${late}${FOREVER}`);
    expect(word(test, 0x3fc90004)).toBe(0xabab);
  });

  it('is called before any set-up when bit 31 is set', () => {
    const early = RELEASE.replace('s32i a6, a5, 4', 'movi a7, 0x80000000\n or a6, a6, a7\n s32i a6, a5, 4');
    const test = run(`start:\n${WATCHDOGS_OFF}${early}${FOREVER}`);
    expect(word(test, 0x3fc90000)).toBe(0x1f);
    expect(word(test, 0x3fc90008)).toBe(0x40000475);
  });

  it('stops in a stall and goes on after it', () => {
    const test = run(`start:\n${WATCHDOGS_OFF}${RELEASE}${FOREVER}`);
    const { chip } = test;
    const { system } = chip.peripherals;
    system.write(0, 3);
    const stopped = chip.cores[1].instructions;
    chip.run({ maxCycles: 10_000 });
    expect(chip.cores[1].instructions).toBe(stopped);
    system.write(0, 2);
    chip.run({ maxCycles: 10_000 });
    expect(chip.cores[1].instructions).toBeGreaterThan(stopped);
  });
});

describe('the way back into the ROM', () => {
  it('prints "user code done" when a windowed entry returns', () => {
    const test = run(`start: entry a1, 32\n retw.n\n${FOREVER}`);
    expect(test.output()).toContain('entry 0x40378000\r\nuser code done\r\n');
  });

  it("dumps exceptions while VECBASE is the ROM's", () => {
    const test = run(`start: movi a7, 0\n l32i a8, a7, 0\n${FOREVER}`);
    expect(test.output()).toContain("Guru Meditation Error: Core 0 panic'ed (LoadProhibited)\r\n");
    expect(test.output()).toContain('EXCCAUSE: 0x0000001c');
  });

  it('refuses ROM functions by name', () => {
    expect(() => run(`start: movi a8, 0x400005d0\n callx8 a8\n${FOREVER}`)).toThrow(RomCallError);
    expect(() => run(`start: movi a8, 0x400005d0\n callx8 a8\n${FOREVER}`)).toThrow(/ets_printf/);
  });

  it("spills and fills windows by the ROM's vectors", () => {
    const test = run(`
      start: entry a1, 64
        movi a10, 20
        call8 sum
        movi a4, 0x3fc90000
        s32i a10, a4, 0
        ${FOREVER}
      .align 4
      sum: entry a1, 32
        beqz a2, done
        addi a10, a2, -1
        call8 sum
        add a2, a2, a10
      done: retw.n
    `);
    expect(word(test, 0x3fc90000)).toBe(210);
  });
});

describe('addresses', () => {
  it('shows SRAM1 on both buses, and refuses bytes on the instruction bus', () => {
    const test = run(`start:
      movi a4, 0x3fc90000
      movi a5, 0x40380000
      movi a6, 0x12345678
      s32i a6, a4, 0
      l32i a7, a5, 0
      l8ui a8, a5, 0
      ${FOREVER}`);
    expect(visible(test, 0, 7)).toBe(0x12345678);
    expect(test.output()).toContain("panic'ed (LoadStoreError)");
    expect(test.output()).toContain('EXCVADDR: 0x40380000');
  });

  it('stores in the instruction bus reach the code that runs', () => {
    const test = run(`start:
      movi a4, patch
      l32i a5, a4, 0
      movi a8, 3
    again: addi a8, a8, -1
      call0 patch
      movi a6, 0xf00d0b0c
      s32i a6, a4, 0
      bnez a8, again
      ${FOREVER}
      .align 4
    patch: movi.n a11, 5
      ret.n`);
    // 0x0b0c: movi.n a11, 0; 0xf00d: ret.n
    expect(visible(test, 0, 11)).toBe(0);
  });

  it('warns once of an unknown register and of an unknown address, with the place', () => {
    const test = run(`start:
      movi a3, 0x6002b000
      movi a4, 0x20000000
      movi a8, 9
    again: l32i a5, a3, 4
      l32i a5, a4, 0
      addi a8, a8, -1
      bnez a8, again
      ${FOREVER}`);
    const messages = test.chip.warnings.list.map(({ message }) => message);
    expect(messages.length).toBe(2);
    expect(messages[0]).toMatch(/0x6002b004.*TWAI.*pc 0x4037/);
    expect(messages[1]).toMatch(/0x20000000.*pc 0x4037/);
  });

  it('an invalid MMU entry is refused, with a warning that says which', () => {
    const test = run(`start: movi a3, 0x3c050000\n l32i a4, a3, 0\n ${FOREVER}`);
    expect(test.output()).toContain("panic'ed (LoadStoreError)");
    expect(test.chip.warnings.list[0].message).toContain('MMU entry 5 is invalid');
  });

  it('SRAM that a cache took is no memory any more', () => {
    const test = run(`start:
      movi a3, 0x600c1000
      movi a2, 0x7f6
      s32i a2, a3, 0x14
      movi a4, 0x40370000
      l32i a5, a4, 0
      ${FOREVER}`);
    expect(test.chip.warnings.list[0].message).toContain("this SRAM is the ICache's store");
  });
});

describe('repeatability', () => {
  it('the same image gives the same cycles', () => {
    const program = `start:\n${WATCHDOGS_OFF} movi a3, 0x60000000\n movi a4, 1000\nagain: l32i a5, a3, 0x1c\n extui a5, a5, 16, 8\n bgeui a5, 64, again\n s32i a4, a3, 0\n addi a4, a4, -1\n bnez a4, again\n${FOREVER}`;
    const results = [0, 1].map(() => {
      const test = run(program, 0.1);
      return [test.chip.cycles, test.chip.cores[0].instructions, test.output()];
    });
    expect(results[0]).toEqual(results[1]);
  });
});
