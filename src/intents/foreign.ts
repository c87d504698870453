/** Requests that a home does not understand. */

import type { Language } from './languages/types.ts';
import { inventWord, isHeldOut } from './names.ts';
import { readHome } from './read.ts';
import { createSampler, pick, shuffled, type Uniform } from './sample.ts';

export interface Foreign {
  /** Templates as they are. */
  plain(held: boolean): string;
  /** Also what is no sentence at all. `ours`: a sentence of the home, of which little is left. */
  any(ours: () => string): string;
}

/** Shares of what stands in `any`, in its order; the rest is plain. */
const SHARES = { joined: 0.08, exchanged: 0.12, ruined: 0.05, salad: 0.06, invented: 0.03 } as const;

export function createForeign(language: Language, uniform: Uniform): Foreign {
  const lists = Object.entries(language.foreignLists).map(
    ([name, text]) => `  ${name}: ${JSON.stringify(text)}`,
  );
  const lines = language.foreign
    .trim()
    .split('\n')
    .filter((line) => line.trim() !== '');
  const text = [
    'expansion_rules:',
    ...lists.map((line) => line.replace(/\{(\w+)\}/g, '<$1>')),
    'intents:',
    '  none:',
    '    data:',
    '      - sentences:',
    ...lines.map((line) => `          - ${JSON.stringify(line.replace(/\{(\w+)\}/g, '<$1>'))}`),
  ].join('\n');
  const home = readHome([{ name: 'foreign requests', text }]);
  const [block] = home.intents[0].blocks;
  const sampler = createSampler(home);
  const training = block.sentences.filter((sentence) => !isHeldOut(sentence.text));
  const heldOut = block.sentences.filter((sentence) => isHeldOut(sentence.text));
  const words = language.words.split(' ');
  const plain = (held: boolean) =>
    sampler.draw(pick(held ? heldOut : training, uniform).template, block, uniform).text;
  const exchanged = (sentence: string, share: number) =>
    sentence
      .split(' ')
      .map((word) => (uniform() < share ? pick(words, uniform) : word))
      .join(' ');
  const makers: readonly [share: number, make: (ours: () => string) => string][] = [
    [SHARES.joined, () => `${half(plain(false), 0, uniform)} ${half(plain(false), 1, uniform)}`],
    [SHARES.exchanged, () => exchanged(plain(false), 0.35)],
    [SHARES.ruined, (ours) => exchanged(shuffled(ours().split(' '), uniform).join(' '), 0.75)],
    [
      SHARES.salad,
      () => Array.from({ length: 1 + Math.floor(uniform() * 8) }, () => pick(words, uniform)).join(' '),
    ],
    [
      SHARES.invented,
      () =>
        Array.from({ length: 1 + Math.floor(uniform() * 4) }, () => inventWord(language, uniform)).join(' '),
    ],
  ];
  return {
    plain,
    any(ours) {
      let chance = uniform();
      for (const [share, make] of makers) {
        if (chance < share) return make(ours);
        chance -= share;
      }
      return plain(false);
    },
  };
}

/** The first or second part of a sentence. */
function half(sentence: string, which: 0 | 1, uniform: Uniform): string {
  const words = sentence.split(' ');
  const at = Math.ceil(words.length * (0.3 + 0.4 * uniform()));
  return (which === 0 ? words.slice(0, at) : words.slice(at)).join(' ');
}
