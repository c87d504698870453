import { describe, expect, it } from 'vitest';
import { findBoard } from '../boards/boards.ts';
import { createScreen, SCREEN_WIDTH } from './ssd1306.ts';
import { bootProgram, FOREVER, WATCHDOGS_OFF } from './test-image.ts';

const COMMAND = 0x00;
const DATA = 0x40;
const INIT = [0xae, 0x8d, 0x14, 0x20, 0x00, 0xa1, 0xc8, 0x21, 0, 127, 0x22, 0, 7, 0xaf];

/** Sends one I2C write of a control byte and bytes. */
const send = (screen: ReturnType<typeof createScreen>, control: number, ...bytes: number[]) => {
  expect(screen.start(false)).toBe(true);
  for (const byte of [control, ...bytes]) screen.write(byte);
  screen.stop();
};
const lit = (screen: ReturnType<typeof createScreen>) =>
  [...screen.pixels().entries()]
    .filter(([, on]) => on)
    .map(([at]) => [at % SCREEN_WIDTH, Math.floor(at / SCREEN_WIDTH)]);

describe('SSD1306', () => {
  const create = (rotation: 0 | 180 = 0) => createScreen({ controller: 'ssd1306', address: 0x3c, rotation });

  it('shows data in horizontal mode', () => {
    const screen = create();
    send(screen, COMMAND, ...INIT);
    send(screen, DATA, 0x01, 0x80, ...new Array(126).fill(0), 0x01);
    expect(lit(screen)).toEqual(
      [
        [0, 0],
        [1, 7],
        [0, 8],
      ].sort((a, b) => a[1] - b[1]),
    );
  });

  it('is dark without charge pump or when off, and inverts', () => {
    const screen = create();
    send(screen, COMMAND, 0xa1, 0xc8, 0xaf);
    send(screen, DATA, 0xff);
    expect(lit(screen)).toEqual([]);
    send(screen, COMMAND, 0x8d, 0x14);
    expect(lit(screen).length).toBe(8);
    send(screen, COMMAND, 0xa7);
    expect(lit(screen).length).toBe(128 * 64 - 8);
    send(screen, COMMAND, 0xae);
    expect(lit(screen)).toEqual([]);
  });

  it('a glass mounted upside down wants the unmapped scan', () => {
    const screen = create(180);
    send(screen, COMMAND, 0x8d, 0x14, 0x20, 0, 0xa0, 0xc0, 0xaf);
    send(screen, DATA, 0x01);
    expect(lit(screen)).toEqual([[0, 0]]);
  });

  it('keeps to its windows, scrolls by the start line', () => {
    const screen = create();
    send(screen, COMMAND, ...INIT, 0x21, 10, 11, 0x22, 3, 4);
    send(screen, DATA, 1, 1, 1, 1, 1);
    expect(lit(screen)).toEqual([
      [10, 24],
      [11, 24],
      [10, 32],
      [11, 32],
    ]);
    send(screen, COMMAND, 0x40 | 24);
    expect(lit(screen)[0]).toEqual([10, 0]);
  });

  it('any bytes do no harm', () => {
    const screen = create();
    for (let seed = 1; seed < 5000; seed++) screen.write((seed * 2654435761) >>> 24);
    expect(screen.pixels().length).toBe(128 * 64);
  });
});

describe('SH1106', () => {
  it('has page mode only, and two hidden columns on the left', () => {
    const screen = createScreen({ controller: 'sh1106', address: 0x3c, rotation: 0 });
    send(screen, COMMAND, 0x20, 0x00, 0xa1, 0xc8, 0xb1, 0x02, 0x10, 0xaf);
    send(screen, DATA, 0x01, 0x01);
    expect(lit(screen)).toEqual([
      [0, 8],
      [1, 8],
    ]);
  });
});

describe('I2C controller and wiring', () => {
  /** Pin n to an I2C signal, as docs/esp32-s3.md D3 route it. */
  const route = (pin: number, signal: number) => `
    movi a2, ${0x1b00}
    movi a3, ${0x60009004 + 4 * pin}
    s32i a2, a3, 0
    movi a2, 4
    movi a3, ${0x60004074 + 4 * pin}
    s32i a2, a3, 0
    movi a2, ${signal}
    movi a3, ${0x60004554 + 4 * pin}
    s32i a2, a3, 0
    movi a2, ${0x80 | pin}
    movi a3, ${0x60004154 + 4 * signal}
    s32i a2, a3, 0
  `;
  const store = (offset: number, value: number) => `movi a2, ${value}\n s32i a2, a4, ${offset}\n`;
  /** 400 kHz from the crystal; then address and bytes in one transaction. */
  const transaction = (label: string, bytes: number[]) => `
    movi a4, 0x60013000
    ${store(0x00, 49)}${store(0x38, (11 << 9) | 37)}${store(0x54, 1 << 21)}
    ${[0x78, ...bytes].map((byte) => store(0x1c, byte)).join('')}
    ${store(0x58, 6 << 11)}${store(0x5c, (1 << 11) | (1 << 8) | (bytes.length + 1))}${store(0x60, 2 << 11)}
    ${store(0x24, -1)}${store(0x04, 0x1 << 11)}${store(0x04, (1 << 4) | (1 << 5))}
    rsr.ccount a12
  ${label}: l32i a2, a4, 0x20
    bbci a2, 7, ${label}
    rsr.ccount a13
    mov a15, a2
  `;
  const board = findBoard('heltec-v3');
  /** Vext (36) low is on; it is bit 4 of the second bank. */
  const POWER = `
    movi a3, 0x60004000
    movi a2, 16
    s32i a2, a3, 0x18
    s32i a2, a3, 0x30
  `;
  const wired = `${route(17, 90)}${route(18, 89)}`;
  const finish = (program: string) => {
    const test = bootProgram(`start:\n${WATCHDOGS_OFF}${program}\n movi a14, 1\n${FOREVER}`, { board });
    const a = (index: number) => {
      const { ar, special } = test.chip.cores[0].state;
      return ar[(special[72] * 4 + index) & 63];
    };
    test.chip.run({ until: () => a(14) === 1, untilSeconds: 0.5 });
    return { ...test, a };
  };

  it('draws through the registers alone', () => {
    const { chip, a } = finish(
      `${POWER}${wired}${transaction('t1', [0x00, ...INIT])}${transaction('t2', [0x40, 0xff, 0x01])}`,
    );
    expect(a(15) & (1 << 10)).toBe(0); // no NACK
    expect(lit(chip.screen!).length).toBe(9);
    expect(chip.warnings.list).toEqual([]);
  });

  /** One start of the command list as ESP-IDF's drivers make it: FIFO filled, commands written, an end awaited. */
  const round = (label: string, bytes: number[], ...commands: number[]) => `
    movi a4, 0x60013000
    ${bytes.map((byte) => store(0x1c, byte)).join('')}
    ${commands.map((command, i) => store(0x58 + 4 * i, command)).join('')}
    ${store(0x24, -1)}${store(0x04, 1 << 11)}${store(0x04, (1 << 4) | (1 << 5))}
  ${label}: l32i a2, a4, 0x20
    movi a3, ${(1 << 3) | (1 << 7)}
    bnone a2, a3, ${label}
    mov a15, a2
  `;
  const [RESTART, STOP, END] = [6 << 11, 2 << 11, 4 << 11];
  const write = (count: number) => (1 << 11) | (1 << 8) | count;
  const clocked = `movi a4, 0x60013000\n${store(0x00, 49)}${store(0x38, (11 << 9) | 37)}${store(0x54, 1 << 21)}`;

  it('goes on behind END, and reads behind a repeated start', () => {
    const { chip, a } = finish(`${POWER}${wired}${clocked}
      ${round('s1', [0x78], RESTART, write(1), END)}
      ${round('s2', [0x00, ...INIT], write(1 + INIT.length), END)}
      ${round('s3', [], STOP)}
      ${round('s4', [0x78, 0x40, ...new Array(30).fill(0xff)], RESTART, write(32), END)}
      ${round('s5', new Array(10).fill(0x01), write(10), END)}
      ${round('s6', [], STOP)}
      ${round('s7', [0x78, 0x00, 0x79], RESTART, write(2), RESTART, write(1), (3 << 11) | 1, (3 << 11) | (1 << 10) | 1, STOP)}
      l32i a8, a4, 8
      l32i a9, a4, 0x1c
      l32i a10, a4, 0x1c
      l32i a11, a4, 0x1c
    `);
    expect(lit(chip.screen!).length).toBe(30 * 8 + 10);
    // On, and the number by which programs tell the controller.
    expect([(a(8) >>> 8) & 0x3f, a(9), a(10), a(11)]).toEqual([2, 0x06, 0x06, 0]);
    expect(a(15) & (1 << 10)).toBe(0);
    expect(chip.warnings.list).toEqual([]);
  });

  it('a probe of nobody ends with NACK and STOP; the next one is answered', () => {
    const { a } = finish(`${POWER}${wired}${clocked}
      ${round('p1', [0x7a], RESTART, write(1), STOP)}
      mov a8, a15
      ${round('p2', [0x78], RESTART, write(1), STOP)}
    `);
    const seen = (value: number) => [(value >>> 10) & 1, (value >>> 7) & 1];
    expect(seen(a(8))).toEqual([1, 1]);
    expect(seen(a(15))).toEqual([0, 1]);
  });

  it('tells when a FIFO runs short or fills', () => {
    const { a } = finish(`${POWER}${wired}${clocked}
      ${store(0x18, (1 << 14) | (4 << 5) | 2)}
      ${round('w1', [0x78, 0x00, 0xaf, 0xaf, 0xaf], RESTART, write(1), END)}
      mov a8, a15
      ${round('w2', [0x00], write(5), STOP)}
      mov a9, a15
      ${round('w3', [0x79], RESTART, write(1), (3 << 11) | 3, STOP)}
    `);
    expect([a(8) & 3, a(9) & 3, a(15) & 3]).toEqual([0, 2, 3]);
  });

  it('takes nine bit times a byte', () => {
    const cycles = (count: number) => {
      const { a } = finish(`${POWER}${wired}${transaction('t1', [0x40, ...new Array(count).fill(0)])}`);
      return a(13) - a(12);
    };
    // A bit is 50 + 38 + 11 crystal clocks here; the CPU runs at half the crystal.
    expect(Math.abs(cycles(21) - cycles(1) - (20 * 9 * 99) / 2)).toBeLessThan(40);
  });

  it('gets no answer without supply, and from pins that are not routed', () => {
    const unpowered = finish(`${wired}${transaction('t1', [0x00, 0xaf])}`);
    expect(unpowered.a(15) & (1 << 10)).not.toBe(0);
    const unrouted = finish(`${POWER}${transaction('t1', [0x00, 0xaf])}`);
    expect(unrouted.a(15) & (1 << 10)).not.toBe(0);
    expect(unrouted.chip.warnings.list[0].message).toContain('FUNC18_OUT_SEL');
  });
});
