/** What a model has to be better than: the nearest sentence of the templates by edit distance. */
import type { Understand } from './evaluate.ts';
import type { Example } from './sample.ts';
import { meaningOf } from './sample.ts';
import { normalize } from './template.ts';

/** Sentences that are compared letter by letter, after a look at which share most groups of three letters. */
const CANDIDATES = 60;

/** `margin` is minus the share of letters that have to change. */
export function createBaseline(examples: readonly Example[]): Understand {
  const known = [...new Map(examples.map((example) => [example.text, example])).values()];
  const index = new Map<string, number[]>();
  known.forEach(({ text }, number) => {
    for (const group of groupsOf(text)) {
      const list = index.get(group);
      if (list === undefined) index.set(group, [number]);
      else list.push(number);
    }
  });
  const shared = new Float32Array(known.length);
  return (sentence) => {
    const text = normalize(sentence);
    shared.fill(0);
    const groups = groupsOf(text);
    for (const group of groups) for (const number of index.get(group) ?? []) shared[number]++;
    const nearest = [...shared.keys()]
      .filter((number) => shared[number] > 0)
      .map((number) => ({ number, score: shared[number] / (groups.size + known[number].text.length) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, CANDIDATES)
      .map(({ number }) => ({ number, distance: editDistance(text, known[number].text) }))
      .sort((a, b) => a.distance - b.distance)[0];
    if (nearest === undefined)
      return { meaning: { intent: 'none', slots: {} }, margin: Number.NEGATIVE_INFINITY };
    const found = known[nearest.number];
    return {
      meaning: meaningOf(found),
      margin: -nearest.distance / Math.max(text.length, found.text.length),
    };
  };
}

function groupsOf(text: string): Set<string> {
  const padded = ` ${text} `;
  const groups = new Set<string>();
  for (let i = 0; i + 3 <= padded.length; i++) groups.add(padded.slice(i, i + 3));
  return groups;
}

/** Letters to put in, leave out or change (Levenshtein 1966). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1])));
    row = next;
  }
  return row[b.length];
}
