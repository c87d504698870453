import { describe, expect, it } from 'vitest';
import { countWords, measureStories, realStoriesLike } from './stories.ts';

describe('a story as a text', () => {
  it('counts runs of four words that came before, and different pairs', () => {
    const { words, repeated4, distinct2 } = measureStories([
      'The cat sat down. The cat SAT down, the cat sat!',
    ]);
    // 11 words, 8 runs of four: "the cat sat down" and "cat sat down the" and "sat down the cat", "down the cat sat" come again.
    expect(words).toBe(11);
    expect(repeated4).toBeCloseTo(4 / 8, 10);
    expect(distinct2).toBeCloseTo(4 / 10, 10);
  });

  it('knows no runs across stories, and is defined for stories without words', () => {
    expect(measureStories(['one two three four', 'one two three four']).repeated4).toBe(0);
    expect(measureStories(['', '...'])).toEqual({ stories: 2, words: 0, repeated4: 0, distinct2: 0 });
  });

  it('looks words up in the other stories of a text', () => {
    const text = ['the big dog', 'the small dog', 'a tiny cat'];
    const known = countWords(text);
    expect(measureStories(['the big cat glarped'], known).unknown).toBeCloseTo(1 / 4, 10);
    expect(measureStories(text, known).unknown).toBeCloseTo(5 / 9, 10);
  });
});

describe('real stories of the same length', () => {
  const real = [
    'A dog ran.',
    'One day, a cat sat on the big mat. It slept.',
    'One day the sun came out, and all was well.',
  ];

  it('begin with the prompt where there are such, are cut at the word, and are used once', () => {
    const like = realStoriesLike(['One day x y z', 'One day x y'], real, 'One day');
    expect(like).toEqual(['One day, a cat sat', 'One day the sun']);
  });

  it('are fewer where the text has none as long', () => {
    expect(realStoriesLike(['a '.repeat(30), 'b b'], real, '')).toEqual(['A dog']);
  });
});
