/**
 * Room in SRAM for the lanes of a prompt. Between prompts a matrix lies there, which every token of a story reads; while a prompt is read, its
 * passes take it from PSRAM with the rest of the weights, once for all their positions.
 */
import { batch, lanes, lent, lentBytes, lentCopy, lentWord } from "../contract/config";
import { laneBytes } from "../contract/fixed";
import { lanesLieAt, moveLanes } from "./lane";

/** At boot: the matrix as PSRAM has it from then on. */
export function copyLent(): void {
  if (!lent) return;
  memory.copy(lentCopy, lent, lentBytes);
  moveLanes(batch);
}

/** Before passes of a prompt. */
export function lend(): void {
  if (!lent || lanesLieAt(lent)) return;
  store<usize>(lentWord, lentCopy);
  memory.fill(lent, 0, lanes * laneBytes());
  moveLanes(lent);
}

/** Before all others. */
export function takeBack(): void {
  if (!lent || !lanesLieAt(lent)) return;
  memory.copy(lent, lentCopy, lanes * laneBytes());
  store<usize>(lentWord, lent);
  moveLanes(batch);
}
