/** Sentences recognised by their templates: to the letter, as Home Assistant's own recogniser does (home-assistant/hassil). */
import { numbersOf } from './expand.ts';
import {
  type Block,
  type Home,
  type Meaning,
  type Scope,
  type SlotList,
  sameMeaning,
  type Value,
} from './home.ts';
import { sayNumber } from './numbers.ts';
import { scopeOf } from './read.ts';
import { normalize, type Template } from './template.ts';

type Slots = Readonly<Record<string, Value>>;
/** Called with the place behind what matched; true ends the search. */
type Then = (at: number, slots: Slots) => boolean;

/** All meanings of a sentence, in the order of the templates. */
export function recognize(home: Home, sentence: string): Meaning[] {
  const text = normalize(sentence);
  const found: Meaning[] = [];
  for (const one of new Set([text, withoutWords(text, home.skipWords)])) {
    for (const { name, blocks } of home.intents) {
      for (const block of blocks) {
        for (const slots of matchesOf(block, home, one)) {
          const meaning = { intent: name, slots };
          if (!found.some((other) => sameMeaning(other, meaning))) found.push(meaning);
        }
      }
    }
  }
  return found;
}

/** Without words that say nothing, the longer ones first. */
function withoutWords(text: string, words: readonly string[]): string {
  let left = ` ${text} `;
  for (const word of [...words].sort((a, b) => b.length - a.length)) left = left.replaceAll(` ${word} `, ' ');
  return left.trim();
}

/** What the slots of a block may say if `text`, normalised, is one of its sentences. */
function matchesOf(block: Block, home: Home, text: string): Slots[] {
  const found: Slots[] = [];
  const match = matcher(text, scopeOf(block, home), home.language);
  for (const { template } of block.sentences) {
    match(template, 0, block.slots, (at, slots) => {
      if (text.slice(at).trim() === '') found.push(slots);
      return false;
    });
  }
  return found;
}

function matcher(text: string, { lists, rules }: Scope, language: string) {
  /** Spaces of a template count where words would run together otherwise. */
  const literal = (expected: string, at: number): number => {
    for (const character of expected.toLowerCase()) {
      if (character === ' ') {
        if (at === 0 || text[at - 1] === ' ' || at === text.length) continue;
        if (text[at] !== ' ') return -1;
        at++;
      } else {
        if (!text.startsWith(character, at)) return -1;
        at += character.length;
      }
    }
    return at;
  };

  const match = (template: Template, at: number, slots: Slots, then: Then): boolean => {
    switch (template.kind) {
      case 'text': {
        const end = literal(template.text, at);
        return end >= 0 && then(end, slots);
      }
      case 'sequence':
        return chain(template.parts, 0, at, slots, then);
      case 'choice':
        return template.parts.some((part) => match(part, at, slots, then));
      case 'permutation':
        return template.parts.some((part, i) =>
          match(part, at, slots, (end, found) => {
            const rest = template.parts.filter((_, j) => j !== i);
            if (rest.length === 0) return then(end, found);
            const gap = literal(' ', end);
            return gap >= 0 && match({ kind: 'permutation', parts: rest }, gap, found, then);
          }),
        );
      case 'rule':
        return match(rules.get(template.name)!, at, slots, then);
      case 'list':
        return matchList(lists.get(template.list)!, at, (end, value) =>
          then(end, { ...slots, [template.slot]: value }),
        );
    }
  };

  const chain = (parts: readonly Template[], i: number, at: number, slots: Slots, then: Then): boolean =>
    i === parts.length
      ? then(at, slots)
      : match(parts[i], at, slots, (end, found) => chain(parts, i + 1, end, found, then));

  const matchList = (list: SlotList, at: number, then: (at: number, value: Value) => boolean): boolean => {
    switch (list.kind) {
      case 'values':
        return list.values.some(({ text: said, out }) => match(said, at, {}, (end) => then(end, out)));
      case 'wildcard':
        for (let end = at + 1; end <= text.length; end++) {
          if (text[end - 1] !== ' ' && then(end, text.slice(at, end).trim())) return true;
        }
        return false;
      case 'range': {
        for (const value of numbersOf(list)) {
          for (const said of sayNumber(value, language)) {
            const end = literal(said, at);
            const isWhole = end >= 0 && !(/\d$/.test(said) && /\d/.test(text[end] ?? ''));
            if (isWhole && then(end, value * list.factor)) return true;
          }
        }
        return false;
      }
    }
  };
  return match;
}
