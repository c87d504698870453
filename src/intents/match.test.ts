import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { needing } from '../testing/needs.ts';
import { uniformOf } from './build.ts';
import { createExamples } from './examples.ts';
import { type Home, sameMeaning } from './home.ts';
import { languages } from './languages/index.ts';
import { recognize } from './match.ts';
import { readHome } from './read.ts';
import { meaningOf } from './sample.ts';
import { normalize } from './template.ts';
import { hasOhf, readOhf } from './testing.ts';

const load = (name: string): Home =>
  readHome([{ name, text: readFileSync(new URL(name, import.meta.url), 'utf8') }]);
const small = load('./test-home.yaml');

describe('a home', () => {
  it.each([
    ['Turn on the lights!', { state: 'on' }],
    ['lights on', { state: 'on' }],
    ['on lights', { state: 'on' }],
    ['turn on my lounge lights', { state: 'on', area: 'living room' }],
    ['set kitchen lights to forty two percent', { area: 'kitchen', brightness: 42 }],
    ['set kitchen lights to 42%', { area: 'kitchen', brightness: 42 }],
    ['set kitchen lights to 42 %', { area: 'kitchen', brightness: 42 }],
  ])('understands %j', (sentence, slots) => {
    expect(recognize(small, sentence).map((meaning) => meaning.slots)).toEqual([slots]);
  });

  it.each(['turn on', 'turn on the attic lights', 'turnon lights', 'set kitchen lights to 142'])(
    'does not understand %j',
    (sentence) => expect(recognize(small, sentence)).toEqual([]),
  );

  it.each(['../../examples/home/home.yaml', '../../examples/home/home.ru.yaml', './test-home.yaml'])(
    '%s: what is drawn from it is recognised',
    (name) => {
      const home = load(name);
      const examples = createExamples(home, languages[home.language], uniformOf(5));
      for (let i = 0; i < 150; i++) {
        const example = examples.clean();
        const wanted = meaningOf(example);
        expect(
          recognize(home, example.text).some((found) => sameMeaning(found, wanted)),
          example.text,
        ).toBe(true);
      }
    },
  );
});

/** A sentence of theirs in which several names of the house stand may be cut in several ways: one of them has to be theirs. */
describe.skipIf(!hasOhf)(needing('OHF-Voice/intents', hasOhf, '../shared/data/intents is not there'), () => {
  if (!hasOhf) return void it('its sentences are matched as its tests say', () => {}); // one skip

  it.each(['en', 'ru'])('matches what its tests match (%s)', (language) => {
    const { sources, tests } = readOhf(language);
    const names = 'names:\n  name: [x]\n  area: [x]\n  floor: [x]\n';
    const home = readHome([{ name: 'names', text: names }, ...sources]);
    const missed: string[] = [];
    let sentences = 0;
    for (const { intent, names, sentences: all, slots } of tests) {
      const lists = new Map(home.lists);
      for (const [list, values] of Object.entries(names)) {
        const said = values.map((text) => ({ text: { kind: 'text', text } as const, out: text }));
        lists.set(list, { kind: 'values', values: said });
      }
      const house = { ...home, lists, intents: home.intents.filter(({ name }) => name === intent) };
      for (const sentence of all) {
        sentences++;
        const isTheirs = recognize(house, sentence).some((found) =>
          Object.entries(slots).every(
            ([slot, value]) => normalize(String(found.slots[slot])) === normalize(String(value)),
          ),
        );
        if (!isTheirs) missed.push(sentence);
      }
    }
    expect(sentences).toBeGreaterThan(600);
    expect(missed).toEqual([]);
  });
});
