/** Byte-pair merging: the neighbouring pair with the best score, the leftmost of equals, until no pair is a piece. */
import { pieceScores, uniquePieces } from "../contract/config";
import { NONE, find, mergeSlot, pieceLength, pieceStart, promptSlot, promptToken } from "./pieces";

/**
 * Merges the prompt's tokens from `first` to before `count`; returns the new count. `promptMerges` holds what each token and its right
 * neighbour would become, so that a merge costs two look-ups only.
 */
export function mergePairs(first: i32, count: i32): i32 {
  for (let i = first; i < count; i++) findMerge(i, count);
  for (let best = bestMerge(first, count); best != NONE; best = bestMerge(first, count)) {
    store<i32>(promptSlot(best), load<i32>(mergeSlot(best)));
    count--;
    const moved = (<usize>(count - best - 1)) << 2;
    memory.copy(promptSlot(best + 1), promptSlot(best + 2), moved);
    memory.copy(mergeSlot(best + 1), mergeSlot(best + 2), moved);
    findMerge(best, count);
    if (best > first) findMerge(best - 1, count);
  }
  return count;
}

function bestMerge(first: i32, count: i32): i32 {
  let best = NONE;
  let bestScore: f32 = 0;
  for (let i = first; i + 1 < count; i++) {
    const merged = load<i32>(mergeSlot(i));
    if (merged == NONE) continue;
    const score = load<f32>(pieceScores + ((<usize>merged) << 2));
    if (best == NONE || score > bestScore) {
      best = i;
      bestScore = score;
    }
  }
  return best;
}

function findMerge(index: i32, count: i32): void {
  let merged = NONE;
  if (index + 1 < count) {
    const left = promptToken(index);
    const right = promptToken(index + 1);
    merged = find(pieceStart(left), pieceLength(left), pieceStart(right), pieceLength(right), 0, uniquePieces, false);
  }
  store<i32>(mergeSlot(index), merged);
}
