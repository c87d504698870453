/**
 * The board with the console asks: a request goes to board 1, and its answer comes from the last of the others. This board alone counts
 * time. What was not answered is asked again under the same number, and who has done it sends what it has sent.
 */
import { ccount } from "../chip";
import { chainTexts, chainWord, clockMegahertz, linkPatience } from "../contract/config";
import { Fault, FrameKind } from "../contract/status";
import { beginComplaint, endComplaint } from "../json";
import { print, printNumber, printText } from "../text";
import { DAMAGE, SILENCE, orderOf, receive, sendWord, takeVector, wordOf } from "./frame";
import { discard } from "./link";

/** Times that a request is sent where something comes, however damaged; silence counts for as many as that. */
const TRIES: i32 = 64;
const SILENT_TRY: i32 = 8;
/** Milliseconds up to which the next wait is twice as long: all of them together outlast a board that starts again. */
const LONG_WAIT: u32 = 50;
/** Milliseconds for a hello to come round. */
const ROUND: u32 = 50;
/** An answer may take so many times as long as the longest so far. */
const LONGER: u32 = 4;

const enum Answer {
  Here,
  /** Ask again. */
  Missing,
  Silent,
  /** Asking again will not help. */
  Refused,
}

let number: u32 = 0;
/** Cycles of the longest answer of this story. */
let longest: u32 = 0;
/** Why there was no answer: the word of the last fault. */
let refusal: u32 = 0;
const NO_FAULT: u32 = 0xff;
let isSilent: bool = false;

/** Requests of this story that were sent again. */
export let resent: u32 = 0;

/** The last request had no answer: the story cannot go on. */
export let isSevered: bool = false;

/** A story begins: false where the others do not answer, or are not of this build. */
export function greetOthers(): bool {
  longest = 0;
  resent = 0;
  return request(FrameKind.Hello, FrameKind.Hello, 0, chainWord, ROUND * 1000 * <u32>clockMegahertz);
}

/** Has the others do their part of a pass; false, and `isSevered`, where they cannot. */
export function askOthers(token: i32, position: i32): bool {
  const patience = longest ? LONGER * longest : linkPatience * 1000 * <u32>clockMegahertz;
  const begin = ccount();
  if (!request(FrameKind.Token, FrameKind.Vector, <u32>position, <u32>token, patience)) return false;
  longest = max(longest, ccount() - begin);
  takeVector();
  return true;
}

function request(kind: FrameKind, answer: FrameKind, position: u32, word: u32, patience: u32): bool {
  number = (number + 1) & 0xffff;
  const order = number | (position << 16);
  isSevered = false;
  isSilent = false;
  refusal = NO_FAULT;
  for (let tries = 0; tries < TRIES; ) {
    if (tries) resent++;
    discard();
    sendWord(kind, order, word);
    const found = awaitAnswer(answer, order, patience, tries == 0);
    if (found == Answer.Here) return true;
    isSilent = found == Answer.Silent;
    if (found == Answer.Refused) break;
    tries += isSilent ? SILENT_TRY : 1;
    if (isSilent && patience < LONG_WAIT * 1000 * <u32>clockMegahertz) patience <<= 1;
  }
  isSevered = true;
  return false;
}

function awaitAnswer(answer: FrameKind, order: u32, patience: u32, isFirst: bool): Answer {
  const begin = ccount();
  let spent: u32 = 0;
  while (spent < patience) {
    const kind = receive(patience - spent);
    if (kind == SILENCE) break;
    if (kind == DAMAGE) return Answer.Missing;
    if (kind == answer && orderOf() == order) return Answer.Here;
    if (kind == FrameKind.Fault) {
      refusal = wordOf();
      if ((refusal & 0xff) != Fault.Damaged) return Answer.Refused;
      // Whoever has taken a request that was sent once complains of something else.
      if (!isFirst || orderOf() != order) return Answer.Missing;
    }
    spent = ccount() - begin;
  }
  return Answer.Silent;
}

/** Says why the others have not answered. */
export function complainOfOthers(): void {
  beginComplaint();
  const fault = refusal & 0xff;
  const isKnown = !isSilent && fault != NO_FAULT;
  if (isKnown) {
    print("Board "); // as people count: board 1 has the console
    printNumber((refusal >> 8) + 1);
  }
  printText(textOf(isKnown ? fault + 1 : 0));
  endComplaint();
}

function textOf(index: u32): usize {
  let text = chainTexts;
  for (; index; index--) {
    while (load<u8>(text)) text++;
    text++;
  }
  return text;
}
