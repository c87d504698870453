/** How well a model, or anything else, understands: exact meanings, intents, refusals, and what is taken for what. */
import { classOf } from './answer.ts';
import { type Meaning, NONE, sameMeaning, type Value } from './home.ts';

/** What was understood: `margin` says how sure, foreign requests have little of it. */
export interface Understood {
  meaning: Meaning;
  margin: number;
}

export type Understand = (sentence: string) => Understood;

export interface Case {
  text: string;
  meaning: Meaning;
}

/** A case with its answer, whatever the margin. */
export interface Outcome extends Case {
  understood: Understood;
}

export interface Figures {
  cases: number;
  /** Of those that are for the home: intent and all slots right; the intent (and what goes without saying) right. */
  exact: number;
  intent: number;
  own: number;
  /** Of those that are foreign: refused. */
  refused: number;
  foreign: number;
  /** What was wanted and what was answered, most frequent first. */
  confusions: { wanted: string; answered: string; count: number; example: string }[];
}

export const tryAll = (cases: readonly Case[], understand: Understand): Outcome[] =>
  cases.map((one) => ({ ...one, understood: understand(one.text) }));

export function figuresOf(outcomes: readonly Outcome[], refuse: number): Figures {
  const figures: Figures = {
    cases: outcomes.length,
    exact: 0,
    intent: 0,
    own: 0,
    refused: 0,
    foreign: 0,
    confusions: [],
  };
  const confusions = new Map<string, Figures['confusions'][number]>();
  for (const { text, meaning, understood } of outcomes) {
    const answer = understood.margin < refuse ? { intent: NONE, slots: {} } : understood.meaning;
    if (meaning.intent === NONE) {
      figures.foreign++;
      if (answer.intent === NONE) figures.refused++;
    } else {
      figures.own++;
      if (sameMeaning(answer, meaning)) figures.exact++;
      if (answer.intent === meaning.intent) figures.intent++;
    }
    if (sameMeaning(answer, meaning)) continue;
    const [wanted, answered] = [describe(meaning), describe(answer)];
    const key = `${wanted} -> ${answered}`;
    const found = confusions.get(key) ?? { wanted, answered, count: 0, example: text };
    found.count++;
    confusions.set(key, found);
  }
  figures.confusions = [...confusions.values()].sort((a, b) => b.count - a.count);
  return figures;
}

const describe = ({ intent, slots }: Meaning): string => {
  const fixed = Object.fromEntries(
    Object.entries(slots).filter(([slot]) => ['state', 'action', 'change', 'about'].includes(slot)),
  );
  return classOf(intent, fixed);
};

/** The margin below which a share `wanted` of the foreign requests lies. */
export function marginFor(outcomes: readonly Outcome[], wanted: number): number {
  const margins = outcomes
    .filter(({ meaning }) => meaning.intent === NONE)
    .map(({ understood }) => understood.margin)
    .sort((a, b) => a - b);
  return margins.length === 0
    ? 0
    : (margins[Math.min(margins.length - 1, Math.ceil(wanted * margins.length))] ?? 0);
}

/** A printed answer as a meaning. */
export function parseAnswer(text: string): Meaning {
  const { intent, slots = {} } = JSON.parse(text) as { intent: string; slots?: Record<string, Value> };
  return { intent, slots };
}
