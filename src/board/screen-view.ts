/**
 * The simulated screen in a terminal: half blocks where it is wide enough, braille otherwise, above text that goes on scrolling
 * below. Only cells that changed are written, so nothing flickers.
 */
import { SCREEN_HEIGHT, SCREEN_WIDTH } from '../chip/soc/index.ts';

/** What of a terminal this needs; a file or a pipe has no `isTTY`. */
export interface Terminal {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

/** What of a simulated screen this needs. */
export interface Watched {
  pixels(): Uint8Array;
}

export type CellStyle = 'half' | 'braille';

export interface ScreenView {
  /** Shows what has changed, unless it just has; cheap enough to be called often. */
  update(): void;
  /** Shows the last state and gives the terminal back; without a terminal, this prints the picture. */
  close(): void;
}

const STYLES: Readonly<Record<CellStyle, { width: number; height: number; cell: (bits: number) => string }>> =
  {
    // Bit 0 is the upper pixel.
    half: { width: 1, height: 2, cell: (bits) => ' ▀▄█'[bits] },
    // Bits row by row; a braille pattern counts its first three rows column by column, then the fourth.
    braille: {
      width: 2,
      height: 4,
      cell: (bits) => {
        const dots = [0, 3, 1, 4, 2, 5, 6, 7];
        const pattern = dots.reduce((sum, dot, bit) => sum | (((bits >> bit) & 1) << dot), 0);
        return pattern === 0 ? ' ' : String.fromCodePoint(0x2800 + pattern);
      },
    },
  };

/** Columns of a frame at either side. */
const FRAME = 1;
/** Lines that the text below the screen wants at least. */
const TEXT_LINES = 6;
const FRAME_MS = 33;

/** The picture as lines of characters. */
export function renderScreen(pixels: Uint8Array, style: CellStyle): string[][] {
  const { width, height, cell } = STYLES[style];
  return Array.from({ length: SCREEN_HEIGHT / height }, (_, row) =>
    Array.from({ length: SCREEN_WIDTH / width }, (_, column) => {
      let bits = 0;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const at = (row * height + y) * SCREEN_WIDTH + column * width + x;
          bits |= pixels[at] << (y * width + x);
        }
      }
      return cell(bits);
    }),
  );
}

const frameTop = (width: number): string => `╭${'─'.repeat(width)}╮`;
const frameBottom = (width: number): string => `╰${'─'.repeat(width)}╯`;

/** The picture in a frame, as text. */
export function printableScreen(pixels: Uint8Array, style: CellStyle): string {
  const lines = renderScreen(pixels, style).map((cells) => `│${cells.join('')}│`);
  const width = SCREEN_WIDTH / STYLES[style].width;
  return [frameTop(width), ...lines, frameBottom(width), ''].join('\n');
}

/** The finest style that leaves room for text, or undefined if the terminal is too small for any. */
function fittingStyle({ columns = 80, rows = 24 }: Terminal): CellStyle | undefined {
  return (['half', 'braille'] as const).find((style) => {
    const { width, height } = STYLES[style];
    return (
      columns >= SCREEN_WIDTH / width + 2 * FRAME && rows >= SCREEN_HEIGHT / height + 2 * FRAME + TEXT_LINES
    );
  });
}

/** Watches a screen. `now` is the host's time in milliseconds. */
export function createScreenView(
  screen: Watched,
  terminal: Terminal,
  now: () => number = () => performance.now(),
): ScreenView {
  const style = terminal.isTTY ? fittingStyle(terminal) : undefined;
  if (!style) return finalPicture(screen, terminal);

  let shown: string[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  let closed = false;
  const height = SCREEN_HEIGHT / STYLES[style].height + 2 * FRAME;
  const rows = terminal.rows ?? 24;

  /** The screen stays at the top; the rest of the terminal scrolls below it. */
  const open = (): void => {
    const width = SCREEN_WIDTH / STYLES[style].width;
    const sides = Array.from({ length: height - 2 * FRAME }, () => `│${' '.repeat(width)}│`);
    const frame = [frameTop(width), ...sides, frameBottom(width)].join('\r\n');
    terminal.write(`\x1b[2J\x1b[H${frame}\x1b[${height + 1};${rows}r\x1b[${height + 1};1H`);
    shown = sides.map(() => new Array<string>(width).fill(' '));
  };
  const draw = (): void => {
    const changes = changedRuns(shown, renderScreen(screen.pixels(), style));
    if (changes.length === 0) return;
    const moves = changes.map(({ row, column, text }) => {
      return `\x1b[${row + 1 + FRAME};${column + 1 + FRAME}H${text}`;
    });
    terminal.write(`\x1b7\x1b[?25l\x1b[0m${moves.join('')}\x1b8\x1b[?25h`);
  };

  open();
  return {
    update() {
      if (closed || now() - last < FRAME_MS) return;
      last = now();
      draw();
    },
    close() {
      if (closed) return;
      closed = true;
      draw();
      terminal.write('\x1b7\x1b[r\x1b8');
    },
  };
}

/** No place for a live picture: it comes once, at the end. */
function finalPicture(screen: Watched, terminal: Terminal): ScreenView {
  let closed = false;
  return {
    update() {},
    close() {
      if (closed) return;
      closed = true;
      const style = (terminal.columns ?? 80) >= SCREEN_WIDTH + 2 * FRAME ? 'half' : 'braille';
      terminal.write(`\n${printableScreen(screen.pixels(), style)}`);
    },
  };
}

interface Run {
  row: number;
  column: number;
  text: string;
}

/** Cells that differ, neighbours together; `shown` becomes `wanted`. */
function changedRuns(shown: string[][], wanted: string[][]): Run[] {
  const runs: Run[] = [];
  wanted.forEach((cells, row) => {
    let run: Run | undefined;
    cells.forEach((cell, column) => {
      if (cell === shown[row][column]) {
        run = undefined;
        return;
      }
      if (!run) {
        run = { row, column, text: '' };
        runs.push(run);
      }
      run.text += cell;
      shown[row][column] = cell;
    });
  });
  return runs;
}
