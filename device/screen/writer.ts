/**
 * Text to pixels: UTF-8, proportional glyphs, word wrap, seven lines that scroll. A word is drawn as it comes; if it turns out
 * not to fit, it is wiped away and read from the queue once more, on the next line.
 */
import { ROWS, WIDTH, flipColumn, wipeAll, wipeLine, wipeRows } from "./canvas";
import { glyphColumn, glyphOf, widthOf } from "./font";
import { Control, QUEUE_BYTES, queueEnd, queuedByte } from "./queue";

/** Glyphs are 8 rows high, and a dark row follows. */
const LINE_ROWS: u32 = 9;
const LINES: u32 = 7;
/** Characters drawn in one go, so that nobody waits long for it. */
const PORTION: u32 = 4;
/** What the teller may add to the queue while a portion is drawn, and more. */
const SLACK: u32 = 64;
const TAB: u32 = 9;
const SPACE: u32 = 0x20;
const HYPHEN: u32 = 0x2d;
const EN_DASH: u32 = 0x2013;
const EM_DASH: u32 = 0x2014;
const ELLIPSIS: u32 = 0x2026;

/** Row of the ring at the top of the glass once all scrolling is done. */
export let topRow: u32 = 0;

let line: u32 = 0;
let x: u32 = 0;
let inBar: bool = false;
let place: u32 = 0; // next byte of the queue
let wordX: u32 = 0;
let wordPlace: u32 = 0;
// A code point of several bytes on its way.
let code: u32 = 0;
let missing: u32 = 0;

/** Draws some of what is queued, up to the next line that has to scroll in. */
export function writeQueued(): void {
  const end = queueEnd();
  if (end - wordPlace > QUEUE_BYTES - SLACK) skipTo(end - QUEUE_BYTES / 2);
  const top = topRow;
  for (let i: u32 = 0; i < PORTION && place != end && topRow == top; i++) takeByte(queuedByte(place++));
}

/** The teller is far ahead, and has overwritten what comes next: goes on with an empty screen and the next whole word. */
function skipTo(later: u32): void {
  place = later;
  while (queuedByte(place) > SPACE && place - later < SLACK) place++;
  inBar = false;
  missing = 0;
  clear();
  draw(ELLIPSIS);
}

/** Bytes that wait to be drawn. */
export function backlog(): u32 {
  return queueEnd() - place;
}

function takeByte(byte: u32): void {
  if (byte < 0x80) {
    missing = 0;
    take(byte);
  } else if (byte >= 0xc0) {
    missing = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    code = byte & (0x3f >> missing);
  } else if (missing) {
    code = (code << 6) | (byte & 0x3f);
    if (!--missing) take(code);
  }
}

function take(character: u32): void {
  if (inBar) takeInBar(character);
  else if (character == Control.LineFeed) nextLine();
  else if (character == Control.Clear) clear();
  else if (character == Control.StatusBegin) beginBar();
  else if (character == SPACE || character == TAB) {
    if (x) x += widthOf(glyphOf(SPACE)) + 1; // a line does not begin with a space
    beginWord();
  } else if (character > SPACE) {
    if (!draw(character)) return;
    if (character == HYPHEN || character == EN_DASH || character == EM_DASH) beginWord();
  }
}

function beginWord(): void {
  wordX = x;
  wordPlace = place;
}

/** Draws a character; false if it must be read again, on the next line. */
function draw(character: u32): bool {
  const glyph = glyphOf(character);
  const width = widthOf(glyph);
  if (x + width > WIDTH) {
    if (wordX) wipeRows(lineRow(), wordX, min(x, WIDTH)); // x may stand in the gap behind the last column
    else wordPlace = place - bytesOf(character); // one word fills the line: break it here
    place = wordPlace;
    nextLine();
    return false;
  }
  for (let column: u32 = 0; column < width; column++) flipColumn(x++, lineRow(), glyphColumn(glyph, column));
  x++;
  return true;
}

/** Length of a character in UTF-8. */
function bytesOf(character: u32): u32 {
  return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x1_0000 ? 3 : 4;
}

// @ts-ignore: decorator
@inline
function lineRow(): u32 {
  return (topRow + line * LINE_ROWS) & (ROWS - 1);
}

function nextLine(): void {
  x = 0;
  beginWord();
  if (line < LINES - 1) line++;
  else {
    wipeLine(topRow); // 63 of the ring's 64 rows are in use: the new line takes the free one and what this frees
    topRow = (topRow + LINE_ROWS) & (ROWS - 1);
  }
}

function clear(): void {
  wipeAll();
  line = 0;
  x = 0;
  beginWord();
}

/** A bar of light over the whole width, a row higher and lower than the text in it. */
function beginBar(): void {
  if (x) {
    place--; // once more, on the next line
    nextLine();
    return;
  }
  for (let column: u32 = 0; column < WIDTH; column++) {
    flipColumn(column, lineRow(), 0x1ff);
    if (line) flipColumn(column, lineRow() - 1, 1);
  }
  x = 2;
  inBar = true;
}

/** In the bar nothing wraps: what does not fit is left out. */
function takeInBar(character: u32): void {
  if (character == Control.StatusEnd || character == Control.Clear) inBar = false;
  if (character == Control.Clear) clear();
  else if (character == SPACE) x += widthOf(glyphOf(SPACE)) + 1;
  else if (character > SPACE && x + widthOf(glyphOf(character)) <= WIDTH) draw(character);
  beginWord();
}
