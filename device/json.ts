/**
 * JSON mode (`/json on`): one JSON object a line for programs that talk to the board, and no echo. src/serial/device.ts
 * documents the objects and reads them.
 */
import { clockMegahertz, readyLine } from "./contract/config";
import { SETTINGS, keyOf, valueOf } from "./contract/settings";
import { write } from "./console";
import { Ending, Word, getLong, getWord } from "./status";
import { print, printText, printFraction, printHex, printNumber } from "./text";

const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;

/** True while a program is at the other end. */
export let json: bool = false;

export function setJson(on: bool): void {
  json = on;
  if (on) {
    print("\n");
    printText(readyLine);
    print("\n");
  }
}

export function printStart(): void {
  print('{"event":"start","prompt":');
  printNumber(getWord(Word.PromptTokens));
  print(',"seed":"');
  printNumber(getLong(Word.Seed));
  print('"');
  for (let setting = 0; setting < SETTINGS; setting++) {
    print(',"');
    print(keyOf(setting));
    print('":');
    printFraction(valueOf(setting));
  }
  print("}\n");
}

/** A token with its decoded bytes. */
export function printToken(position: i32, token: i32, text: usize, bytes: i32): void {
  print('{"event":"token","n":');
  printNumber(position);
  print(',"id":');
  printNumber(token);
  print(',"text":"');
  for (let i = 0; i < bytes; i++) printEscaped(load<u8>(text + i));
  print('"}\n');
}

export function printEnd(): void {
  print('{"event":"end","ending":"');
  const ending = getWord(Word.Ending);
  print(ending == Ending.Finished || ending == Ending.Complete ? "finished" : ending == Ending.Limit ? "limit" : "stopped");
  print('","tokens":');
  printNumber(getWord(Word.Passes));
  print(',"digest":"');
  printHex(getLong(Word.Digest), 16);
  print('","cycles":"');
  printNumber(getLong(Word.TotalCycles));
  print('","first":');
  printNumber(getWord(Word.FirstCycles));
  print(',"last":');
  printNumber(getWord(Word.LastCycles));
  print(',"megahertz":');
  printNumber(clockMegahertz);
  if (getWord(Word.Reused)) {
    print(',"reused":');
    printNumber(getWord(Word.Reused));
  }
  print("}\n");
}

/** Goes around every sentence that refuses something. */
export function beginComplaint(): void {
  if (json) print('{"event":"error","message":"');
}

export function endComplaint(): void {
  print(json ? '"}\n' : "\n");
}

export function complain(sentence: string): void {
  beginComplaint();
  print(sentence);
  endComplaint();
}

/** A byte as one character of a JSON string. */
function printEscaped(byte: u32): void {
  if (byte >= 0x20 && byte < 0x7f) {
    if (byte == QUOTE || byte == BACKSLASH) write(BACKSLASH);
    write(byte);
  } else {
    print("\\u00");
    printHex(byte, 2);
  }
}
