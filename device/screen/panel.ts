/**
 * SSD1306 and SH1106, in the page addressing that both know (SSD1306 data sheet rev 1.1, SH1106 data sheet v2.3): command bytes
 * alone, then display data. Each function fills the FIFO once and starts the transaction.
 */
import { bitsAt, firstNews, forgetNews, newsEnd, newsFrom, PAGES } from "./canvas";
import { screenAddress, screenFlip, screenKind } from "../contract/config";
import { FIFO_BYTES, put, send } from "./i2c";

// Control bytes: only commands follow; one command follows; only data follow.
const COMMANDS: u32 = 0x00;
const ONE_COMMAND: u32 = 0x80;
const DATA: u32 = 0x40;

const SH1106: i32 = 2;
/** Of the 132 columns of the SH1106 the glass shows the middle ones. */
// @ts-ignore: decorator
@inline
function margin(): u32 { return screenKind == SH1106 ? 2 : 0; }

// Where the next data byte would go, if nothing else is said: not known yet, so no page there is.
let devicePage: u32 = 8;
let deviceColumn: u32 = 0;

function begin(control: u32): void {
  put(screenAddress << 1);
  put(control);
}

function putPair(command: u32, value: u32): void {
  put(command);
  put(value);
}

/** Everything but the picture and the light. */
export function configure(): void {
  begin(COMMANDS);
  put(0xae); // off
  putPair(0xd5, 0x80); // clock
  putPair(0xa8, 63); // rows
  putPair(0xd3, 0); // offset
  put(0x40); // first row
  if (screenKind == SH1106) putPair(0xad, 0x8b); // DC-DC converter
  else {
    putPair(0x8d, 0x14); // charge pump
    putPair(0x20, 2); // page addressing
  }
  put(screenFlip ? 0xa0 : 0xa1); // columns
  put(screenFlip ? 0xc0 : 0xc8); // rows
  putPair(0xda, 0x12); // wiring of the rows
  putPair(0x81, 0xcf); // contrast
  putPair(0xd9, 0xf1); // pre-charge
  putPair(0xdb, 0x40); // deselect level
  put(0xa4); // show the memory
  put(0xa6); // not inverted
  send();
}

export function switchOn(): void {
  begin(COMMANDS);
  put(0xaf);
  send();
}

/** Shows `row` of the memory at the top. */
export function scrollTo(row: u32): void {
  begin(COMMANDS);
  put(0x40 | row);
  send();
}

/** Sends as much news as one FIFO holds, of the first page from `page` on that has any; false if none has. */
export function sendNews(page: u32): bool {
  const target = newsFrom(page);
  if (target == PAGES) return false;
  let column = firstNews(target);
  let room = FIFO_BYTES - 2;
  put(screenAddress << 1);
  if (target != devicePage || column != deviceColumn) {
    putAddress(0xb0 | target);
    putAddress((column + margin()) & 15);
    putAddress(0x10 | ((column + margin()) >> 4));
    room -= 6;
  }
  put(DATA);
  const end = min(newsEnd(target), column + room);
  while (column < end) put(bitsAt(target, column++));
  send();
  devicePage = target;
  deviceColumn = column;
  forgetNews(target, column);
  return true;
}

function putAddress(command: u32): void {
  put(ONE_COMMAND);
  put(command);
}
