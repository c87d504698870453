/**
 * What a story may say: a walk through the packed grammar (src/contract/grammar.ts). Of the tokens that a state allows only those
 * stay from which the end can still be reached with the tokens that are left: so a text that is begun is finished.
 */
import { grammar, grammarRoom } from "./contract/config";
import {
  GRAMMAR_COUNT, GRAMMAR_DISTANCE, GRAMMAR_NOTE, GRAMMAR_STATE_BYTES, GRAMMAR_TOKENS, NOTE_ANSWERS, NOTE_BYTES, NOTE_FAVOUR, NOTE_FAVOURED,
  NOTE_TEXT_BYTES,
} from "./contract/status";

/** Switched off by /grammar off. */
let bound: bool = true;

export function setBound(on: bool): void {
  bound = on;
}

/** Whether there can be a grammar at all: whatever is done for one folds away where there cannot. */
// @ts-ignore: decorator
@inline
export function canBind(): bool {
  return (grammar | grammarRoom) != 0;
}

/** The grammar that was sent and binds, in place of the image's; 0: none. */
let sent: usize = 0;

export function setSent(to: usize): void {
  sent = to;
}

/** What is said is bound to a grammar. */
export function isBound(): bool {
  return bound && base() != 0;
}

/** The grammar that binds; 0 where there is none. */
// @ts-ignore: decorator
@inline
function base(): usize {
  return grammarRoom && sent ? sent : grammar;
}

/** Address of the present state; 0 where everything may be said. */
export let state: usize = 0;

export function beginGrammar(): void {
  state = bound ? base() : 0;
}

/** Address of a state's note; 0 where it has none. */
// @ts-ignore: decorator
@inline
function noteOf(place: usize): usize {
  const offset = <usize>load<u32>(place + GRAMMAR_NOTE);
  return offset ? base() + offset : 0;
}

/** Address of the note of the image's first state, or 0: what is sent has no say in pins. */
export function noteOfStart(): usize {
  return grammar && !sent ? noteOf(grammar) : 0;
}

/** Prompts are requests, which this grammar's answers belong to. */
export function isForRequests(): bool {
  const note = state ? noteOf(base()) : 0;
  return note != 0 && load<u32>(note + NOTE_ANSWERS) != 0;
}

/** What is printed for the token that led to the present state: its address, and its bytes; -1: what the token writes. */
export function printedText(): usize {
  return noteOf(state) + NOTE_BYTES;
}

export function printedBytes(): i32 {
  const note = state ? noteOf(state) : 0;
  return note ? load<i32>(note + NOTE_TEXT_BYTES) : -1;
}

/** The token that is easier to choose in a state, or -1, and the nats that it is given. */
export function favoured(place: usize): i32 {
  const note = noteOf(place);
  return note ? load<i32>(note + NOTE_FAVOURED) : -1;
}

export function favour(place: usize): f32 {
  return load<f32>(noteOf(place) + NOTE_FAVOUR);
}

/** Tokens that are still needed at least. */
export function needed(): i32 {
  return state ? load<i32>(state + GRAMMAR_DISTANCE) : 0;
}

/** So many positions are too few for what is bound to a grammar; what is not has no end that it must reach. */
export function isTooLongFor(positions: i32): bool {
  return state != 0 && needed() > positions;
}

/** Nothing can follow. */
export function isComplete(): bool {
  return state != 0 && !load<i32>(state + GRAMMAR_COUNT);
}

/** The only token that can follow, or -1. */
export function onlyToken(): i32 {
  if (!state || load<i32>(state + GRAMMAR_COUNT) != 1) return -1;
  return <i32>load<u16>(firstEntry(state));
}

/** A state's entries: a token, and the number of the state behind it. */
// @ts-ignore: decorator
@inline
export function firstEntry(place: usize): usize {
  return base() + <usize>load<u32>(place + GRAMMAR_TOKENS);
}

// @ts-ignore: decorator
@inline
export function lastEntry(place: usize): usize {
  return firstEntry(place) + ((<usize>load<u32>(place + GRAMMAR_COUNT)) << 2);
}

// @ts-ignore: decorator
@inline
function stateBehind(entry: usize): usize {
  return base() + <usize>load<u16>(entry, 2) * GRAMMAR_STATE_BYTES;
}

/** Whether the text can be finished behind this entry with `left` tokens, its own included. */
// @ts-ignore: decorator
@inline
export function reachesEnd(entry: usize, left: i32): bool {
  return load<i32>(stateBehind(entry) + GRAMMAR_DISTANCE) < left;
}

/** Goes on to the state behind `token`; one that is not allowed (a draw that rounded to nothing) becomes the first that is. Returns the token. */
export function follow(token: i32, left: i32): i32 {
  if (!state) return token;
  let chosen: usize = 0;
  for (let entry = firstEntry(state); entry < lastEntry(state); entry += 4) {
    if (!reachesEnd(entry, left)) continue;
    const isIt = <i32>load<u16>(entry) == token;
    if (isIt || !chosen) chosen = entry;
    if (isIt) break;
  }
  if (!chosen) return token;
  state = stateBehind(chosen);
  return <i32>load<u16>(chosen);
}
