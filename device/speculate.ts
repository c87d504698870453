/**
 * Speculative decoding that changes no story: tokens are guessed, and one pass over the weights says for all of them what follows. Each
 * position's token is then chosen as ever, with its own logits and its own random number; as long as that is the guess, the next
 * position is there already. So a seed tells the story that it tells without guesses, whoever guesses and however well (drafter-invariant:
 * Daliri, Musco and Suresh 2024). The rejection rule (Leviathan et al., Chen et al. 2023) gives the same distribution but another story;
 * where the guess is no draw, both take it with its probability.
 */
import { context, drafter, drafts, rawKeys } from "./contract/config";
import { next } from "./drafter";
import { beginGuesses, guess, kindOf, learn, lookUp, tokenAt, worthGuessing } from "./guesses";
import { draft, forward, forwardLane, passLanes } from "./parallel";
import { Word, getWord, setWord } from "./status";
import { setToken, tokenOf } from "./transformer/lane";
import { minp, topk, topp } from "./contract/settings";
import { foreseen, lookAhead } from "./sampler/random";
import { restore } from "./transformer/restore";

/** Position of the first lane of the last pass, and how many went through it. */
let base: i32 = 0;
let through: i32 = 0;

/** Positions that the small model has gone through; those from `base` + 1 on with guesses. */
let followed: i32 = 0;

/** A story begins, of which so many positions are known from the one before. */
export function beginSpeculation(known: i32): void {
  through = 0;
  followed = min(followed, known);
  beginGuesses();
}

/** The lane that has gone through the pass of `token` at `position`, or -1. Says what became of the guess. */
export function takeLane(token: i32, position: i32): i32 {
  const lane = position - base;
  if (lane < 1 || lane >= through) return -1;
  const isRight = tokenOf(lane) == token;
  learn(kindOf(lane), isRight);
  if (!isRight) {
    through = 0;
    if (rawKeys) restore(position);
    return -1;
  }
  setWord(Word.Accepted, getWord(Word.Accepted) + 1);
  return lane;
}

/** As `forward`; the story may have `end` positions. */
export function speculate(token: i32, position: i32, temperature: f32, penalty: f32, state: usize, left: i32, end: i32): void {
  let lane = takeLane(token, position);
  if (lane < 0) {
    const count = guessAhead(token, position, min(drafts, min(end, context) - position - 1), temperature, penalty);
    if (!count) return forward(token, position, temperature, penalty, state, left);
    base = position;
    through = passLanes(position, count + 1, 1, true);
    if (rawKeys && through <= count) restore(position + through);
    lane = 0;
  }
  forwardLane(lane, position, temperature, penalty, state, left);
}

/**
 * Puts into the lanes what the small model takes the large one to choose, with its penalty and its random numbers. What it has gone through
 * beyond the story's tokens is written over; that its ring of recent tokens and the units of its keys remember wrong guesses costs a guess at times.
 */
function askDrafter(token: i32, position: i32, count: i32, temperature: f32, penalty: f32): void {
  for (let p = min(followed, position); p < position; p++) draft(tokenAt(p), p, false, temperature, penalty);
  lookAhead();
  for (let ahead = 1; ahead <= count; ahead++) {
    draft(token, position + ahead - 1, true, temperature, penalty);
    token = next(temperature, topp, topk, minp, foreseen());
    setToken(ahead, token);
  }
  followed = position + count;
}

/** Puts `token` and what may follow it into the lanes; returns how many guesses there are. */
function guessAhead(token: i32, position: i32, most: i32, temperature: f32, penalty: f32): i32 {
  through = 0;
  if (!drafter) lookUp(position);
  const count = worthGuessing(drafter ? min(most, drafter - position) : most);
  if (count <= 0) return 0;
  setToken(0, token);
  if (drafter) askDrafter(token, position, count, temperature, penalty);
  else for (let ahead = 1; ahead <= count; ahead++) setToken(ahead, guess(position, ahead));
  setWord(Word.Drafted, getWord(Word.Drafted) + count);
  return count;
}
