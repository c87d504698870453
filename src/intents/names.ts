/** Names of rooms and devices made up for training, so that a model learns to copy a name instead of knowing it. */
import type { Language } from './languages/types.ts';
import { type NameSource, pick, type Uniform } from './sample.ts';

const ROOM_LISTS = /area|room|floor|place|zone|комнат|этаж/i;
/** One word in so many is never part of a name in training. */
const HELD_OUT = 6;

/** FNV-1a. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return (hash ^ (hash >>> 15)) >>> 0;
}

export const isHeldOut = (text: string, oneIn = HELD_OUT): boolean => hashOf(text) % oneIn === 0;

export interface Names {
  /** Names as training sees them; sometimes the home's own. */
  training: NameSource;
  /** Names of words that no name in training has. */
  unseen: NameSource;
}

/** How often a name is the home's own, known, put together, or invented. */
const SHARES = { own: 0.15, known: 0.35, composed: 0.3 } as const;

export function createNames(language: Language, uniform: Uniform): Names {
  const split = (words: readonly string[]) => ({
    training: words.filter((word) => !isHeldOut(word)),
    unseen: words.filter((word) => isHeldOut(word)),
  });
  const rooms = split(language.rooms);
  const things = split(language.things);
  const modifiers = split(language.modifiers);
  const decline = declension(language, uniform);
  const source =
    (kind: 'training' | 'unseen'): NameSource =>
    (list) => {
      const heads = ROOM_LISTS.test(list) ? rooms[kind] : things[kind];
      const chance = kind === 'training' ? uniform() : SHARES.own + uniform() * (1 - SHARES.own);
      if (chance < SHARES.own) return undefined;
      if (chance < SHARES.own + SHARES.known) return decline(pick(heads, uniform));
      if (chance < SHARES.own + SHARES.known + SHARES.composed)
        return decline(`${pick(modifiers[kind], uniform)} ${pick(heads, uniform)}`);
      const invented = inventWord(language, uniform);
      if (uniform() < 0.5) return decline(invented);
      return decline(
        uniform() < 0.5
          ? `${invented} ${pick(heads, uniform)}`
          : `${invented} ${inventWord(language, uniform)}`,
      );
    };
  return { training: source('training'), unseen: source('unseen') };
}

/** One to three syllables. */
export function inventWord({ onsets, vowels, codas }: Language, uniform: Uniform): string {
  const syllables = 1 + Math.floor(uniform() * 3);
  let word = '';
  for (let i = 0; i < syllables; i++) word += pick(onsets, uniform) + pick(vowels, uniform);
  return word + pick(codas, uniform);
}

/** Names in a case of their language. */
function declension({ endings = [] }: Language, uniform: Uniform): (name: string) => string {
  return (name) => {
    if (endings.length === 0 || uniform() < 0.3) return name;
    return name
      .split(' ')
      .map((word) => {
        const ending = endings.find(([last]) => word.length > 3 && word.endsWith(last));
        return ending === undefined
          ? word
          : word.slice(0, word.length - ending[0].length) + pick(ending[1], uniform);
      })
      .join(' ');
  };
}
