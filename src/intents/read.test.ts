import { expect, it } from 'vitest';
import { readHome } from './read.ts';

const read = (text: string) => readHome([{ name: 'home.yaml', text }]);
const withSentence = (sentence: string) =>
  `intents:\n  light:\n    data:\n      - sentences:\n          - ${JSON.stringify(sentence)}\n`;

it.each([
  ['intents: [', /home.yaml, line \d: no YAML/],
  ['- a\n- b\n', /home.yaml, line 1: a home wants "name: ..." lines/],
  ['language: en\nrooms: [a]\n', /home.yaml, line 2: there is no "rooms" here; a home has language, names/],
  ['intents:\n  light:\n    sentences: [a]\n', /line 2: an intent wants "data:"/],
  ['intents:\n  light:\n    data:\n      - slots: { a: 1 }\n', /line 4: a block wants "sentences:"/],
  [
    'intents:\n  light:\n    data:\n      - sentences: [a]\n        colour: red\n',
    /line 5: there is no "colour" in a block/,
  ],
  [withSentence('turn on (the|a light'), /line 5: "turn on .*", character 21: the closing \) is missing/],
  [withSentence('turn on the] light'), /character 12: there is a \] without its opening/],
  [withSentence('turn on {area'), /the closing } is missing/],
  [withSentence('turn on {area name}'), /"area name" is no name/],
  [withSentence('turn on {area}'), /line 5: there is no list "area"; write it under "lists:" or "names:"/],
  [withSentence('<turn> on'), /line 5: there is no rule <turn>; write it under "expansion_rules:"/],
  [`expansion_rules:\n  a: "<b>"\n  b: "<a>"\n${withSentence('<a>')}`, /the rule <a> stands within itself/],
  ['lists:\n  percent:\n    range: { from: 0 }\n', /home.yaml, line 3: a range wants "from" and "to"/],
  ['lists:\n  percent:\n    range: { from: 10, to: 0 }\n', /a range goes up/],
  [
    'lists:\n  area:\n    things: [a]\n',
    /line 2: the list "area" wants "values:", "range:" or "wildcard: true"/,
  ],
  ['lists:\n  area:\n    values:\n      - out: a\n', /line 4: a value wants "in:"/],
])('refuses %j', (text, message) => {
  expect(() => read(text)).toThrow(message);
});

it('reads several files as one home', () => {
  const home = readHome([
    { name: 'a.yaml', text: 'language: de\nlists:\n  area:\n    values: [a]\n' },
    { name: 'b.yaml', text: withSentence('licht an in {area}') },
    { name: 'c.yaml', text: withSentence('licht aus in {area}') },
  ]);
  expect(home.language).toBe('de');
  expect(home.intents).toHaveLength(1);
  expect(home.intents[0].blocks.map(({ sentences }) => sentences[0].where)).toEqual([
    'b.yaml, line 5',
    'c.yaml, line 5',
  ]);
});
