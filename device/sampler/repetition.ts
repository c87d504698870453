/**
 * The repetition penalty (Keskar et al. 2019): the logits of the last REPETITION_WINDOW tokens, those of the prompt included and BOS
 * not, are divided by it where positive and multiplied where negative; once each, however often a token is among them. So each half
 * of the vocabulary has a list of its tokens that are among them, which goes along with the story.
 */
import { recent } from "../contract/config";
import { REPETITION_WINDOW as WINDOW } from "../contract/constants";

/** Behind the ring of tokens: the position that is noted next, and how often another one was noted: stories begin anew, guesses fail. */
const NEXT: usize = <usize>WINDOW << 1;
const TURNS: usize = NEXT + 4;
/** Then either half's list: TURNS as it was, the last position that is in, where entries end; entries of position and token, u16 each. */
const LISTS: usize = NEXT + 16;
const HEADER: usize = 16;
const LIST_BYTES: usize = HEADER + (<usize>WINDOW << 2);
const LAST: usize = 4;
const END: usize = 8;

/** The token that goes into the model at a position from now on. */
export function noteToken(position: i32, token: i32): void {
  if (load<i32>(recent, NEXT) != position) store<i32>(recent, load<i32>(recent, TURNS) + 1, TURNS);
  store<i32>(recent, position + 1, NEXT);
  store<u16>(recent + (<usize>(position & (WINDOW - 1)) << 1), <u16>token);
}

// @ts-ignore: decorator
@inline
function listOf(half: i32): usize {
  return recent + LISTS + <usize>half * LIST_BYTES;
}

/** Place of a half's first entry. */
// @ts-ignore: decorator
@inline
export function firstRecent(half: i32): usize {
  return listOf(half) + HEADER;
}

/** Whether an entry's token was seen too long ago to be lowered at `position`. */
// @ts-ignore: decorator
@inline
export function isPast(entry: usize, position: i32): bool {
  return ((position - <i32>load<u16>(entry)) & 0xffff) >= WINDOW;
}

// @ts-ignore: decorator
@inline
export function recentToken(entry: usize): i32 {
  return <i32>load<u16>(entry, 2);
}

/** Takes an entry out: the last one comes in its place. Returns where entries end. */
// @ts-ignore: decorator
@inline
export function drop(entry: usize, end: usize): usize {
  store<u32>(entry, load<u32>(end - 4));
  return end - 4;
}

/** Entries of a half end here from now on. */
// @ts-ignore: decorator
@inline
export function endRecent(half: i32, end: usize): void {
  store<usize>(listOf(half), end, END);
}

/** Brings the list of a half, whose `rows` tokens begin with `first`, to `position`. Returns where its entries end, some of them past. */
export function updateRecent(half: i32, position: i32, first: i32, rows: i32): usize {
  const list = listOf(half);
  const turns = load<i32>(recent, TURNS);
  const start = max(1, position - (WINDOW - 1));
  let from = load<i32>(list, LAST) + 1;
  let end = load<usize>(list, END);
  if (end == 0 || load<i32>(list) != turns || from < start) {
    store<i32>(list, turns);
    from = start;
    end = list + HEADER;
  }
  for (; from <= position; from++) {
    const token = <i32>load<u16>(recent + (<usize>(from & (WINDOW - 1)) << 1));
    if (<u32>(token - first) < <u32>rows) end = enter(list + HEADER, end, token, from);
  }
  store<i32>(list, position, LAST);
  return end;
}

/** A token was seen at a position: in its entry, or in a new one at the end. */
function enter(entry: usize, end: usize, token: i32, seen: i32): usize {
  for (; entry < end; entry += 4) {
    if (recentToken(entry) == token) {
      store<u16>(entry, <u16>seen);
      return end;
    }
  }
  store<u32>(end, (<u32>token << 16) | (<u32>seen & 0xffff));
  return end + 4;
}
