/** Weights that are read from PSRAM are copied there at boot, from the flash pages behind the mapped ones. */
import { pump } from "./console";
import { copiedBytes, cores, flashPages, psramPages, screenKind } from "./contract/config";
import { serveScreen } from "./screen";
import { Control, show, showNumber, showText } from "./screen/queue";
import { print, printHundredths, printNumber } from "./text";

/** The data cache's window, flash first. */
const WINDOW: usize = 0x3c00_0000;
const PAGE_SHIFT: usize = 16;
const PORTION: usize = 1 << PAGE_SHIFT;
/** From so many bytes on, a tenth of a second, one is told. */
const LONG: usize = 1 << 20;
const QUARTERS: usize = 4;

/** Fills PSRAM, with a word after every quarter. */
export function loadWeights(): void {
  if (!copiedBytes) return;
  const tells = copiedBytes >= LONG;
  const to = WINDOW + (<usize>flashPages << PAGE_SHIFT);
  const from = to + (<usize>psramPages << PAGE_SHIFT);
  if (tells) begin();
  let quarter: usize = 0;
  for (let done: usize = 0; done < copiedBytes; done += PORTION) {
    memory.copy(to + done, from + done, min(PORTION, copiedBytes - done));
    const quarters = min(done + PORTION, copiedBytes) / (copiedBytes / QUARTERS);
    if (tells && quarters != quarter) tellQuarter((quarter = quarters));
    pump();
    if (cores == 1) serveScreen();
  }
  if (tells) print("\n");
}

function begin(): void {
  print("Copying ");
  printHundredths((<u64>copiedBytes * 100) >> 20);
  print(" MB of weights to PSRAM:");
  if (!screenKind) return;
  show(Control.Clear);
  showText("Loading the model:", 18);
}

function tellQuarter(quarter: usize): void {
  const percent = <u32>quarter * 25;
  print(" ");
  printNumber(percent);
  print("%");
  if (!screenKind) return;
  showText(" ", 1);
  showNumber(percent);
  showText("%", 1);
}
