/** A picture in the screen's form: 8 pages of 128 columns, bit 0 on top. */
import { glyphOf, textWidth } from './font.ts';

export const WIDTH = 128;
export const HEIGHT = 64;
export const PICTURE_BYTES = (WIDTH * HEIGHT) / 8;

export interface Picture {
  readonly bytes: Uint8Array;
  light(x: number, y: number): void;
  /** Draws rows of text in which `#` is lit. */
  draw(x: number, y: number, rows: readonly string[]): void;
  /** A line of text, its top left corner at (x, y); what lies beyond the edge is cut off. */
  write(x: number, y: number, text: string): void;
  /** The same in the middle of the columns from `left` up to `right`. */
  center(left: number, right: number, y: number, text: string): void;
}

export function createPicture(): Picture {
  const bytes = new Uint8Array(PICTURE_BYTES);
  const picture: Picture = {
    bytes,
    light(x, y) {
      if (x >= 0 && x < WIDTH && y >= 0 && y < HEIGHT) bytes[(y >> 3) * WIDTH + x] |= 1 << (y & 7);
    },
    draw(x, y, rows) {
      rows.forEach((row, j) => {
        [...row].forEach((pixel, i) => {
          if (pixel === '#') picture.light(x + i, y + j);
        });
      });
    },
    write(x, y, text) {
      for (const character of text) {
        const { width, columns } = glyphOf(character);
        columns.forEach((bits, i) => {
          for (let j = 0; j < 8; j++) if ((bits >> j) & 1) picture.light(x + i, y + j);
        });
        x += width + 1;
      }
    },
    center(left, right, y, text) {
      picture.write(Math.max(left, Math.round((left + right - textWidth(text)) / 2)), y, text);
    },
  };
  return picture;
}
