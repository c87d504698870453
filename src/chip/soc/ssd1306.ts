/**
 * SSD1306 and SH1106: 128 × 64 OLED controllers on I2C (SSD1306 data sheet rev 1.1; SH1106 data sheet v2.3),
 * driven by the bytes on the bus alone.
 */

import type { ScreenController } from '../boards/index.ts';
import type { I2cDevice } from './i2c.ts';

export const SCREEN_WIDTH = 128;
export const SCREEN_HEIGHT = 64;
const PAGES = 8;

export interface Screen extends I2cDevice {
  readonly controller: ScreenController;
  /** The picture as a person sees it: SCREEN_HEIGHT rows of SCREEN_WIDTH bytes, 1 = lit. A copy. */
  pixels(): Uint8Array;
  /** As the program set it, 0 to 255. */
  readonly contrast: number;
  /** Counts bytes of display data, to see that something was drawn. */
  readonly dataBytes: number;
  /** Supply and reset pin; without supply or in reset it does not answer and forgets its settings. */
  setPower(on: boolean): void;
}

export interface ScreenOptions {
  readonly controller: ScreenController;
  readonly address: number;
  /** How the glass is mounted: 180 means that the board shows it upside down. */
  readonly rotation: 0 | 180;
}

interface Settings {
  addressing: 0 | 1 | 2; // horizontal, vertical, page
  column: number;
  page: number;
  columnRange: [first: number, last: number];
  pageRange: [first: number, last: number];
  startLine: number;
  offset: number;
  /** Rows that are scanned: those beyond stay dark. */
  rows: number;
  contrast: number;
  segmentRemap: boolean;
  scanReversed: boolean;
  inverted: boolean;
  allOn: boolean;
  on: boolean;
  pump: boolean;
}

/** Commands with arguments: opcode → number of argument bytes. */
const ARGUMENTS: ReadonlyMap<number, number> = new Map([
  [0x20, 1],
  [0x21, 2],
  [0x22, 2],
  [0x26, 6],
  [0x27, 6],
  [0x29, 5],
  [0x2a, 5],
  [0x81, 1],
  [0x8d, 1],
  [0xa3, 2],
  [0xa8, 1],
  [0xad, 1],
  [0xd3, 1],
  [0xd5, 1],
  [0xd9, 1],
  [0xda, 1],
  [0xdb, 1],
]);

const resetSettings = (controller: ScreenController): Settings => ({
  addressing: 2,
  column: 0,
  page: 0,
  columnRange: [0, 127],
  pageRange: [0, 7],
  startLine: 0,
  offset: 0,
  rows: SCREEN_HEIGHT,
  contrast: controller === 'sh1106' ? 0x80 : 0x7f,
  segmentRemap: false,
  scanReversed: false,
  inverted: false,
  allOn: false,
  on: false,
  pump: controller === 'sh1106', // its DC-DC converter is on after reset
});

type Command = (settings: Settings, first: number, second: number, controller: ScreenController) => void;

/** What commands with arguments do, by opcode. */
const WITH_ARGUMENTS: Readonly<Record<number, Command>> = {
  [0x20]: (settings, mode, _, controller) => {
    if (controller === 'ssd1306' && (mode & 3) < 3) settings.addressing = (mode & 3) as 0 | 1 | 2;
  },
  [0x21]: (settings, first, last) => {
    settings.columnRange = [first & 127, last & 127];
    settings.column = first & 127;
  },
  [0x22]: (settings, first, last) => {
    settings.pageRange = [first & 7, last & 7];
    settings.page = first & 7;
  },
  [0x8d]: (settings, value, _, controller) => {
    if (controller === 'ssd1306') settings.pump = (value & 4) !== 0;
  },
  [0xad]: (settings, value, _, controller) => {
    if (controller === 'sh1106') settings.pump = (value & 1) !== 0;
  },
  [0x81]: (settings, value) => {
    settings.contrast = value;
  },
  [0xa8]: (settings, value) => {
    if ((value & 63) >= 15) settings.rows = (value & 63) + 1; // 0 to 14 are invalid
  },
  [0xd3]: (settings, value) => {
    settings.offset = value & 63;
  },
};

/** Low bits of the status byte, by which drivers tell 128 x 64 controllers apart (bitbank2/OneBitDisplay); bit 6: display off. */
const STATUS_ID: Readonly<Record<ScreenController, number>> = { ssd1306: 0x06, sh1106: 0x08 };

/** Single-byte commands by range: what they set, from the operand in the low bits. */
const SIMPLE: readonly (readonly [
  first: number,
  last: number,
  set: (operand: number, settings: Settings) => Partial<Settings>,
])[] = [
  [0x00, 0x0f, (low, { column }) => ({ column: (column & 0xf0) | low })],
  [0x10, 0x1f, (high, { column }) => ({ column: (column & 0x0f) | (high << 4) })],
  [0x40, 0x7f, (startLine) => ({ startLine })],
  [0xa0, 0xa1, (on) => ({ segmentRemap: on === 1 })],
  [0xa4, 0xa5, (on) => ({ allOn: on === 1 })],
  [0xa6, 0xa7, (on) => ({ inverted: on === 1 })],
  [0xae, 0xaf, (on) => ({ on: on === 1 })],
  [0xb0, 0xb7, (page) => ({ page })],
  [0xc0, 0xc0, () => ({ scanReversed: false })],
  [0xc8, 0xc8, () => ({ scanReversed: true })],
];

/** Moves on behind a byte of display data. */
function advance(settings: Settings, columns: number): void {
  const { columnRange, pageRange, addressing } = settings;
  if (addressing === 2) {
    settings.column = (settings.column + 1) % columns;
  } else if (addressing === 0) {
    const wraps = settings.column === columnRange[1];
    settings.column = wraps ? columnRange[0] : (settings.column + 1) % columns;
    if (wraps) settings.page = settings.page === pageRange[1] ? pageRange[0] : (settings.page + 1) % PAGES;
  } else {
    const wraps = settings.page === pageRange[1];
    settings.page = wraps ? pageRange[0] : (settings.page + 1) % PAGES;
    if (wraps)
      settings.column = settings.column === columnRange[1] ? columnRange[0] : (settings.column + 1) % columns;
  }
}

export function createScreen(options: ScreenOptions): Screen {
  const { controller, rotation } = options;
  const columns = controller === 'sh1106' ? 132 : 128;
  const firstVisible = controller === 'sh1106' ? 2 : 0;
  const memory = new Uint8Array(columns * PAGES); // (page, column), bit 0 = top row of the page
  let settings = resetSettings(controller);
  let powered = true;
  let pending: number[] = []; // command bytes of an unfinished command
  let reading = false;
  let control: 'expect' | 'command' | 'data' = 'expect';
  let single = false; // one byte after this control byte, then another control byte
  let dataBytes = 0;

  const runCommand = (byte: number) => {
    pending.push(byte);
    const [opcode, ...values] = pending;
    if (values.length < (ARGUMENTS.get(opcode) ?? 0)) return;
    pending = [];
    if (ARGUMENTS.has(opcode)) {
      WITH_ARGUMENTS[opcode]?.(settings, values[0], values[1], controller);
      return;
    }
    const found = SIMPLE.find(([first, last]) => opcode >= first && opcode <= last);
    if (found) Object.assign(settings, found[2](opcode - found[0], settings));
  };

  const putData = (byte: number) => {
    if (settings.column < columns) memory[settings.page * columns + settings.column] = byte;
    dataBytes++;
    advance(settings, columns);
  };

  /** Fills a row of the glass, upright when SEG is remapped and COM reversed (A1, C8). */
  const showRow = (y: number, out: Uint8Array) => {
    const { segmentRemap, scanReversed, startLine, offset, rows, allOn, inverted } = settings;
    const scanned = scanReversed ? y : SCREEN_HEIGHT - 1 - y;
    if (scanned >= rows) return;
    if (allOn) {
      out.fill(1);
      return;
    }
    const row = (scanned + startLine + offset) % SCREEN_HEIGHT;
    const page = (row >> 3) * columns;
    const first = segmentRemap ? firstVisible : columns - 1 - firstVisible;
    const step = segmentRemap ? 1 : -1;
    for (let x = 0; x < SCREEN_WIDTH; x++) {
      out[x] = ((memory[page + first + step * x] >> (row & 7)) & 1) ^ (inverted ? 1 : 0);
    }
  };

  return {
    controller,
    address: options.address,
    get contrast() {
      return settings.contrast;
    },
    get dataBytes() {
      return dataBytes;
    },
    pixels() {
      const picture = new Uint8Array(SCREEN_WIDTH * SCREEN_HEIGHT);
      if (!powered || !settings.on || !settings.pump) return picture;
      for (let y = 0; y < SCREEN_HEIGHT; y++)
        showRow(y, picture.subarray(y * SCREEN_WIDTH, (y + 1) * SCREEN_WIDTH));
      return rotation === 180 ? picture.reverse() : picture;
    },
    setPower(on) {
      if (!on) {
        settings = resetSettings(controller);
        pending = [];
      }
      powered = on;
    },
    start(read) {
      control = 'expect';
      pending = [];
      reading = read;
      return powered;
    },
    write(byte) {
      if (reading) return false;
      if (control === 'expect') {
        single = (byte & 0x80) !== 0;
        control = byte & 0x40 ? 'data' : 'command';
        return true;
      }
      if (control === 'data') putData(byte);
      else runCommand(byte);
      if (single) control = 'expect';
      return true;
    },
    read: () => (settings.on ? 0x00 : 0x40) | STATUS_ID[controller],
    stop() {
      control = 'expect';
    },
  };
}
