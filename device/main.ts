/**
 * The program on the chip. `main0` and `main1` are the two cores' lives after the start stub (src/firmware/start.ts);
 * `start` and `step` are the same program for a host that brings its own consoles.
 */
import { bootChip, clearMemory, startCore1 } from "./boot";
import { runCommand } from "./commands";
import { banner, bannerBytes, line } from "./config";
import { read } from "./console";
import { editLine, lineLength, newLine } from "./line";
import { work } from "./parallel";
import { Phase, Word, getWord, setWord } from "./status";
import { beginStory, continueStory } from "./story";
import { print, printBytes } from "./text";
export { panic } from "./panic";

const SLASH: u8 = 0x2f;

/** Core 0: consoles, and its share of every pass. */
export function main0(): void {
  bootChip();
  clearMemory();
  startCore1();
  start();
  for (;;) step();
}

/** Core 1: its share of every pass. */
export function main1(): void {
  work();
}

/** Greets; then the console waits for a line. */
export function start(): void {
  printBytes(banner, bannerBytes);
  print("Type the beginning of a story and press Enter. /help shows more.\n");
  setWord(Word.Phase, Phase.Ready);
  newLine();
}

/** One typed byte handled or one token made; false if there was nothing to do. */
export function step(): bool {
  if (getWord(Word.Phase) == Phase.Telling) {
    if (!continueStory()) newLine();
    return true;
  }
  const byte = read();
  if (byte < 0) return false;
  if (editLine(byte)) takeLine();
  return true;
}

function takeLine(): void {
  if (lineLength && load<u8>(line) == SLASH) runCommand();
  else if (beginStory(lineLength)) return;
  newLine();
}
