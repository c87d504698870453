/**
 * How far ahead is worth guessing follows from how often guesses of each kind were right in this story. Guesses come from a small model, or
 * from the text so far: what followed the last time when the tokens were the same (prompt lookup: Saxena 2023; LLMA: Yang et
 * al. 2023).
 */
import { drafter, guesses, startToken, storyTokens } from "./contract/config";
import { GUESS_KINDS as KINDS } from "./contract/constants";

/** A position costs a pass of several so much of a pass of its own, in 2^-16: a guess that is likelier to be right is worth checking. */
const LEAST_CHANCE: u32 = 1 << 13;
/** Guesses after which older ones count half. */
const MEMORY: u32 = 32;
/** Before any is checked, a kind is taken to be right in (kind + 2) of so many cases: 0.2 to 0.5, as measured on stories. A small model, in 6. */
const EXPECTED: u32 = 10;
const EXPECTED_OF_DRAFTER: u32 = 6;

/** Of each kind: how many were checked, and how many of those were right. */
const CHECKED: usize = 0;
const RIGHT: usize = 4;

/** Forgets what was right: a story begins. */
export function beginGuesses(): void {
  memory.fill(guesses, 0, <usize>KINDS << 3);
}

/** The token at a position that the story has reached. */
// @ts-ignore: decorator
@inline
export function tokenAt(position: i32): i32 {
  return position ? load<i32>(storyTokens + (<usize>(position - 1) << 2)) : startToken;
}

/** How many tokens up to `a` are the same as those up to `b`, as far as kinds tell. */
function agreeing(a: i32, b: i32): i32 {
  let count = 0;
  while (count < KINDS && count <= a && tokenAt(a - count) == tokenAt(b - count)) count++;
  return count;
}

/** Where the tokens up to `position` were before: the latest place of those with which most agree, and how many do. */
let place: i32 = 0;
let agreed: i32 = 0;

/** Looks for what may follow the token at `position`. */
export function lookUp(position: i32): void {
  agreed = 0;
  const token = tokenAt(position);
  for (let earlier = position - 1; earlier >= 0 && agreed < KINDS; earlier--) {
    if (tokenAt(earlier) != token) continue;
    const count = agreeing(earlier, position);
    if (count > agreed) {
      agreed = count;
      place = earlier;
    }
  }
}

/** The token that followed there `ahead` tokens later (1: at once) and what follows that, the text repeating itself; -1 without a place. */
export function guess(position: i32, ahead: i32): i32 {
  if (!agreed) return -1;
  return tokenAt(place + 1 + (ahead - 1) % (position - place));
}

/** Kind of the guess that is so many tokens ahead, by how many tokens agree: those before it are taken as right. A small model's, by how far. */
// @ts-ignore: decorator
@inline
export function kindOf(ahead: i32): i32 {
  return min(drafter ? ahead : agreed + ahead - 1, KINDS) - 1;
}

/** The chance that a guess of a kind (from 0) is right, in 2^-16. */
function chanceOf(kind: i32): u32 {
  const at = guesses + (<usize>kind << 3);
  const expected: u32 = drafter ? EXPECTED_OF_DRAFTER : <u32>kind + 2;
  return ((2 * load<u32>(at, RIGHT) + expected) << 16) / (2 * load<u32>(at, CHECKED) + EXPECTED);
}

/** How many tokens ahead are worth checking, `most` at most. */
export function worthGuessing(most: i32): i32 {
  if (!drafter && !agreed) return 0;
  let chance: u64 = 1 << 16;
  let count = 0;
  while (count < most) {
    chance = (chance * <u64>chanceOf(kindOf(count + 1))) >> 16;
    if (<u32>chance < LEAST_CHANCE) break;
    count++;
  }
  return count;
}

/** A guess of a kind was right, or not. */
export function learn(kind: i32, isRight: bool): void {
  const at = guesses + (<usize>kind << 3);
  const checked = load<u32>(at, CHECKED) + 1;
  const right = load<u32>(at, RIGHT) + (isRight ? 1 : 0);
  const isFull = checked >= MEMORY;
  store<u32>(at, isFull ? checked >> 1 : checked, CHECKED);
  store<u32>(at, isFull ? right >> 1 : right, RIGHT);
}
