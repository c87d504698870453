/** Glyphs of the builder's font (src/firmware/screen-font.ts): records of 8 bytes, the width and then a byte a column, bit 0 on top. */
import { screenFont, screenGlyphs } from "../contract/config";

const FIRST_CODE: u32 = 0x20;
/** Glyph of whatever the font has not got: a box, where ASCII has DELETE. */
const BOX: u32 = 0x5f;
const ASCII_GLYPHS: i32 = 0x60;

/** Address of the glyph of a Unicode code point. */
export function glyphOf(code: u32): usize {
  return screenFont + (indexOf(code) << 3);
}

function indexOf(code: u32): u32 {
  if (code - FIRST_CODE < BOX) return code - FIRST_CODE;
  const codes = screenFont + (<usize>screenGlyphs << 3);
  for (let i = ASCII_GLYPHS; i < screenGlyphs; i++) {
    if (load<u16>(codes + (<usize>(i - ASCII_GLYPHS) << 1)) == code) return i;
  }
  return BOX;
}

// @ts-ignore: decorator
@inline
export function widthOf(glyph: usize): u32 {
  return load<u8>(glyph);
}

// @ts-ignore: decorator
@inline
export function glyphColumn(glyph: usize, column: u32): u32 {
  return load<u8>(glyph + column, 1);
}
