/** The commands of the console: one line, beginning with a slash. */
import { read32, write32 } from "./chip";
import { boards, context, grammar, grammarRoom, turns } from "./contract/config";
import {
  SETTINGS, commandOf, helpOf, isWhole, leastOf, mostOf, refusalOf, setValue, titleOf, valueOf,
} from "./contract/settings";
import { resent } from "./chain/ask";
import { drain } from "./console";
import { putPiece, useSent } from "./bind";
import { canBind, isBound, setBound, setSent } from "./grammar";
import { argumentBegins, argumentIs, fraction, hasArgument, isCommand, valid, wholeNumber } from "./parse";
import { seed, setSeed, setTokenLimit, tokenLimit } from "./settings";
import { beginComplaint, complain, endComplaint, setJson } from "./json";
import { printRate } from "./story";
import { Ending, Word, getLong, getWord } from "./status";
import { print, printFraction, printHex, printNumber } from "./text";
import { partCommand } from "./turns";

const RTC_OPTIONS0: usize = 0x6000_8000;
const SOFTWARE_RESET: u32 = 0x8000_0000;

export function runCommand(): void {
  if (isCommand("/help")) help();
  else if (isCommand("/seed")) seedCommand();
  else if (isCommand("/tokens")) tokensCommand();
  else if (canBind() && isCommand("/grammar")) grammarCommand();
  else if (turns && isCommand("/part")) partCommand();
  else if (isCommand("/stats")) stats();
  else if (isCommand("/digest")) digestCommand();
  else if (isCommand("/json")) jsonCommand();
  else if (isCommand("/reboot")) reboot();
  else if (!settingCommand()) complain("There is no such command; /help lists them.");
}

function help(): void {
  print("Type the beginning of a story and press Enter; Enter alone starts one from nothing. Ctrl-C stops it.\n");
  for (let setting = 0; setting < SETTINGS; setting++) print(helpOf(setting));
  print("/seed N    the same seed tells the same story; 0 draws a new one each time\n");
  if (grammar) print("/grammar on|off  say only what the grammar of this image allows\n");
  if (grammarRoom) print("/grammar put PLACE CRC BASE64, then use BYTES DIGEST: a grammar of your own\n");
  if (turns) print("/part text BASE64, or token ID: what stands before the next prompt; alone: nothing\n");
  print("/tokens N  how long a story may get; 0: as long as the memory allows\n");
  print("/stats     speed of the last story\n");
  print("/digest    fingerprint of the last story's tokens\n");
  print("/json on   talk to a program: one JSON object a line\n");
  print("/reboot    start again\n");
  print("Backspace, Ctrl-W and Ctrl-U erase a letter, a word, the line.\n");
}

/** A command of the table of settings: with an argument it sets, and it always says how things stand. False for any other. */
function settingCommand(): bool {
  let setting = 0;
  while (!isCommand(commandOf(setting))) if (++setting == SETTINGS) return false;
  if (hasArgument()) {
    const value = fraction();
    if (!valid || value < leastOf(setting) || value > mostOf(setting) || (isWhole(setting) && value != <f32><i32>value)) {
      complain(refusalOf(setting));
      return true;
    }
    setValue(setting, value);
  }
  print(titleOf(setting));
  print(" ");
  printFraction(valueOf(setting));
  print("\n");
  return true;
}

function seedCommand(): void {
  if (hasArgument()) {
    const value = wholeNumber(u64.MAX_VALUE);
    if (!valid) {
      complain("/seed wants a whole number below 2^64, such as /seed 42");
      return;
    }
    setSeed(value);
  }
  if (seed) {
    print("seed ");
    printNumber(seed);
    print("\n");
  } else {
    print("a new seed for every story\n");
  }
}

function tokensCommand(): void {
  if (hasArgument()) {
    const value = wholeNumber(<u64>context);
    if (!valid) {
      beginComplaint();
      print("/tokens wants a whole number from 0 to ");
      printNumber(context);
      print(", which is the context of this image");
      endComplaint();
      return;
    }
    setTokenLimit(<i32>value);
  }
  print("up to ");
  printNumber(tokenLimit ? tokenLimit : context);
  print(" tokens\n");
}

function grammarCommand(): void {
  if (grammarRoom && argumentBegins("put")) return putPiece();
  if (grammarRoom && argumentBegins("use")) {
    if (!useSent()) return;
  } else if (argumentIs("on")) {
    setSent(0);
    setBound(true);
  } else if (argumentIs("off")) setBound(false);
  else if (hasArgument()) return complain(grammarRoom ? "/grammar wants on, off, put or use" : "/grammar wants on or off");
  print(isBound() ? "bound to the grammar\n" : "free of the grammar\n");
}

function stats(): void {
  const passes = getWord(Word.Passes);
  if (!getWord(Word.Stories)) {
    complain("No story yet.");
    return;
  }
  printNumber(passes);
  print(" tokens (");
  printNumber(getWord(Word.PromptTokens));
  print(" of the prompt");
  if (getWord(Word.Reused)) {
    print(", ");
    printNumber(getWord(Word.Reused));
    print(" of them known from before");
  }
  print(") in ");
  printNumber(getLong(Word.TotalCycles));
  print(" cycles\ntokens/s: mean ");
  printRate(getLong(Word.TotalCycles), passes);
  print(", first ");
  printRate(getWord(Word.FirstCycles), 1);
  print(", last ");
  printRate(getWord(Word.LastCycles), 1);
  if (boards > 1) {
    print("\nsent again to other boards: ");
    printNumber(resent);
  }
  print("\nseed ");
  printNumber(getLong(Word.Seed));
  switch (getWord(Word.Ending)) {
    case Ending.Finished:
      print(", ended by the model\n");
      break;
    case Ending.Complete:
      print(turns && !(canBind() && isBound()) ? ", ended by what ends an answer\n" : ", ended by the grammar\n");
      break;
    case Ending.Limit:
      print(", ended by the token limit\n");
      break;
    default:
      print(", stopped\n");
  }
}

function digestCommand(): void {
  if (!getWord(Word.Stories)) {
    complain("No story yet.");
    return;
  }
  print("digest ");
  printHex(getLong(Word.Digest), 16);
  print("\n");
}

function jsonCommand(): void {
  if (argumentIs("on")) setJson(true);
  else if (argumentIs("off")) setJson(false);
  else complain("/json wants on or off");
}

function reboot(): void {
  print("Restarting.\n");
  drain();
  write32(RTC_OPTIONS0, read32(RTC_OPTIONS0) | SOFTWARE_RESET);
}
