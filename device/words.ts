/**
 * Words that a story may be made of: those that are known (src/grammar/words.ts), those of its prompt, and those that it has already. A token
 * that would make another is not said; the next draw decides.
 */
import { knownWords, startToken, vocabulary } from "./contract/config";
import {
  WORD_BEGINS, WORD_ENDS, WORD_JOINS, WORD_LAST, WORD_NEXT, WORD_PART, WORD_SHIFT, WORD_TOKEN, WORD_WHOLE,
} from "./contract/constants";
import { state } from "./grammar";
import { tokenAt } from "./guesses";
import { choose, chooseAgain } from "./sampler";

/** Bits of a token. */
// @ts-ignore: decorator
@inline
function kindOf(token: i32): i32 {
  return <i32>load<u8>(knownWords + (<usize>token >> 1)) >> ((token & 1) << 2);
}

// @ts-ignore: decorator
@inline
function numbers(): usize {
  return knownWords + (((<usize>vocabulary + 3) >> 2) << 1);
}

// @ts-ignore: decorator
@inline
function lists(): usize {
  return (numbers() + (<usize>vocabulary << 1) + 3) & ~3;
}

/** What an entry for a token at the beginning of a word would be. */
function entryOf(token: i32): i32 {
  const ends = kindOf(token) & WORD_WHOLE ? WORD_ENDS : 0;
  return ends | (<i32>load<u16>(numbers() + (<usize>token << 1)) << WORD_SHIFT);
}

/** The entry of `token` in the list behind another, 0 where no known word goes on with it. */
function after(word: i32, token: i32): i32 {
  const first = (word >>> WORD_SHIFT) & WORD_NEXT;
  if (!first) return 0;
  let place = lists() + (<usize>first << 2);
  let entry = load<i32>(place);
  while ((entry & WORD_TOKEN) != token) {
    if (entry & WORD_LAST) return 0;
    place += 4;
    entry = load<i32>(place);
  }
  return entry;
}

/** Where the word begins that the token at `position` belongs to; behind it where that is none of a word. */
function beginOf(position: i32): i32 {
  let begin = position + 1;
  while (begin > 1) {
    const kind = kindOf(tokenAt(begin - 1));
    if (!(kind & WORD_PART)) break;
    begin--;
    if (!(kind & WORD_JOINS)) break;
  }
  return begin;
}

/** Where the word was that was looked for last. */
let seen: i32 = 0;

/** What followed where a word before began as that from `begin` to `position` does, from `place` on. -1: there is none. */
function followed(begin: i32, position: i32, place: i32): i32 {
  const parts = position + 1 - begin;
  for (; place + parts <= position; place++) {
    let same = 0;
    while (same < parts && tokenAt(place + same) == tokenAt(begin + same)) same++;
    if (same < parts || beginOf(place) != place) continue;
    seen = place;
    return tokenAt(place + parts);
  }
  return -1;
}

/** Whether a word before began as that from `begin` to `position` does, and went on with `next`; `isOver`: or ended as well. */
function wasThere(begin: i32, position: i32, next: i32, isOver: bool): bool {
  for (let behind = followed(begin, position, 1); behind >= 0; behind = followed(begin, position, seen + 1)) {
    if (isOver ? !(kindOf(behind) & WORD_JOINS) : behind == next) return true;
  }
  return false;
}

/** The entry for the last token of a word, 0 where it is no beginning of a known one. */
function wordAt(begin: i32, position: i32): i32 {
  let word = entryOf(tokenAt(begin));
  for (let at = begin + 1; at <= position; at++) word = after(word, tokenAt(at));
  return word;
}

/** Whether the word from `begin` to `position` may go on with `next`, or end where that does not go on with it. */
function fits(next: i32, begin: i32, position: i32, prompt: i32): bool {
  const word = wordAt(begin, position);
  if (begin < prompt && !word) return true; // it is the prompt's own
  const goesOn = (kindOf(next) & WORD_JOINS) != 0;
  const isKnown = goesOn ? after(word, next) != 0 : (word & WORD_ENDS) != 0;
  return isKnown || wasThere(begin, position, next, !goesOn);
}

/** Whether `next` may follow the token at `position` of a story whose prompt has `prompt` tokens. */
function isSayable(next: i32, position: i32, prompt: i32): bool {
  const kind = kindOf(next);
  const before = kindOf(tokenAt(position));
  // Mostly a word that is a token is whole, and what follows it begins another, or is a mark.
  const isEasy = !((kind | before) & WORD_JOINS) && (before & WORD_WHOLE || !(before & WORD_PART));
  if (!isEasy) {
    const begin = beginOf(position);
    if (begin <= position && !fits(next, begin, position, prompt)) return false;
    if (begin <= position && kind & WORD_JOINS) return true;
  }
  return !(kind & WORD_PART) || (kind & (WORD_WHOLE | WORD_BEGINS)) != 0 || wasThere(position + 1, position, next, false);
}

/** What the token at `position` may be followed by where the model gives nothing of that any weight: the word goes on, or the story ends. */
function anyOther(position: i32): i32 {
  const begin = beginOf(position);
  if (begin > position) return startToken;
  const list = (wordAt(begin, position) >>> WORD_SHIFT) & WORD_NEXT;
  if (list) return load<u16>(lists() + (<usize>list << 2));
  const before = followed(begin, position, 1);
  return before < 0 ? startToken : before;
}

/** What the model chooses to follow the token at `position`; where that would make a word that nobody knows, what it chooses next. */
function chooseKnown(position: i32, prompt: i32): i32 {
  let token = choose();
  while (!isSayable(token, position, prompt)) {
    token = chooseAgain(token);
    if (token < 0) return anyOther(position);
  }
  return token;
}

/** What the model says behind the token at `position`, where no grammar has a say of known words if it is kept to them. */
// @ts-ignore: decorator
@inline
export function chooseNext(position: i32, prompt: i32): i32 {
  return ARITHMETIC == 0 && knownWords && !state ? chooseKnown(position, prompt) : choose();
}
