/**
 * The program on the chip. `main0` and `main1` are the two cores' lives after the start stub (src/firmware/start.ts);
 * `start` and `step` are the same program for a host that brings its own consoles.
 */
import { bootChip, clearEarlyMemory, clearLateMemory, startCore1 } from "./boot";
import { measureMegahertz } from "./clock";
import { runCommand } from "./commands";
import { serveOthers } from "./chain/serve";
import { openLink } from "./chain/link";
import { hasClassifier } from "./chain/part";
import { banner, boards, clockMegahertz, cores, lent, line } from "./contract/config";
import { drain, pump, read } from "./console";
import { editLine, lineLength, newLine } from "./line";
import { loadWeights } from "./load";
import { work } from "./parallel";
import { printPsram } from "./psram";
import { serveScreen } from "./screen";
import { Phase, Word, getWord, setWord } from "./status";
import { beginStory, continueStory } from "./story";
import { print, printNumber, printText } from "./text";
import { copyLent } from "./transformer/lend";
export { panic } from "./panic";

const SLASH: u8 = 0x2f;

/** Core 0: consoles, and its share of every pass. */
export function main0(): void {
  const hasMemory = bootChip();
  clearEarlyMemory(hasMemory);
  const hasCore1 = startCore1();
  clearLateMemory(hasMemory);
  greet(hasMemory);
  if (!hasMemory) return stop("The PSRAM does not answer; this image needs it. Stopped.\n");
  if (!hasCore1) return stop("Core 1 does not answer; this image needs both. Stopped.\n");
  loadWeights();
  if (ARITHMETIC == 0 && lent) copyLent();
  if (boards > 1) openLink();
  if (!hasClassifier()) {
    drain();
    serveOthers();
  }
  newLine();
  for (;;) step();
}

function stop(reason: string): void {
  print(reason);
  drain();
}

/** Core 1: its share of every pass. */
export function main1(): void {
  work();
}

/** What core 0 does before its first step, for a host. */
export function start(): void {
  greet(true);
  newLine();
}

function greet(hasMemory: bool): void {
  printText(banner);
  printClock();
  if (hasMemory) printPsram();
  if (hasClassifier()) print("Type the beginning of a story and press Enter. /help shows more.\n");
  setWord(Word.Phase, Phase.Ready);
}

/** The clock as the crystal's timer sees it, where there is one to ask. */
function printClock(): void {
  const megahertz = measureMegahertz();
  print("CPU clock ");
  printNumber(megahertz ? megahertz : clockMegahertz);
  print(megahertz ? " MHz\n" : " MHz (not measured)\n");
}

/** One typed byte handled, one token made, or output sent; false if there was nothing to do. */
export function step(): bool {
  const shown = cores == 1 && serveScreen();
  if (getWord(Word.Phase) == Phase.Telling) {
    if (!continueStory()) newLine();
    return true;
  }
  const sent = pump();
  const byte = read();
  if (byte < 0) return sent || shown;
  if (editLine(byte)) takeLine();
  return true;
}

function takeLine(): void {
  if (lineLength && load<u8>(line) == SLASH) runCommand();
  else if (beginStory(lineLength)) return;
  newLine();
}
