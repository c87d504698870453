/** Editing of a line of UTF-8. Any byte may come at any time. */
import { line, lineBytes } from "./contract/config";
import { CTRL_C, write } from "./console";
import { json } from "./json";
import { print, printBytes } from "./text";

const BELL: u32 = 7;
const BACKSPACE: i32 = 8;
const TAB: i32 = 9;
const LINE_FEED: i32 = 10;
const CARRIAGE_RETURN: i32 = 13;
const CTRL_L: i32 = 12;
const CTRL_U: i32 = 21;
const CTRL_W: i32 = 23;
const ESCAPE: i32 = 27;
const SPACE: i32 = 32;
const DELETE: i32 = 127;

/** Bytes in the line. */
export let lineLength: i32 = 0;

let previous: i32 = 0;

/** Where in an escape sequence (an arrow key, say) the input is; such sequences are read and ignored. */
const enum Escape {
  None,
  Begun,
  Sequence,
}
let escape: Escape = Escape.None;

/** Starts an empty line with a prompt sign. */
export function newLine(): void {
  lineLength = 0;
  if (!json) print("> ");
}

/** Ctrl-C ended a story: an Enter right behind it shall not start the next one. */
export function noteInterrupt(): void {
  previous = CTRL_C;
}

/** Takes one typed byte; true when it ends the line. */
export function editLine(byte: i32): bool {
  const before = previous;
  previous = byte;
  if (escape != Escape.None && byte >= SPACE) {
    skipEscape(byte);
    return false;
  }
  escape = Escape.None;
  if (byte >= SPACE && byte != DELETE) {
    append(byte);
    return false;
  }
  switch (byte) {
    case CARRIAGE_RETURN:
      return before == CTRL_C ? false : endLine();
    case LINE_FEED:
      return before == CARRIAGE_RETURN ? false : endLine(); // CR LF is one line end
    case BACKSPACE:
    case DELETE:
      erase();
      break;
    case TAB:
      append(SPACE);
      break;
    case CTRL_C:
      if (!json) print("^C\n");
      newLine();
      break;
    case CTRL_L:
      redraw();
      break;
    case CTRL_U:
      lineLength = 0;
      redraw();
      break;
    case CTRL_W:
      eraseWord();
      break;
    case ESCAPE:
      escape = Escape.Begun;
      break;
  }
  return false;
}

function endLine(): bool {
  if (!json) print("\n");
  return true;
}

function append(byte: i32): void {
  if (lineLength >= lineBytes) {
    if (!json) write(BELL);
  } else {
    store<u8>(line + lineLength++, <u8>byte);
    if (!json) write(byte);
  }
}

/** Takes away the last character, all its bytes. A wide one leaves a wide gap, so the line is drawn anew. */
function erase(): void {
  if (!lineLength) return;
  const last = load<u8>(line + lineLength - 1);
  dropCharacter();
  if (last < 0x80) {
    if (!json) print("\b \b");
  } else {
    redraw();
  }
}

function dropCharacter(): void {
  for (let bytes = 0; bytes < 4 && lineLength; bytes++) {
    lineLength--;
    if ((load<u8>(line + lineLength) & 0xc0) != 0x80) return;
  }
}

function eraseWord(): void {
  while (lineLength && load<u8>(line + lineLength - 1) == SPACE) lineLength--;
  while (lineLength && load<u8>(line + lineLength - 1) != SPACE) lineLength--;
  redraw();
}

function redraw(): void {
  if (json) return;
  print("\r\x1b[K> ");
  printBytes(line, lineLength);
}

/** ESC x, or ESC [ ... up to a letter (ECMA-48), or ESC O x. Control characters end it and keep their meaning. */
function skipEscape(byte: i32): void {
  if (escape == Escape.Begun) {
    escape = byte == 0x5b || byte == 0x4f ? Escape.Sequence : Escape.None;
  } else if (byte >= 0x40) {
    escape = Escape.None;
  }
}
