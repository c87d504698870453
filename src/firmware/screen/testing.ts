/**
 * The screen's part of the device program on this machine, its registers those of the simulated chip: GPIO, I2C controller and the
 * screen on its bus. And what it ought to show, laid out independently.
 */
import { readFileSync } from 'node:fs';
import type { BoardScreen } from '../../chip/boards/boards.ts';
import { createClock } from '../../chip/soc/clock.ts';
import { createGpio, createIoMux } from '../../chip/soc/gpio.ts';
import { createI2c } from '../../chip/soc/i2c.ts';
import { createLedc } from '../../chip/soc/ledc.ts';
import { createScreen, type Screen } from '../../chip/soc/ssd1306.ts';
import { createWarnings } from '../../chip/soc/warnings.ts';
import { roundUp } from '../memory.ts';
import { glyphOf } from './font.ts';
import { screenConstants, screenItems } from './index.ts';
import { createPicture, HEIGHT, WIDTH } from './picture.ts';

const MEGAHERTZ = 240;
const FIRST_ADDRESS = 0x1_0000;
const GPIO = 0x6000_4000;
const IO_MUX = 0x6000_9000;
const I2C = 0x6001_3000;
/** Cycles that pass between two calls of the driver, as a pass of the model might take, and at a look at the clock. */
const CALL_CYCLES = 9000;
const LOOK_CYCLES = 20;

export interface ScreenBench {
  readonly screen: Screen;
  readonly warnings: readonly { message: string }[];
  /** Reads and writes of registers by the last call of {@link serve}. */
  readonly accesses: number;
  /** Puts text into the queue, and nothing else. */
  show(text: string | Uint8Array): void;
  /** One call of the driver. */
  serve(): void;
  /** Calls it for so many simulated milliseconds. */
  run(milliseconds: number): void;
  /** Holds a pin low from outside, or lets it go. */
  holdLow(pin: number, hold: boolean): void;
}

export interface BenchOptions {
  wiring?: Partial<BoardScreen>;
  modelName?: string;
  /** False: the pins lead nowhere. */
  connected?: boolean;
  /** Changes what the program reads from a register. */
  disturb?: (address: number, value: number) => number;
}

export const WIRING: BoardScreen = { controller: 'ssd1306', address: 0x3c, sda: 8, scl: 9, rotation: 0 };

export function createBench(options: BenchOptions = {}): ScreenBench {
  const wiring = { ...WIRING, ...options.wiring };
  const clock = createClock();
  clock.setTicksPerCycle(480 / MEGAHERTZ);
  const warnings = createWarnings();
  const context = { clock, warnings, apbHertz: () => 80e6, interrupt() {} };
  const ioMux = createIoMux(context, IO_MUX);
  const gpio = createGpio(
    context,
    GPIO,
    ioMux,
    createLedc(context, { base: 0x60019000, running: () => false }),
  );
  const routingFault = () => gpio.routingFault(wiring.scl, 89) ?? gpio.routingFault(wiring.sda, 90);
  const i2c = createI2c(context, { name: 'I2C0', base: I2C, interruptSource: 42, routingFault });
  const screen = createScreen(wiring);
  if (options.connected ?? true) i2c.attach(screen);
  const blocks = new Map([GPIO, IO_MUX, I2C].map((base, index) => [base, [gpio, ioMux, i2c][index]]));

  const items = screenItems(wiring, { modelName: options.modelName });
  const addresses: Record<string, number> = {};
  let end = FIRST_ADDRESS;
  for (const { name, bytes, align } of items) {
    addresses[name] = roundUp(end, align);
    end = addresses[name] + bytes;
  }
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / 0x1_0000) });
  const bytes = new Uint8Array(memory.buffer);
  for (const { name, contents } of items) if (contents) bytes.set(contents, addresses[name]);

  let accesses = 0;
  const access = <T>(address: number, isQueue: (at: number) => T, isRegister: (at: number) => T): T => {
    const at = address >>> 0;
    if (at < 0x6000_0000) return isQueue(at);
    accesses++;
    clock.cycles += 15;
    clock.fireDue();
    return isRegister(at);
  };
  const words = new DataView(memory.buffer);
  const numbers = { ...screenConstants(wiring), ...addresses, clockMegahertz: MEGAHERTZ };
  const module = new WebAssembly.Module(
    readFileSync(new URL('../../../dist/device/screen.wasm', import.meta.url)),
  );
  const program = new WebAssembly.Instance(module, {
    env: { memory },
    config: Object.fromEntries(
      Object.entries(numbers).map(([name, value]) => [name, new WebAssembly.Global({ value: 'i32' }, value)]),
    ),
    mmio: {
      read32: (address: number) =>
        access(
          address,
          (at) => words.getUint32(at, true),
          (at) => {
            const value = blocks.get(at & ~0xfff)?.read(at & 0xfff) ?? 0;
            return options.disturb?.(at, value) ?? value;
          },
        ),
      write32: (address: number, value: number) =>
        access(
          address,
          (at) => words.setUint32(at, value, true),
          (at) => blocks.get(at & ~0xfff)?.write(at & 0xfff, value >>> 0),
        ),
    },
    xt: { ccount: () => (clock.cycles += LOOK_CYCLES) | 0 },
  }).exports as { show(byte: number): void; serveScreen(): number };

  const bench: ScreenBench = {
    screen,
    warnings: warnings.list,
    get accesses() {
      return accesses;
    },
    show(text) {
      for (const byte of typeof text === 'string' ? new TextEncoder().encode(text) : text) program.show(byte);
    },
    serve() {
      clock.cycles += CALL_CYCLES;
      clock.fireDue();
      accesses = 0;
      program.serveScreen();
    },
    run(milliseconds) {
      const until = clock.seconds + milliseconds / 1000;
      while (clock.seconds < until) bench.serve();
    },
    holdLow: (pin, hold) => gpio.drive(pin, hold ? false : undefined),
  };
  return bench;
}

/** A part of a picture, `#` where it is lit. */
export function asciiArt(pixels: Uint8Array, left = 0, top = 0, width = WIDTH, height = HEIGHT): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (pixels[(top + y) * WIDTH + left + x] ? '#' : '.')).join(''),
  );
}

/** Pixels of a picture in the screen's own form. */
export function pixelsOf(picture: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: WIDTH * HEIGHT }, (_, index) => {
    const [x, y] = [index % WIDTH, Math.floor(index / WIDTH)];
    return (picture[(y >> 3) * WIDTH + x] >> (y & 7)) & 1;
  });
}

/** Text in lines of at most WIDTH pixels, broken between words, behind a hyphen or dash, and within words that are too long. */
export function wrap(text: string): string[] {
  const advance = (part: string): number =>
    [...part].reduce((sum, character) => sum + glyphOf(character).width + 1, 0);
  const fits = (line: string, word: string): boolean => advance(line) + advance(word) - 1 <= WIDTH;
  return text.split('\n').flatMap((paragraph) => {
    const lines = [''];
    for (const piece of paragraph.match(/ |[^ –—-]*[–—-]|[^ –—-]+/gu) ?? []) {
      const line = lines[lines.length - 1];
      if (piece === ' ') {
        if (line !== '') lines[lines.length - 1] += ' ';
      } else if (line === '' || fits(line, piece)) lines[lines.length - 1] += piece;
      else lines.push(piece);
      // A piece longer than a line fills it and goes on below.
      for (;;) {
        const last = lines[lines.length - 1];
        if (advance(last.trimEnd()) - 1 <= WIDTH) break;
        let cut = [...last].length;
        while (advance([...last].slice(0, cut).join('')) - 1 > WIDTH) cut--;
        lines.splice(-1, 1, [...last].slice(0, cut).join(''), [...last].slice(cut).join(''));
      }
    }
    return lines;
  });
}

/** The last seven lines, as pixels. */
export function pictureOf(lines: readonly string[]): Uint8Array {
  const picture = createPicture();
  lines.slice(-7).forEach((line, index) => {
    picture.write(0, 9 * index, line);
  });
  return pixelsOf(picture.bytes);
}
