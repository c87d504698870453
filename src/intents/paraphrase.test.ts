import { describe, expect, it } from 'vitest';
import { uniformOf } from './build.ts';
import { createExamples } from './examples.ts';
import { readHome } from './index.ts';
import { languages } from './languages/index.ts';
import { createParaphrase } from './paraphrase.ts';
import { normalize } from './template.ts';

/** Everything that becomes of a sentence. */
function all(sentence: string, paraphrases: readonly string[], tries = 3000): Set<string> {
  const paraphrase = createParaphrase({ paraphrases }, uniformOf(1), 0)!;
  return new Set(Array.from({ length: tries }, () => paraphrase(sentence)));
}

describe('paraphrases', () => {
  it('exchange whole words for others of their line', () => {
    const rules = ['lamp|light > bulb'];
    expect(all('the light of the lamp', rules)).toEqual(
      new Set(['the light of the lamp', 'the lamp of the lamp', 'the bulb of the lamp']),
    );
    expect(all('lighting and lamps', rules)).toEqual(new Set(['lighting and lamps']));
    expect(all('a bulb', rules)).toEqual(new Set(['a bulb']));
  });

  it('leave the words in a gap where they are', () => {
    expect(all('turn the lights on now', ['turn … on > have … running'])).toEqual(
      new Set(['turn the lights on now', 'have the lights running now']),
    );
    expect(all('dim the lights here', ['dim … > get … dimmed'])).toEqual(
      new Set(['dim the lights here', 'get the lights here dimmed']),
    );
    expect(all('do not dim it', ['dim … > get … dimmed'])).toEqual(new Set(['do not dim it']));
  });

  it.each(Object.entries(languages))(
    'of the language %s are written as they are read',
    (_, { paraphrases }) => {
      for (const line of paraphrases) {
        const [found, others, ...rest] = line.split('>');
        expect(rest, line).toEqual([]);
        for (const form of [...found.split('|'), ...(others ?? '').split('|')].map((one) => one.trim())) {
          expect(normalize(form.replace('…', 'x')), line).toBe(form.replace('…', 'x'));
          expect(form, line).toMatch(/^[\p{L}\p{N}' …-]+$/u);
        }
        const gaps = (side: string): Set<boolean> =>
          new Set(side.split('|').map((form) => form.includes('…')));
        expect(gaps(found), line).toEqual(gaps(others));
        expect(gaps(found).size, line).toBe(1);
      }
    },
  );

  it('are fewer where a home has many templates, and none where it has enough', () => {
    const changed = (templates: number): number => {
      const paraphrase = createParaphrase({ paraphrases: ['lamp > bulb'] }, uniformOf(3), templates)!;
      return Array.from({ length: 4000 }, () => paraphrase('lamp')).filter((text) => text === 'bulb').length;
    };
    expect(changed(0)).toBeGreaterThan(1.5 * changed(100));
    expect(changed(100)).toBeGreaterThan(0);
    expect(createParaphrase({ paraphrases: ['lamp > bulb'] }, uniformOf(3), 200)).toBe(undefined);
  });

  it('leave what is said for a slot as it is, and say more than the templates', () => {
    const text = `language: en
names: { area: [light, turn on] }
intents:
  switch: { data: [{ slots: { state: "on" }, sentences: ["turn on the light in the {area}"] }] }`;
    const examples = createExamples(readHome([{ name: 'home', text }]), languages.en, uniformOf(2));
    const begins = new Set<string>();
    for (let i = 0; i < 30_000; i++) {
      const { intent, text, said } = examples.training();
      expect(text).not.toMatch(/[\ue000-\uf8ff…]/u);
      if (intent === 'switch' && said[0].text === 'turn on' && text.endsWith(' in the turn on'))
        begins.add(text);
    }
    expect(begins).toContain('turn on the light in the turn on');
    expect(begins).toContain('switch on the light in the turn on');
    expect(begins).toContain('turn on the lamp in the turn on');
  });
});
