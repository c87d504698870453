/** The commands of the console: one line, beginning with a slash. */
import { read32, write32 } from "./chip";
import { context } from "./contract/config";
import { drain } from "./console";
import { argumentIs, fraction, hasArgument, isCommand, valid, wholeNumber } from "./parse";
import { seed, setSeed, setTemperature, setTokenLimit, setTopp, temperature, tokenLimit, topp } from "./settings";
import { beginComplaint, complain, endComplaint, setJson } from "./json";
import { printRate } from "./story";
import { Ending, Word, getLong, getWord } from "./status";
import { print, printFraction, printHex, printNumber } from "./text";

const RTC_OPTIONS0: usize = 0x6000_8000;
const SOFTWARE_RESET: u32 = 0x8000_0000;

export function runCommand(): void {
  if (isCommand("/help")) help();
  else if (isCommand("/temp")) temperatureCommand();
  else if (isCommand("/topp")) toppCommand();
  else if (isCommand("/seed")) seedCommand();
  else if (isCommand("/tokens")) tokensCommand();
  else if (isCommand("/stats")) stats();
  else if (isCommand("/digest")) digestCommand();
  else if (isCommand("/json")) jsonCommand();
  else if (isCommand("/reboot")) reboot();
  else complain("There is no such command; /help lists them.");
}

function help(): void {
  print("Type the beginning of a story and press Enter; Enter alone starts one from nothing. Ctrl-C stops it.\n");
  print("/temp T    temperature, 0 (always the likeliest word) to 10\n");
  print("/topp P    keep the likeliest words that make up P, 0 to 1 (0 or 1: keep all)\n");
  print("/seed N    the same seed tells the same story; 0 draws a new one each time\n");
  print("/tokens N  how long a story may get; 0: as long as the memory allows\n");
  print("/stats     speed of the last story\n");
  print("/digest    fingerprint of the last story's tokens\n");
  print("/json on   talk to a program: one JSON object a line\n");
  print("/reboot    start again\n");
  print("Backspace, Ctrl-W and Ctrl-U erase a letter, a word, the line.\n");
}

function temperatureCommand(): void {
  if (hasArgument()) {
    const value = fraction();
    if (!valid || value > 10) {
      complain("/temp wants a number from 0 to 10, such as /temp 0.8");
      return;
    }
    setTemperature(value);
  }
  print("temperature ");
  printFraction(temperature);
  print("\n");
}

function toppCommand(): void {
  if (hasArgument()) {
    const value = fraction();
    if (!valid || value > 1) {
      complain("/topp wants a number from 0 to 1, such as /topp 0.9");
      return;
    }
    setTopp(value);
  }
  print("top-p ");
  printFraction(topp);
  print("\n");
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

function stats(): void {
  const passes = getWord(Word.Passes);
  if (!getWord(Word.Stories)) {
    complain("No story yet.");
    return;
  }
  printNumber(passes);
  print(" tokens (");
  printNumber(getWord(Word.PromptTokens));
  print(" of the prompt) in ");
  printNumber(getLong(Word.TotalCycles));
  print(" cycles\ntokens/s: mean ");
  printRate(getLong(Word.TotalCycles), passes);
  print(", first ");
  printRate(getWord(Word.FirstCycles), 1);
  print(", last ");
  printRate(getWord(Word.LastCycles), 1);
  print("\nseed ");
  printNumber(getLong(Word.Seed));
  switch (getWord(Word.Ending)) {
    case Ending.Finished:
      print(", ended by the model\n");
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
