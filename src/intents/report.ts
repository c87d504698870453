/** The figures of a home's model: on phrasings and names that training did not see, and what is foreign. */
import { createBaseline } from './baseline.ts';
import { casesOf, languageOf, uniformOf } from './build.ts';
import { type Figures, figuresOf, marginFor, type Outcome, tryAll, type Understand } from './evaluate.ts';
import { createExamples, type Examples } from './examples.ts';
import type { Home } from './home.ts';
import { createNames } from './names.ts';

export interface ReportRow {
  name: string;
  figures: Figures;
}

export interface ReportOptions {
  /** Sentences of each kind. */
  count?: number;
  seed?: number;
}

/** Names of each list that nobody's training has seen. */
const UNSEEN_NAMES = 30;
/** Sentences that the baseline compares with. */
const BASELINE_SENTENCES = 20_000;

/** A home like this one, with other names. */
function withUnseenNames(home: Home, seed: number): Home {
  const { unseen } = createNames(languageOf(home), uniformOf(seed));
  const lists = new Map(home.lists);
  for (const list of home.names) {
    const names = new Set<string>();
    while (names.size < UNSEEN_NAMES) names.add(unseen(list)!);
    const values = [...names].map((name) => ({ text: { kind: 'text', text: name } as const, out: name }));
    lists.set(list, { kind: 'values', values });
  }
  return { ...home, lists };
}

/** Makes what is tried for the home with its own names, and for one with others. */
export type MakeUnderstand = (home: Home) => Understand;

/** `refuse`: the margin of what is tried. */
export function reportOn(
  home: Home,
  make: MakeUnderstand,
  refuse: number,
  { count = 500, seed = 7 }: ReportOptions = {},
): ReportRow[] {
  const language = languageOf(home);
  const examples = createExamples(home, language, uniformOf(seed));
  const renamed = withUnseenNames(home, seed);
  const others = createExamples(renamed, language, uniformOf(seed + 1));
  const own = make(home);
  const row = (name: string, outcomes: readonly Outcome[]): ReportRow => ({
    name,
    figures: figuresOf(outcomes, refuse),
  });
  return [
    row(
      'held-out phrasings',
      tryAll(
        casesOf(() => examples.heldOut('own'), count),
        own,
      ),
    ),
    row(
      '... with mistakes and politeness',
      tryAll(
        casesOf(() => examples.noisy(examples.heldOut('own')), count),
        own,
      ),
    ),
    row(
      '... with names never seen',
      tryAll(
        casesOf(() => others.heldOut('own'), count),
        make(renamed),
      ),
    ),
    row(
      'held-out foreign requests',
      tryAll(
        casesOf(() => examples.foreign(true), count),
        own,
      ),
    ),
  ];
}

/** The nearest sentence of the templates, with the margin that refuses as many foreign requests. */
export function baselineOf(
  home: Home,
  { seed = 7 }: ReportOptions = {},
): { make: MakeUnderstand; refuse: number } {
  const language = languageOf(home);
  const make: MakeUnderstand = (one) => {
    const examples = createExamples(one, language, uniformOf(seed + 2));
    return createBaseline(Array.from({ length: BASELINE_SENTENCES }, () => examples.clean()));
  };
  const examples: Examples = createExamples(home, language, uniformOf(seed + 3));
  const foreign = casesOf(() => examples.foreign(true), 200);
  return { make, refuse: marginFor(tryAll(foreign, make(home)), 0.97) };
}
