/** Other words for the same: what a home's templates say is said as other people would say it, by a table of the language. */
import type { Language } from './languages/types.ts';
import { pick, type Uniform } from './sample.ts';

/**
 * How often a sentence is changed where a home has few templates, and each place of it that has other words. Of 14 templates, with none, 0.3 and
 * 0.6 of the sentences 66, 75 and 73 % of what people really said were understood (bench/intents.ts, 150 seconds of training).
 */
const SHARES = { sentence: 0.3, place: 0.35 } as const;
/**
 * A home of so many says things in enough ways of its own, and what is said otherwise takes more of a small model than it gives: of the example
 * home 85.4 % of kept-out phrasings were all right with 0.6 of the sentences changed, 86.2 % with none.
 */
const ENOUGH_TEMPLATES = 200;
/** Stands for words that stay, at most so many of them between two that are exchanged. */
const GAP = '…';
const MOST_BETWEEN = 6;

interface Rule {
  readonly find: RegExp;
  readonly forms: readonly string[];
}

export type Paraphrase = (sentence: string) => string;

/**
 * Reads lines like `turn on|switch on > power on|get … going`: what stands on the left, whole words of it, becomes anything of the whole line.
 * A gap `…` stands for words that stay; behind what is looked for it is all of a sentence that begins so.
 *
 * @param templates how many a home has for its training: where there are few, more is said in other words
 * @returns undefined where there are enough
 */
export function createParaphrase(
  { paraphrases }: Pick<Language, 'paraphrases'>,
  uniform: Uniform,
  templates: number,
): Paraphrase | undefined {
  const share = SHARES.sentence * Math.max(0, 1 - templates / ENOUGH_TEMPLATES);
  if (share === 0) return undefined;
  const rules = paraphrases.map(ruleOf);
  const byWord = new Map<string, number[]>();
  paraphrases.forEach((line, index) => {
    for (const form of formsOf(line.split('>')[0])) {
      const [word] = form.replace(GAP, '').trim().split(' ');
      byWord.set(word, [...(byWord.get(word) ?? []), index]);
    }
  });
  return (sentence) => {
    if (uniform() >= share) return sentence;
    const met = new Set(sentence.split(' ').flatMap((word) => byWord.get(word) ?? []));
    return [...met]
      .sort((a, b) => a - b)
      .reduce(
        (result, index) => (uniform() < SHARES.place ? exchanged(result, rules[index], uniform) : result),
        sentence,
      );
  };
}

function exchanged(sentence: string, { find, forms }: Rule, uniform: Uniform): string {
  return sentence.replace(find, (...groups: (string | undefined)[]) => {
    const kept = groups.slice(1, -2).find((group) => group !== undefined);
    return pick(forms, uniform).replace(GAP, kept ?? '');
  });
}

const formsOf = (side: string): string[] => side.split('|').map((form) => form.trim());

function ruleOf(line: string): Rule {
  const [found, others] = line.split('>').map(formsOf);
  return {
    find: new RegExp(`(?<![\\p{L}\\p{N}'])(?:${found.map(patternOf).join('|')})(?![\\p{L}\\p{N}'])`, 'u'),
    forms: [...found, ...others],
  };
}

function patternOf(form: string): string {
  if (form.endsWith(GAP)) return `^${form.slice(0, -GAP.length)}(.+)$`;
  return form.replace(GAP, `(\\S+(?: \\S+){0,${MOST_BETWEEN - 1}}?)`);
}
