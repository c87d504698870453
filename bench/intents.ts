/**
 * A home's model on what people really said, trained on templates alone: `npx tsx bench/intents.ts HOME.yaml MODEL`. Commands to a home of
 * NLU-Evaluation-Data (Liu et al. 2019) and, as foreign requests, CLINC150 (Larson et al. 2019) without the intents that a home has itself;
 * both from ../shared. Intents right where 95 % of the foreign requests are refused, and with the margin that the model brings.
 */
import { readFileSync } from 'node:fs';
import { type Figures, figuresOf, marginFor, type Outcome } from '../src/intents/evaluate.ts';
import { NONE, readHome, understandWith, vocabularyOf } from '../src/intents/index.ts';
import { openModel, shippedPrograms } from '../src/node/index.ts';

const DATA = new URL('../../shared/data/intents/', import.meta.url);
/** What the home calls the intents of NLU-Evaluation-Data, and what goes without saying. */
const OURS: Readonly<Record<string, { intent: string; slots: Readonly<Record<string, string>> }>> = {
  iot_hue_lighton: { intent: 'switch', slots: { state: 'on' } },
  iot_hue_lightoff: { intent: 'switch', slots: { state: 'off' } },
  iot_wemo_on: { intent: 'switch', slots: { state: 'on' } },
  iot_wemo_off: { intent: 'switch', slots: { state: 'off' } },
  iot_coffee: { intent: 'switch', slots: { state: 'on' } },
  iot_hue_lightdim: { intent: 'brightness', slots: { change: 'down' } },
  iot_hue_lightup: { intent: 'brightness', slots: { change: 'up' } },
  iot_hue_lightchange: { intent: 'colour', slots: {} },
  iot_cleaning: { intent: 'vacuum', slots: { action: 'start' } },
};
/** Intents of CLINC150 that a home understands. */
const NOT_FOREIGN = new Set([
  'timer',
  'alarm',
  'play_music',
  'next_song',
  'what_song',
  'change_volume',
  'smart_home',
]);
const FOREIGN = 1500;

interface Line {
  text: string;
  intent: string;
}
const lines = (name: string): Line[] =>
  readFileSync(new URL(name, DATA), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

const [homeFile = 'examples/home/home.yaml', modelName = 'home'] = process.argv.slice(2);
const home = readHome([{ name: homeFile, text: readFileSync(homeFile, 'utf8') }]);
const { model, tokenizer } = await openModel(modelName);
const vocabulary = vocabularyOf(model, tokenizer, home);
const understand = understandWith(model, shippedPrograms, home, vocabulary);

const said = lines('nlu-evaluation-half.jsonl').filter(({ intent }) => intent in OURS);
const others = lines('clinc150.jsonl').filter(({ intent }) => !NOT_FOREIGN.has(intent));
const step = Math.floor(others.length / FOREIGN);
const cases = (all: Line[], meaning: (line: Line) => Outcome['meaning']): Outcome[] =>
  all.map((line) => ({ text: line.text, meaning: meaning(line), understood: understand(line.text) }));
const own = cases(said, ({ intent }) => ({ intent: OURS[intent].intent, slots: { ...OURS[intent].slots } }));
const foreign = cases(
  others.filter((_, i) => i % step === 0),
  () => ({ intent: NONE, slots: {} }),
);

/** Of the requests: the intent right, also the direction where the answer names one. */
function directionsRight(refuse: number): number {
  const right = ({ meaning, understood }: Outcome): boolean =>
    understood.margin >= refuse &&
    understood.meaning.intent === meaning.intent &&
    Object.entries(meaning.slots).every(
      ([slot, value]) => (understood.meaning.slots[slot] ?? value) === value,
    );
  return own.filter(right).length / own.length;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(8);
console.log(`${own.length} requests to a home, ${foreign.length} foreign ones`);
console.log('margin                  nats   intent  and direction  foreign refused');
let figures: Figures | undefined;
for (const [name, refuse] of [
  ['95 % refused', marginFor(foreign, 0.95)],
  ["the model's own", vocabulary.refuse],
] as const) {
  figures = figuresOf([...own, ...foreign], refuse);
  const columns = [figures.intent / figures.own, directionsRight(refuse), figures.refused / figures.foreign];
  console.log(name.padEnd(20), refuse.toFixed(2).padStart(7), ...columns.map(percent));
}
for (const { wanted, answered, count, example } of (figures?.confusions ?? []).slice(0, 20))
  console.log(String(count).padStart(3), wanted.padEnd(24), answered.padEnd(24), example);
