/** What people do to a sentence: politeness, words left out or moved, mistakes in typing. */
import type { Language } from './languages/types.ts';
import { pick, type Uniform } from './sample.ts';

/** How often each of them happens. */
const SHARES = {
  before: 0.22,
  beforeCommand: 0.25,
  after: 0.22,
  moved: 0.05,
  dropped: 0.14,
  doubled: 0.02,
  mistyped: 0.12,
} as const;
const SHORTEST_MISTYPED = 4;
const PLACE = /^(in|at|inside|for|в|во|на)$/;

export function addNoise(text: string, language: Language, uniform: Uniform): string {
  let words = text.split(' ');
  if (uniform() < SHARES.moved) words = moved(words, uniform);
  if (uniform() < SHARES.dropped) words = withoutOne(words, language, uniform);
  if (uniform() < SHARES.doubled) words.splice(Math.floor(uniform() * words.length), 0, pick(words, uniform));
  if (uniform() < SHARES.mistyped) words = mistyped(words, language, uniform);
  let result = words.join(' ');
  if (uniform() < SHARES.beforeCommand && !language.noCommand.test(result))
    result = `${pick(language.beforeCommand, uniform)} ${result}`;
  if (uniform() < SHARES.before) result = `${pick(language.before, uniform)} ${result}`;
  if (uniform() < SHARES.after) result = `${result} ${pick(language.after, uniform)}`;
  return result;
}

/** The place at the end comes first. */
function moved(words: readonly string[], uniform: Uniform): string[] {
  const places = [...words.keys()].filter((i) => i > 1 && PLACE.test(words[i]));
  if (places.length === 0) return [...words];
  const at = pick(places, uniform);
  return [...words.slice(at), ...words.slice(0, at)];
}

function withoutOne(words: readonly string[], { droppable }: Language, uniform: Uniform): string[] {
  const places = [...words.keys()].filter((i) => droppable.has(words[i]));
  if (places.length === 0 || words.length < 3) return [...words];
  const at = pick(places, uniform);
  return words.filter((_, i) => i !== at);
}

/** One letter of one longer word left out, doubled, changed, or changed for its neighbour. */
function mistyped(words: readonly string[], { letters }: Language, uniform: Uniform): string[] {
  const places = [...words.keys()].filter(
    (i) => words[i].length >= SHORTEST_MISTYPED && !/\d/.test(words[i]),
  );
  if (places.length === 0) return [...words];
  const chosen = pick(places, uniform);
  const word = words[chosen];
  const at = 1 + Math.floor(uniform() * (word.length - 1));
  const [before, letter, behind] = [word.slice(0, at), word[at], word.slice(at + 1)];
  const kinds = [
    before + behind,
    before + letter + letter + behind,
    before + pick([...letters], uniform) + behind,
    before.slice(0, -1) + letter + before.slice(-1) + behind,
  ];
  return words.map((one, i) => (i === chosen ? pick(kinds, uniform) : one));
}
