/**
 * Stories measured as texts, whatever the tokenizer: bits per byte do not see that a story goes round in circles. All counts are of
 * words (letters, lower case), all shares are of the stories together.
 */

export interface StoryMeasures {
  stories: number;
  /** Mean of a story. */
  words: number;
  /** Share of the runs of four words that have stood in their story before. */
  repeated4: number;
  /** Different pairs of neighbouring words in a story, as a share of its pairs. */
  distinct2: number;
  /** Share of words that are in no other story of a text; of its own stories too, so that rare words and invented ones can be told apart. */
  unknown?: number;
}

const WORD = /\p{L}+(?:['’]\p{L}+)*/gu;

export const wordsOf = (story: string): string[] =>
  story.toLowerCase().replaceAll('’', "'").match(WORD) ?? [];

/** Measures stories; `known` are those of a text that words are looked up in. */
export function measureStories(stories: readonly string[], known?: WordCounts): StoryMeasures {
  const total = { words: 0, runs: 0, again: 0, pairs: 0, distinct: 0, unknown: 0 };
  for (const story of stories) {
    const words = wordsOf(story);
    const runs = grams(words, 4);
    const pairs = grams(words, 2);
    total.words += words.length;
    total.runs += runs.length;
    total.again += runs.length - new Set(runs).size;
    total.pairs += pairs.length;
    total.distinct += new Set(pairs).size;
    if (known) total.unknown += words.filter((word) => !known.isIn(word, story)).length;
  }
  const share = (part: number, whole: number) => (whole ? part / whole : 0);
  return {
    stories: stories.length,
    words: share(total.words, stories.length),
    repeated4: share(total.again, total.runs),
    distinct2: share(total.distinct, total.pairs),
    ...(known ? { unknown: share(total.unknown, total.words) } : {}),
  };
}

const grams = (words: readonly string[], size: number): string[] =>
  words.slice(size - 1).map((_, i) => words.slice(i, i + size).join(' '));

/** In which stories of a text words stand. */
export interface WordCounts {
  /** Whether a word stands in a story of the text that does not begin as this one does. */
  isIn(word: string, story: string): boolean;
}

/** So many characters tell stories apart; what is measured may be the beginning of one. */
const BEGINNING = 80;

export function countWords(stories: readonly string[]): WordCounts {
  const counts = new Map<string, number>();
  const own = new Map<string, Set<string>>();
  for (const story of stories) {
    const words = new Set(wordsOf(story));
    own.set(story.slice(0, BEGINNING), words);
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return {
    isIn: (word, story) => (counts.get(word) ?? 0) > (own.get(story.slice(0, BEGINNING))?.has(word) ? 1 : 0),
  };
}

/**
 * For each of some stories the beginning of a real one that is as long, to measure beside it: as many words, cut where the story is longer.
 * Those that begin with the same words come first. Fewer where the real ones are too few or too short.
 */
export function realStoriesLike(
  stories: readonly string[],
  real: readonly string[],
  prompt: string,
): string[] {
  const isAlike = (story: string) => story.startsWith(prompt);
  const left = [...real.filter(isAlike), ...real.filter((story) => !isAlike(story))];
  return stories.flatMap((story) => {
    const words = wordsOf(story).length;
    const place = left.findIndex((candidate) => wordsOf(candidate).length >= words);
    return place < 0 ? [] : [firstWords(left.splice(place, 1)[0], words)];
  });
}

/** The beginning of a text up to its so-manieth word, with the punctuation behind it. */
function firstWords(text: string, count: number): string {
  let seen = 0;
  for (const { index, 0: word } of text.matchAll(WORD)) {
    if (++seen < count) continue;
    const end = index + word.length;
    return text.slice(0, end) + (/^[^\p{L}\s]*/u.exec(text.slice(end))?.[0] ?? '');
  }
  return text;
}
