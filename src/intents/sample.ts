/** Sentences drawn from a home's templates, with what they mean. */
import { numbersOf, type Said, saidOf, textsOf } from './expand.ts';
import { type Block, type Home, NONE, type Scope, type SlotList, type Value } from './home.ts';
import { sayNumber } from './numbers.ts';
import { scopeOf } from './read.ts';
import { normalize, type Template } from './template.ts';

/** What was said for a slot. */
export interface SaidSlot extends Said {
  readonly slot: string;
}

export interface Example {
  /** Normalised. */
  readonly text: string;
  readonly intent: string;
  /** Slots that go without saying. */
  readonly fixed: Readonly<Record<string, Value>>;
  /** In the order of {@link slotsOf}. */
  readonly said: readonly SaidSlot[];
}

/** Uniform in [0, 1). */
export type Uniform = () => number;

export const pick = <Item>(items: readonly Item[], uniform: Uniform): Item =>
  items[Math.floor(uniform() * items.length)];

/** Makes up what a list of names might say; undefined: what the home's own says. */
export type NameSource = (list: string) => string | undefined;

/** How sentences are drawn otherwise than as they stand in a home. */
export interface Manner {
  names?: NameSource;
  /** Says what is not said for a slot in other words; a slot is one letter of those for private use. */
  rephrase?: (sentence: string) => string;
}

/** Of a range, how often digits are said rather than words. */
const DIGITS = 0.5;

/** All slots of a home in the order in which they first appear. */
export function slotsOf(home: Home): string[] {
  const slots = new Set<string>();
  for (const { blocks } of home.intents) {
    for (const block of blocks) for (const list of listsOf(block, home)) slots.add(list.slot);
  }
  return [...slots];
}

/** The lists that a block's sentences name, each slot and list once. */
export function listsOf(block: Block, home: Home): { slot: string; list: string }[] {
  const { rules } = scopeOf(block, home);
  const found = new Map<string, { slot: string; list: string }>();
  const look = (template: Template): void => {
    if (template.kind === 'list') {
      found.set(`${template.slot} ${template.list}`, { slot: template.slot, list: template.list });
    } else if (template.kind === 'rule') look(rules.get(template.name)!);
    else if (template.kind !== 'text') template.parts.forEach(look);
  };
  for (const { template } of block.sentences) look(template);
  return [...found.values()];
}

/** First of Unicode's letters for private use. */
const PRIVATE = 0xe000;
const PRIVATE_LETTERS = /[\ue000-\uf8ff]/g;

/** Draws sentences of one block's templates. */
export interface Sampler {
  draw(template: Template, block: Block, uniform: Uniform, manner?: Manner): Omit<Example, 'intent'>;
}

export function createSampler(home: Home): Sampler {
  const order = slotsOf(home);
  const texts = new Map<SlotList, readonly (readonly Said[])[]>();
  const valuesOf = (list: SlotList, scope: Scope): readonly (readonly Said[])[] => {
    let found = texts.get(list);
    if (found === undefined) {
      found =
        list.kind === 'values'
          ? list.values.map(({ text, out }) =>
              textsOf(text, scope.rules).map((said) => ({ text: said, out })),
            )
          : [saidOf(list, scope.rules, home.language)];
      texts.set(list, found);
    }
    return found;
  };

  const say = (name: string, scope: Scope, uniform: Uniform, names?: NameSource): Said => {
    const list = scope.lists.get(name)!;
    if (home.names.has(name)) {
      const made = names?.(name);
      if (made !== undefined) return { text: made, out: made };
    }
    if (list.kind !== 'range') return pick(pick(valuesOf(list, scope), uniform), uniform);
    const value = pick(numbersOf(list), uniform);
    const [digits, ...words] = sayNumber(value, home.language);
    const text = words.length === 0 || uniform() < DIGITS ? digits : pick(words, uniform);
    return { text, out: value * list.factor };
  };

  return {
    draw(template, block, uniform, { names, rephrase } = {}) {
      const scope = scopeOf(block, home);
      const said: SaidSlot[] = [];
      const draw = (one: Template): string => {
        switch (one.kind) {
          case 'text':
            return one.text;
          case 'choice':
            return draw(pick(one.parts, uniform));
          case 'sequence':
            return one.parts.map(draw).join('');
          case 'permutation':
            return shuffled(one.parts, uniform).map(draw).join(' ');
          case 'rule':
            return draw(scope.rules.get(one.name)!);
          case 'list': {
            const what = say(one.list, scope, uniform, names);
            said.push({ slot: one.slot, ...what });
            return rephrase ? String.fromCodePoint(PRIVATE + said.length - 1) : what.text;
          }
        }
      };
      const drawn = normalize(draw(template));
      const text = rephrase
        ? rephrase(drawn).replace(
            PRIVATE_LETTERS,
            (letter) => said[letter.codePointAt(0)! - PRIVATE]?.text ?? letter,
          )
        : drawn;
      said.sort((a, b) => order.indexOf(a.slot) - order.indexOf(b.slot));
      return { text, fixed: block.slots, said };
    },
  };
}

export function shuffled<Item>(items: readonly Item[], uniform: Uniform): Item[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** What an example means, as values. */
export function meaningOf({ intent, fixed, said }: Example): {
  intent: string;
  slots: Record<string, Value>;
} {
  if (intent === NONE) return { intent, slots: {} };
  return { intent, slots: { ...fixed, ...Object.fromEntries(said.map(({ slot, out }) => [slot, out])) } };
}
