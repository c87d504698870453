/** The font in the form that device/screen/font.ts reads. */
import { box, glyphBlocks } from './glyphs.ts';

export interface Glyph {
  /** Pixels, without the gap behind it. */
  width: number;
  /** One byte a column, bit 0 on top. */
  columns: readonly number[];
}

const HEIGHT = 8;
const SPACE_WIDTH = 2;
const RECORD_BYTES = 8;
const FIRST_CODE = 0x20;
const BOX_CODE = 0x7f;

/** Pictures side by side, a space between them, as glyphs. */
function readBlock(rows: string): Glyph[] {
  const lines = rows.trim().split(/\s*\n\s*/);
  if (lines.length !== HEIGHT) throw new Error(`glyphs: ${lines.length} rows instead of ${HEIGHT}`);
  const cells = lines.map((line) => line.split(' '));
  return cells[0].map((top, index) => {
    const columns = Array.from(top, (_, x) =>
      cells.reduce((bits, row, y) => bits | (row[index][x] === '#' ? 1 << y : 0), 0),
    );
    if (cells.some((row) => row[index]?.length !== top.length))
      throw new Error(`glyphs: glyph ${index} of a block has rows of different widths`);
    return { width: columns.length, columns };
  });
}

/** All glyphs by code point; the box under 0x7F. */
export const glyphs: ReadonlyMap<number, Glyph> = new Map<number, Glyph>([
  [FIRST_CODE, { width: SPACE_WIDTH, columns: [0, 0] }],
  [BOX_CODE, readBlock(box)[0]],
  ...glyphBlocks.flatMap(({ characters, rows }) => {
    const names = [...characters];
    const drawn = readBlock(rows);
    if (drawn.length !== names.length) throw new Error(`glyphs: ${characters} has ${drawn.length} glyphs`);
    return drawn.map((glyph, index): [number, Glyph] => [names[index].codePointAt(0)!, glyph]);
  }),
]);

const extras = [...glyphs.keys()].filter((code) => code > BOX_CODE);

/** Records in the order of the device: ASCII from the space on, the box, then what has a code point of its own. */
const order = [...Array.from({ length: BOX_CODE - FIRST_CODE + 1 }, (_, i) => FIRST_CODE + i), ...extras];

export const glyphCount = order.length;

/** Glyph records, then the code points (u16) of those beyond ASCII. */
export function packFont(): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES * glyphCount + 2 * extras.length);
  order.forEach((code, index) => {
    const { width, columns } = glyphs.get(code)!;
    bytes.set([width, ...columns], RECORD_BYTES * index);
  });
  const codes = new DataView(bytes.buffer, RECORD_BYTES * glyphCount);
  extras.forEach((code, index) => void codes.setUint16(2 * index, code, true));
  return bytes;
}

export const glyphOf = (character: string): Glyph =>
  glyphs.get(character.codePointAt(0)!) ?? glyphs.get(BOX_CODE)!;

/** Width of a line of text in pixels. */
export const textWidth = (text: string): number =>
  [...text].reduce((width, character) => width + glyphOf(character).width + 1, -1);
