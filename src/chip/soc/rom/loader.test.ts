import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootChip, buildImage, type ImageOptions } from '../test-image.ts';

const BANNER =
  'ESP-ROM:esp32s3-20210327\r\nBuild:Mar 27 2021\r\nrst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)\r\n';
const SET_UP = 'SPIWP:0xee\r\nmode:DIO, clock div:1\r\n';
const STOP = 'ets_main.c 329 \r\n';
/** `j .` and padding: a program that does nothing. */
const LOOP = Uint8Array.of(0x06, 0xff, 0xff, 0x00);

/** What the ROM prints in the first simulated seconds after its three banner lines. */
function log(image: Uint8Array, seconds = 0.6): string {
  const { chip, output } = bootChip(image);
  chip.run({ untilSeconds: seconds });
  expect(output().slice(0, BANNER.length)).toBe(BANNER);
  return output().slice(BANNER.length);
}
const logOf = (options: Partial<ImageOptions>) =>
  log(buildImage({ segments: [{ address: 0x40378000, data: LOOP }], ...options }));
const segment = (address: number, length: number) => ({ address, data: new Uint8Array(length) });

describe('boot log of a valid image', () => {
  it('is the one of the mask ROM, line for line', () => {
    expect(logOf({})).toBe(`${SET_UP}load:0x40378000,len:0x4\r\nentry 0x40378000\r\n`);
  });

  it.each([
    ['QIO', 0, 0x2f, 'mode:QIO, clock div:1'],
    ['QOUT, 40 MHz', 1, 0x20, 'mode:QOUT, clock div:2'],
    ['DIO, 26 MHz', 2, 0x21, 'mode:DIO, clock div:3'],
    ['DOUT, 20 MHz', 3, 0x22, 'mode:DOUT, clock div:4'],
    ['FAST_RD', 4, 0x2f, 'mode:FAST_RD, clock div:1'],
    ['SLOW_RD', 5, 0x2f, 'mode:SLOW_RD, clock div:1'],
  ])('names the flash mode: %s', (_name, mode, frequency, line) => {
    expect(logOf({ header: { 2: mode, 3: frequency } })).toContain(`SPIWP:0xee\r\n${line}\r\n`);
  });

  it('ignores size nibble, revisions and the hash byte', () => {
    expect(logOf({ header: { 3: 0xff, 14: 9, 15: 0xff, 17: 1, 23: 0 } })).toContain('entry 0x40378000');
  });

  it('takes an image without segments, and a segment without bytes', () => {
    expect(logOf({ segments: [] })).toContain(`${SET_UP}entry 0x40378000\r\n`);
    expect(logOf({ segments: [segment(0x3fc90000, 0), { address: 0x40378000, data: LOOP }] })).toContain(
      'load:0x3fc90000,len:0x0\r\nload:0x40378000,len:0x4\r\nentry 0x40378000\r\n',
    );
  });

  it('takes sixteen segments', () => {
    const segments = Array.from({ length: 16 }, (_, i) => ({ address: 0x40378000 + 16 * i, data: LOOP }));
    expect(logOf({ segments })).toContain('entry 0x40378000');
  });
});

describe('what the ROM refuses', () => {
  it.each([
    ['empty flash', { 0: 0xff, 1: 0xff, 2: 0xff, 3: 0xff }, '0xffffffff'],
    ['wrong magic', { 0: 0xea }, '0x2f0201ea'],
    ['more than 32 segments', { 1: 33 }, '0x2f0221e9'],
    ['mode above 10', { 2: 11 }, '0x2f0b01e9'],
    ['frequency 3', { 3: 0x23 }, '0x230201e9'],
    ['frequency 14', { 3: 0x2e }, '0x2e0201e9'],
  ])('invalid header, again and again: %s', (_name, header, word) => {
    const lines = logOf({ header }).split('\r\n');
    expect(lines.length).toBeGreaterThan(100);
    expect(new Set(lines.slice(0, -1))).toEqual(new Set([`invalid header: ${word}`]));
  });

  it.each([17, 32])('%i segments', (count) => {
    expect(logOf({ header: { 1: count } })).toBe(`Invalid image block count: ${count} (max 16)\r\n${STOP}`);
  });

  it.each([
    [0, 0x0000],
    [13, 0x000d],
    [0xffff, 0xffff],
  ])('chip id %i', (printed, id) => {
    expect(logOf({ header: { 12: id & 0xff, 13: id >> 8 } })).toBe(
      `Invalid chip id. Expected 9 read ${printed}. Bootloader for wrong chip?\r\n${STOP}`,
    );
  });

  it.each([
    ['address', { address: 0x40378002, data: LOOP }, 'load:0x40378002,len:0x4'],
    ['length', { address: 0x40378000, data: LOOP, length: 6 }, 'load:0x40378000,len:0x6'],
    [
      'length above 1 MB',
      { address: 0x40378000, data: LOOP, length: 0x100004 },
      'load:0x40378000,len:0x100004',
    ],
  ])('unaligned or oversized %s', (_name, bad, line) => {
    expect(logOf({ segments: [bad] })).toBe(
      `${SET_UP}${line}\r\nInvalid image block, can't boot.\r\n${STOP}`,
    );
  });

  it('segments on the ROM stack and data', () => {
    expect(logOf({ segments: [segment(0x3fced000, 0x100)] })).toBe(
      `${SET_UP}load:0x3fced000,len:0x100\r\n` +
        `region 0x3fced000-0x3fced100 overlaps 0x3fceb170-0x3fcef770, can't load\r\n${STOP}`,
    );
  });

  it('a wrong checksum', () => {
    const right = LOOP.reduce((sum, byte) => sum ^ byte, 0xef);
    const wrong = right ^ 1;
    expect(logOf({ checksum: wrong })).toContain(
      `Checksum failure. Calculated 0x${right.toString(16)} stored 0x${wrong.toString(16)}\r\n${STOP}`,
    );
  });

  it('a missing digest with four lines, and boots all the same', () => {
    const lines = logOf({ digest: 'absent' }).split('\r\n');
    expect(lines.slice(3)).toEqual([
      'SHA-256 comparison failed:',
      expect.stringMatching(/^Calculated: [0-9a-f]{64}$/),
      `Expected: ${'ff'.repeat(32)}`,
      'Attempting to boot anyway...',
      'entry 0x40378000',
      '',
    ]);
  });

  it('flash-mapped addresses, by the exception of a store', () => {
    const text = logOf({ segments: [segment(0x3c000020, 16)] });
    expect(text).toContain(
      "load:0x3c000020,len:0x10\r\nGuru Meditation Error: Core 0 panic'ed (LoadStoreError)\r\n",
    );
    expect(text).toContain('EXCVADDR: 0x3c000020');
    expect(text).toContain('Backtrace:');
  });
});

describe('what may be loaded where', () => {
  const withLoop = (...segments: { address: number; data: Uint8Array }[]) =>
    logOf({ segments: [{ address: 0x40378000, data: LOOP }, ...segments] });

  it.each([
    ['all of the free data bus', 0x3fc88004, 0x6316c],
    ['the same by the instruction bus', 0x40378004, 0x6316c],
    ['SRAM0', 0x40370000, 0x8000],
    ['the lower half of SRAM2', 0x3fcf0000, 0x8000],
    ['RTC slow', 0x50000000, 0x2000],
    ['RTC fast', 0x600fe000, 0x2000],
  ])('%s', (_name, address, length) => {
    const text = withLoop({ address, data: new Uint8Array(length).fill(0x5a) });
    expect(text).toContain('entry 0x40378000');
    expect(text).not.toContain('SHA-256');
  });

  it('not one word more', () => {
    expect(logOf({ segments: [segment(0x3fc88000, 0x63174)] })).toContain('overlaps');
    expect(logOf({ segments: [segment(0x3fcef76c, 4)] })).toContain('overlaps');
    expect(logOf({ segments: [segment(0x3fcef770, 4)] })).not.toContain('overlaps');
  });

  it('peripheral registers are written, and then the digest complains', () => {
    const image = buildImage({
      segments: [
        { address: 0x40378000, data: LOOP },
        { address: 0x60004004, data: Uint8Array.of(1, 2, 3, 4, 0xff, 0, 0, 0) },
      ],
    });
    const { chip, output } = bootChip(image);
    chip.run({ untilSeconds: 0.6 });
    expect(output()).toContain('SHA-256 comparison failed:');
    expect(chip.peripherals.gpio.read(4)).toBe(0x040302ff);
  });

  it('a block of flash commands sets mode and clock and is no load', () => {
    const text = logOf({
      segments: [
        { address: 0x80010000, data: new Uint8Array(8) },
        { address: 0x40378000, data: LOOP },
      ],
    });
    expect(text).toBe(`${SET_UP}mode:QIO, clock div:2\r\nload:0x40378000,len:0x4\r\nentry 0x40378000\r\n`);
    for (const [frequency, divider] of [
      [1, 3],
      [2, 4],
      [15, 1],
    ]) {
      const segments = [{ address: 0x80010002 + (frequency << 8), data: new Uint8Array(8) }];
      expect(logOf({ segments })).toContain(`mode:DIO, clock div:${divider}\r\n`);
    }
    expect(logOf({ segments: [{ address: 0x80010000, data: new Uint8Array(4) }] })).toBe(
      `${SET_UP}cmd len 4\r\nets_loader.c 212 \r\n`,
    );
  });
});

describe('boot modes', () => {
  it.each([
    [0x0, 'rst:0x1 (POWERON),boot:0x0 (DOWNLOAD(USB/UART0))\r\nwaiting for download\r\n'],
    [0x7, 'rst:0x1 (POWERON),boot:0x7 (UART0_BOOT)\r\nwait uart0 download\r\n'],
    [0x4, 'rst:0x1 (POWERON),boot:0x4 (SPI_FLASH_BOOT)\r\ninvalid header'],
    [0x28, 'rst:0x1 (POWERON),boot:0x28 (SPI_FAST_FLASH_BOOT)\r\ninvalid header'],
    [0x6, 'boot:0x6 (SPI_DOWNLOAD_BOOT)'],
    [0x5, 'ets_main.c 263'],
  ])('strap %i', (strap, text) => {
    const { chip, output } = bootChip(new Uint8Array(0), { strap });
    chip.run({ untilSeconds: 0.1 });
    expect(output()).toContain(text);
  });

  it('direct boot maps all flash and calls 0x42000408', () => {
    const flash = new Uint8Array(0x1000).fill(0xff);
    const mark = [0x1d, 0x04, 0xdb, 0xae];
    flash.set([...mark, ...mark, ...LOOP], 0x400);
    const { chip, output } = bootChip(flash);
    chip.run({ untilSeconds: 0.3 });
    expect(output()).toBe(BANNER);
    expect(chip.cores[0].state.pc).toBe(0x42000408);
  });
});

describe('a segment longer than the flash', () => {
  it('wraps at the end of the chip, as its address lines do', () => {
    const at = 0x3fc90000;
    const flashBytes = 0x10000;
    const image = buildImage({ segments: [{ address: at, data: new Uint8Array(64), length: flashBytes }] });
    const { chip } = bootChip(image, { flashBytes });
    chip.run({ untilSeconds: 0.3 });
    // The data begin behind the headers of image and segment, 32 bytes in.
    const wrapped = chip.peek(at + flashBytes - 32, 32)!;
    expect([...wrapped]).toEqual([...chip.flash.subarray(0, 32)]);
    expect([...chip.peek(at + flashBytes - 33, 1)!]).toEqual([0xff]);
  });
});

describe('hostile images', () => {
  it('never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isImage) => {
        const flash = isImage ? Uint8Array.from([0xe9, bytes[0] & 15, 2, 0x2f, ...bytes]) : bytes;
        const { chip } = bootChip(flash);
        chip.run({ untilSeconds: 0.05 });
      }),
      { numRuns: 60 },
    );
  });

  it('cut off anywhere', () => {
    const whole = buildImage({ segments: [{ address: 0x40378000, data: LOOP }, segment(0x3fc90000, 64)] });
    for (let length = 0; length < whole.length; length += 7) {
      const { chip, output } = bootChip(whole.slice(0, length));
      chip.run({ untilSeconds: 0.05 });
      expect(output()).not.toBe('');
    }
  });
});
