/** Telling a story: run.c's generation loop, one token a call, so that the console stays awake in between. */
import { ccount, read32 } from "./chip";
import {
  boards, clockMegahertz, context, drafts, hasLayerEmbeddings, lanes, lent, line, lineBytes, rawKeys, screenKind, startToken, storyTokens, turns,
  untilToken,
} from "./contract/config";
import { complainOfOthers, greetOthers, isSevered } from "./chain/ask";
import { pump, stopRequested, waited, write } from "./console";
import { digest, digestToken, resetDigest } from "./digest";
import { preload } from "./flash";
import { noteInterrupt } from "./line";
import { beginComplaint, endComplaint, json, printEnd, printStart, printToken } from "./json";
import { beginGrammar, canBind, follow, isComplete, isForRequests, isBound, isTooLongFor, needed, onlyToken, printedBytes, printedText, state } from "./grammar";
import { tokenAt } from "./guesses";
import { act, beginAnswer, noteAnswer } from "./pins";
import { foldRequest } from "./request";
import { forward, pass, passLanes } from "./parallel";
import { noteToken, seedRandom } from "./sampler";
import { layerRow, layerRows } from "./contract/fixed";
import { penalty, setPenalty, setTemperature, temperature } from "./contract/settings";
import { seed, tokenLimit } from "./settings";
import { beginSpeculation, speculate, takeLane } from "./speculate";
import { Control, show, showNumber, showTenths, showText } from "./screen/queue";
import { Ending, Phase, Word, getLong, getWord, setLong, setWord } from "./status";
import { print, printHex, printHundredths, printNumber } from "./text";
import { rowsOfToken } from "./transformer/fixed";
import { setToken } from "./transformer/lane";
import { lend, takeBack } from "./transformer/lend";
import { restore } from "./transformer/restore";
import { decode, decodedBytes, encode, isEnd, promptToken } from "./tokenizer";
import { beginHearing, beginTouching, hear, laid, takeParts, untouched } from "./turns";
import { chooseNext } from "./words";

/** Random word of the chip; truly random only with a radio or ADC running, and good enough for a seed. */
const RANDOM: usize = 0x6003_507c;
const LINE_FEED: u32 = 10;
const TAB: u32 = 9;
const DELETE: u32 = 0x7f;

let token: i32 = 0;
let position: i32 = 0;
let promptCount: i32 = 0;
let limit: i32 = 0;
/** Of the prompt, positions whose keys and values are in the cache. */
let readTo: i32 = 0;
/** Positions of this story, or of the one before, whose keys and values are in the cache and whose tokens are in `storyTokens`. */
let cached: i32 = 0;
/** The prompt came in parts: its tokens are in `storyTokens`. */
let isTurn: bool = false;
/** What ends an answer has been said. */
let isSaid: bool = false;

/** Begins the story that the edited line of `bytes` bytes asks for; false, with a sentence, if that cannot be. */
export function beginStory(bytes: i32): bool {
  if (canBind()) {
    beginGrammar();
    if (isForRequests()) {
      bytes = foldRequest(line, bytes);
      beginAnswer();
      setTemperature(0);
      setPenalty(1);
    }
  }
  isTurn = turns && laid != 0;
  promptCount = isTurn ? takeParts(bytes) : encode(line, bytes);
  if (promptCount > context) {
    beginComplaint();
    print("That prompt has ");
    printNumber(promptCount);
    print(" tokens and the context holds ");
    printNumber(context);
    print("; please type a shorter one.");
    endComplaint();
    return false;
  }
  limit = tokenLimit && tokenLimit < context ? tokenLimit : context;
  if (canBind() && isTooLongFor(limit - promptCount + 1)) return complainOfRoom();
  if (boards > 1 && !greetOthers()) return complainOfChain();
  const chosen = seed ? seed : <u64>(read32(RANDOM) ^ ccount()) | 1;
  seedRandom(chosen);
  resetDigest();
  token = startToken;
  position = 0;
  if (turns) {
    cached = min(cached, untouched);
    beginTouching();
    beginHearing();
    isSaid = false;
  }
  readTo = cached = keepBeginning();
  for (let word = Word.Passes; word <= Word.Seed; word++) setWord(word, 0);
  for (let word = Word.Drafted; word <= Word.Accepted; word++) setWord(word, 0);
  setWord(Word.Reused, readTo);
  if (ARITHMETIC == 0 && drafts) beginSpeculation(readTo);
  setWord(Word.PromptTokens, promptCount);
  setLong(Word.Seed, chosen);
  setWord(Word.Phase, Phase.Telling);
  if (json) printStart();
  if (screenKind) show(Control.Clear);
  return true;
}

/**
 * What the prompt has in common with the text before, its last token apart, is not read again: returns how many positions that are. Keys are
 * restored to what they were there; where that cannot be done, all are read, unless a conversation goes on behind all that was before.
 */
function keepBeginning(): i32 {
  const most = min(cached, promptCount - 1);
  if (ARITHMETIC == 0 && !rawKeys) return isTurn && most == cached ? most : 0;
  let same = 0;
  if (isTurn) same = most;
  else while (same < most && tokenAt(same) == promptToken(same)) same++;
  return ARITHMETIC == 0 && same ? restore(same) : same;
}

function complainOfChain(): bool {
  complainOfOthers();
  return false;
}

/** The grammar's shortest text is longer than what is left. */
function complainOfRoom(): bool {
  beginComplaint();
  print("What the grammar asks for has ");
  printNumber(needed());
  print(" tokens at least, and behind this prompt there is room for ");
  printNumber(max(0, limit - promptCount + 1));
  print("; raise /tokens or type a shorter prompt.");
  endComplaint();
  return false;
}

/** Makes and prints one token; false when the story is over. */
export function continueStory(): bool {
  if (stopRequested()) {
    noteInterrupt();
    if (turns && position + 1 < readTo) cached = 0; // lanes are further than is known
    return end(Ending.Stopped);
  }
  const begin = ccount();
  const waitedBefore = waited;
  const next = predict();
  if (ARITHMETIC == 0 && hasLayerEmbeddings) preload(rowsOfToken(next), layerRows() * layerRow());
  if (boards > 1 && isSevered) return sever();
  cached = max(cached, position + 1);
  const isOver = ends(next);
  if (!isOver) tell(next);
  pump();
  record(ccount() - begin - (waited - waitedBefore));
  if (isOver) return end(Ending.Finished);
  token = next;
  position++;
  noteToken(position, token);
  if (canBind() && isComplete()) {
    act();
    return end(Ending.Complete);
  }
  if (turns && isSaid) return end(Ending.Complete);
  return position < limit ? true : end(Ending.Limit);
}

/** Nothing of the text is in the caches of all boards for sure. */
function sever(): bool {
  if (!json) write(LINE_FEED);
  complainOfOthers();
  cached = 0;
  return end(Ending.Severed);
}

/** Whether a token ends the story. Of a prompt in parts none does. */
function ends(next: i32): bool {
  if (turns && isTurn) {
    if (position + 1 < promptCount) return false;
    if (next == untilToken) return true;
  }
  return isEnd(next);
}

/** A token of the prompt. */
// @ts-ignore: decorator
@inline
function promptAt(index: i32): i32 {
  return turns && isTurn ? tokenAt(index) : promptToken(index);
}

/** The token that follows: the prompt's, or what the model says. */
function predict(): i32 {
  if (position + 1 < promptCount) {
    readPrompt();
    return promptAt(position + 1);
  }
  if (ARITHMETIC == 0 && lent) takeBack();
  const left = limit - position;
  const only = canBind() ? onlyToken() : -1;
  if (ARITHMETIC == 0 && drafts) {
    if (only < 0) speculate(token, position, temperature, penalty, state, left, limit);
    else if (takeLane(token, position) < 0) pass(token, position);
  } else if (only >= 0) pass(token, position);
  else forward(token, position, temperature, penalty, state, left);
  if (boards > 1 && isSevered) return 0;
  const chosen = only >= 0 ? only : chooseNext(position, promptCount);
  return canBind() ? follow(chosen, left) : chosen;
}

/** The pass of a token of the prompt that others follow; where there are lanes, with as many of those as have one. */
function readPrompt(): void {
  if (position < readTo) return;
  if (ARITHMETIC != 0 || !lanes) return pass(token, position);
  const count = min(lanes, promptCount - 1 - position);
  readTo = position + count;
  if (count == 1) return pass(token, position);
  if (lent) lend();
  setToken(0, token);
  for (let lane = 1; lane < count; lane++) setToken(lane, promptAt(position + lane));
  passLanes(position, count, count, false);
}

function tell(next: i32): void {
  store<i32>(storyTokens + ((<usize>position) << 2), next);
  digestToken(next);
  let text = decode(token, next, line + lineBytes);
  let bytes = decodedBytes;
  if (canBind() && position + 1 >= promptCount && printedBytes() >= 0) {
    text = printedText();
    bytes = printedBytes();
    noteAnswer(text, bytes);
  }
  if (turns && isTurn && position + 1 >= promptCount && !(canBind() && isBound())) isSaid = hear(text, bytes);
  if (json) printToken(position, next, text, bytes);
  for (let i = 0; i < bytes; i++) tellSafely(load<u8>(text + i));
}

/** Control characters from the model could upset a terminal; bytes of UTF-8 pass. */
function tellSafely(byte: u32): void {
  if ((byte < 0x20 && byte != LINE_FEED && byte != TAB) || byte == DELETE) return;
  if (!json) write(byte);
  if (screenKind) show(byte);
}

function record(cycles: u32): void {
  if (<u32>position == getWord(Word.Reused)) setWord(Word.FirstCycles, cycles);
  setWord(Word.LastCycles, cycles);
  setLong(Word.TotalCycles, getLong(Word.TotalCycles) + cycles);
  setWord(Word.Passes, position + 1);
}

function end(ending: Ending): bool {
  setLong(Word.Digest, digest);
  setWord(Word.Ending, ending);
  if (json) printEnd();
  else printSummary();
  if (screenKind) showSummary();
  setWord(Word.Stories, getWord(Word.Stories) + 1);
  setWord(Word.Phase, Phase.Ready);
  return false;
}

function printSummary(): void {
  print("\n[");
  printNumber(getWord(Word.Passes));
  print(" tokens, ");
  printRate(getLong(Word.TotalCycles), getWord(Word.Passes));
  print(" tokens/s, digest ");
  printHex(digest, 16);
  if (getWord(Word.Ending) == Ending.Stopped || getWord(Word.Ending) == Ending.Severed) print(", stopped");
  print("]\n");
}

/** The same in a few words for the screen's bar. */
function showSummary(): void {
  const passes = getWord(Word.Passes);
  const cycles = getLong(Word.TotalCycles);
  show(Control.StatusBegin);
  showNumber(passes);
  showText(" tokens, ", 9);
  showTenths(cycles ? <u32>((<u64>passes * <u64>clockMegahertz * 10_000_000) / cycles) : 0);
  showText(" tokens/s, digest ", 9);
  show(Control.StatusEnd);
}

/** Prints `passes` in `cycles` as passes a second. */
export function printRate(cycles: u64, passes: u32): void {
  printHundredths(cycles ? (<u64>passes * <u64>clockMegahertz * 100_000_000) / cycles : 0);
}
