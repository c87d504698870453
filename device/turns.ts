/**
 * Prompts in parts, for conversations: `/part text BASE64` and `/part token ID` (one that no text has in it), then the prompt itself, which
 * may be empty. Parts are encoded one by one. They stand in `storyTokens`, over the text before, so what both have in common shows
 * while they come.
 */
import { decodeBase64 } from "./bind";
import { context, line, lineBytes, startToken, storyTokens, until, untilBytes, vocabulary } from "./contract/config";
import { UNTIL_BYTES } from "./contract/constants";
import { tokenAt } from "./guesses";
import { complain } from "./json";
import { argumentBegins, argumentBytes, argumentText, hasArgument, valid, wholeNumber } from "./parse";
import { print, printNumber } from "./text";
import { encode, promptToken } from "./tokenizer";

const ALL: i32 = 0x7fff_ffff;

/** Tokens of the parts, the start token included; 0: there are none. */
export let laid: i32 = 0;
/** Of the text before, tokens that were not written over since it was told. */
export let untouched: i32 = 0x7fff_ffff;

export function partCommand(): void {
  if (!hasArgument()) laid = 0;
  else if (argumentBegins("token")) {
    const token = wholeNumber(<u64>vocabulary - 1);
    if (!valid) return complain("/part token wants the number of one.");
    if (!lay(<i32>token)) return complainOfRoom();
  } else if (argumentBegins("text")) {
    const bytes = decodeBase64(argumentText(), argumentBytes(), line, lineBytes);
    if (bytes < 0) return complain("That part is no base64.");
    if (!layText(bytes)) return complainOfRoom();
  } else return complain("/part wants text or token");
  printNumber(laid);
  print(" tokens stand before the prompt\n");
}

function complainOfRoom(): void {
  laid = 0;
  complain("These parts have more tokens than the context holds.");
}

/** Puts the text in the line behind what is laid; false where the context is full. */
function layText(bytes: i32): bool {
  if (!bytes) return true;
  const count = encode(line, bytes, !laid || tokenAt(laid - 1) == startToken);
  for (let i = 1; i < count; i++) if (!lay(promptToken(i))) return false;
  return true;
}

function lay(token: i32): bool {
  if (!laid) {
    laid = 1;
    if (token == startToken) return true;
  }
  if (laid >= context) return false;
  if (tokenAt(laid) != token) untouched = min(untouched, laid);
  store<i32>(storyTokens + (<usize>(laid - 1) << 2), token);
  laid++;
  return true;
}

/** A story begins with the parts and the text in the line: how many tokens these are, more than the context holds where they don't fit. */
export function takeParts(bytes: i32): i32 {
  const fits = layText(bytes);
  const count = laid;
  laid = 0;
  return fits ? count : context + 1;
}

/** The story's tokens are in `storyTokens` from here on. */
export function beginTouching(): void {
  untouched = ALL;
}

/** Behind the text that ends an answer lie as many bytes: the last ones of the answer. */
// @ts-ignore: decorator
@inline
function heard(): usize {
  return until + UNTIL_BYTES;
}

export function beginHearing(): void {
  if (untilBytes) memory.fill(heard(), 0, UNTIL_BYTES);
}

/** Takes what a token of the answer writes; true where the answer ends with the text that ends one. */
export function hear(text: usize, bytes: i32): bool {
  if (!untilBytes) return false;
  const last = heard() + <usize>untilBytes - 1;
  for (let i = 0; i < bytes; i++) {
    memory.copy(heard(), heard() + 1, <usize>untilBytes - 1);
    store<u8>(last, load<u8>(text + i));
    if (memory.compare(heard(), until, <usize>untilBytes) == 0) return true;
  }
  return false;
}
