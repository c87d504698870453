/**
 * Room in SRAM for the lanes of a prompt. Between prompts matrices lie there, which every token of a story reads; while a prompt is read, its
 * passes take them from PSRAM with the rest of the weights, once for all their positions. For images with `lent` alone.
 */
import { batch, lanes, lent, lentBytes, lentCopy, lentCount, lentWords } from "../contract/config";
import { laneBytes } from "../contract/fixed";
import { lanesLieAt, moveLanes } from "./lane";

/** At boot: the matrices as PSRAM has them from then on. */
export function copyLent(): void {
  memory.copy(lentCopy, lent, lentBytes);
  moveLanes(batch);
}

/** Before passes of a prompt. */
export function lend(): void {
  if (lanesLieAt(lent)) return;
  moveMatrices(lentCopy - lent);
  memory.fill(lent, 0, lanes * laneBytes());
  moveLanes(lent);
}

/** Before all others. */
export function takeBack(): void {
  if (!lanesLieAt(lent)) return;
  memory.copy(lent, lentCopy, lanes * laneBytes());
  moveMatrices(lent - lentCopy);
  moveLanes(batch);
}

/** From here on the record leads to them so many bytes further on. */
function moveMatrices(by: usize): void {
  for (let i = 0; i < lentCount; i++) {
    const word = load<usize>(lentWords + (<usize>i << 2));
    store<usize>(word, load<usize>(word) + by);
  }
}
