import fc from 'fast-check';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { SCREEN_HEIGHT, SCREEN_WIDTH } from '../chip/soc/ssd1306.ts';
import { createScreenView, printableScreen, renderScreen, type Terminal } from './screen-view.ts';
import { encodeScreenshot } from './screenshot.ts';

const blank = (): Uint8Array => new Uint8Array(SCREEN_WIDTH * SCREEN_HEIGHT);
const withPixels = (...places: (readonly [x: number, y: number])[]): Uint8Array => {
  const pixels = blank();
  for (const [x, y] of places) pixels[y * SCREEN_WIDTH + x] = 1;
  return pixels;
};

/** As much of a terminal as the view uses: absolute moves, save and restore, text. */
function createTerminal(columns: number, rows: number, isTTY = true) {
  const cells = Array.from({ length: rows }, () => new Array<string>(columns).fill(' '));
  let cursor = { row: 0, column: 0 };
  let saved = cursor;
  let region = '';
  const written: string[] = [];
  const obey = (sequence: string): void => {
    const move = /^\[(\d+);(\d+)H$/.exec(sequence);
    if (move) cursor = { row: Number(move[1]) - 1, column: Number(move[2]) - 1 };
    else if (sequence === '[H') cursor = { row: 0, column: 0 };
    else if (sequence === '7') saved = { ...cursor };
    else if (sequence === '8') cursor = { ...saved };
    else if (/^\[\d*;?\d*r$/.test(sequence)) region = sequence;
  };
  return {
    columns,
    rows,
    isTTY,
    cells,
    written,
    get region() {
      return region;
    },
    write(text: string) {
      written.push(text);
      for (const [part, sequence] of text.matchAll(/\x1b(7|8|\[[?\d;]*[A-Za-z])|[\s\S]/gu)) {
        if (sequence) obey(sequence);
        else if (part === '\r') cursor.column = 0;
        else if (part === '\n') cursor.row++;
        else cells[cursor.row][cursor.column++] = part;
      }
    },
  };
}

describe('renderScreen', () => {
  it('makes half blocks', () => {
    const rows = renderScreen(withPixels([0, 0], [1, 1], [2, 0], [2, 1], [127, 63]), 'half');
    expect([rows.length, rows[0].length]).toEqual([32, 128]);
    expect(rows[0].slice(0, 4).join('')).toBe('▀▄█ ');
    expect(rows[31][127]).toBe('▄');
  });

  it('makes braille', () => {
    const rows = renderScreen(withPixels([0, 0], [1, 0], [0, 1], [1, 3], [2, 3], [126, 60]), 'braille');
    expect([rows.length, rows[0].length]).toEqual([16, 64]);
    expect(rows[0].slice(0, 3).join('')).toBe('⢋⡀ ');
    expect(rows[15][63]).toBe('⠁');
  });
});

describe('createScreenView', () => {
  /** Lets the clock of the view be moved. */
  function watch(terminal: Terminal) {
    let time = 0;
    const screen = { picture: blank(), pixels: () => screen.picture };
    const view = createScreenView(screen, terminal, () => time);
    return {
      view,
      show(picture: Uint8Array, milliseconds = 100) {
        screen.picture = picture;
        time += milliseconds;
        view.update();
      },
    };
  }

  it('keeps the terminal equal to the screen, whatever is drawn', () => {
    const terminal = createTerminal(140, 48);
    const { show } = watch(terminal);
    const picture = fc.uint8Array({ minLength: 8192, maxLength: 8192, max: 1 });
    fc.assert(
      fc.property(picture, (pixels) => {
        show(pixels);
        const shown = terminal.cells.slice(0, 34).map((row) => row.slice(0, 130).join(''));
        expect(`${shown.join('\n')}\n`).toBe(printableScreen(pixels, 'half'));
      }),
      { numRuns: 10 },
    );
  });

  it('writes changed cells only, and leaves the cursor where the text is', () => {
    const terminal = createTerminal(140, 48);
    const { show } = watch(terminal);
    terminal.write('story');
    show(withPixels([10, 10]));
    const before = terminal.written.length;
    show(withPixels([10, 10], [50, 20], [51, 20]));
    expect(terminal.written.slice(before).join('').length).toBeLessThan(50);
    show(withPixels([10, 10], [50, 20], [51, 20]));
    expect(terminal.written.length).toBe(before + 1);
    terminal.write('!');
    expect(terminal.cells[34].join('').trim()).toBe('story!');
  });

  it('takes braille in a smaller terminal, and gives the scrolling region back', () => {
    const terminal = createTerminal(80, 30);
    const { view, show } = watch(terminal);
    show(withPixels([0, 0]));
    expect(terminal.cells[1].slice(0, 3).join('')).toBe('│⠁ ');
    expect(terminal.region).toBe('[19;30r');
    view.close();
    expect(terminal.region).toBe('[r');
  });

  it('does not draw more often than a person sees', () => {
    const terminal = createTerminal(140, 48);
    const { show } = watch(terminal);
    for (let x = 0; x < 100; x++) show(withPixels([x, 0]), 1);
    expect(terminal.written.length).toBeLessThan(6);
  });

  it('prints the last picture where there is no terminal, once', () => {
    const pipe = createTerminal(80, 60, false);
    const { view, show } = watch(pipe);
    show(withPixels([0, 0]));
    expect(pipe.written).toEqual([]);
    view.close();
    view.close();
    expect(pipe.written).toEqual([`\n${printableScreen(withPixels([0, 0]), 'braille')}`]);
  });
});

describe('encodeScreenshot', () => {
  const brightness = (pixels: Uint8Array, x: number, y: number, contrast?: number): number => {
    const png = PNG.sync.read(encodeScreenshot(pixels, contrast));
    const at = 4 * (((y + 5) * 4 + 1) * png.width + (x + 5) * 4 + 1);
    return png.data[at] + png.data[at + 1] + png.data[at + 2];
  };

  it('is four times as large, with a margin', () => {
    const { width, height } = PNG.sync.read(encodeScreenshot(blank()));
    expect([width, height]).toEqual([(128 + 10) * 4, (64 + 10) * 4]);
  });

  it('shows lit pixels bright, their neighbourhood in a glow, the rest dark, and follows the contrast', () => {
    const pixels = withPixels([0, 0], [127, 63]);
    expect(brightness(pixels, 0, 0)).toBeGreaterThan(500);
    expect(brightness(pixels, 127, 63)).toBeGreaterThan(500);
    expect(brightness(pixels, 2, 0)).toBeLessThan(60);
    expect(brightness(pixels, 2, 0)).toBeGreaterThanOrEqual(brightness(pixels, 60, 30));
    expect(brightness(pixels, 0, 0, 255)).toBeGreaterThan(brightness(pixels, 0, 0, 0));
  });
});
