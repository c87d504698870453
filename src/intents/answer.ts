/**
 * The form of an answer: after the sentence a separator, one token for the intent with all that goes without saying, and for each slot
 * its token, what was said for it in the words of its list, and a token that ends it. The grammar lets only such answers through, and
 * says for each state what is printed: JSON with the values that the lists stand for. So a model copies what it reads, and needs to
 * know neither JSON nor what a word stands for.
 */
import { FailureError } from '../errors.ts';
import type { TokenAutomaton, TokenState } from '../grammar/index.ts';
import { saidOf } from './expand.ts';
import { type Block, type Home, NONE, type Value } from './home.ts';
import { scopeOf } from './read.ts';
import { type Example, listsOf, slotsOf } from './sample.ts';
import type { Template } from './template.ts';

/** What tokens stand for that are no text. */
export interface Symbols {
  /** Texts of their pieces, in the order of their ids. */
  readonly names: readonly string[];
  readonly separator: number;
  readonly endOfSlot: number;
  readonly end: number;
  /** By {@link classOf}. */
  readonly classes: ReadonlyMap<string, number>;
  readonly slots: ReadonlyMap<string, number>;
}

/** An intent with its fixed slots. */
export interface Class {
  readonly intent: string;
  readonly fixed: Readonly<Record<string, Value>>;
  /** Which slots its sentences fill, each in the order of the home's slots. */
  readonly fillings: readonly (readonly string[])[];
}

export const classOf = (intent: string, fixed: Readonly<Record<string, Value>>): string =>
  intent === NONE
    ? NONE
    : [intent, ...Object.entries(fixed).map(([slot, value]) => `${slot}=${value}`)].join(' ');

/** The classes of a home by their names; `none` is always among them, and the first. */
export function classesOf(home: Home): Map<string, Class> {
  const order = slotsOf(home);
  const classes = new Map<string, Class & { fillings: string[][] }>([
    [NONE, { intent: NONE, fixed: {}, fillings: [[]] }],
  ]);
  for (const { name: intent, blocks } of home.intents) {
    if (intent === NONE) continue;
    for (const block of blocks) {
      const name = classOf(intent, block.slots);
      const found = classes.get(name) ?? { intent, fixed: block.slots, fillings: [] };
      for (const filling of fillingsOf(block, home, order))
        if (!found.fillings.some((other) => other.join() === filling.join())) found.fillings.push(filling);
      classes.set(name, found);
    }
  }
  return classes;
}

/** Every set of the one with every set of the other. */
function unions(some: ReadonlySet<number>, others: ReadonlySet<number>): Set<number> {
  const all = new Set<number>();
  for (const one of some) for (const other of others) all.add(one | other);
  return all;
}

function fillingsOf(block: Block, home: Home, order: readonly string[]): string[][] {
  const { rules } = scopeOf(block, home);
  /** Sets of slots as bits, by the slots' order. */
  const sets = (template: Template): Set<number> => {
    switch (template.kind) {
      case 'text':
        return new Set([0]);
      case 'list':
        return new Set([1 << order.indexOf(template.slot)]);
      case 'rule':
        return sets(rules.get(template.name)!);
      case 'choice':
        return new Set(template.parts.flatMap((part) => [...sets(part)]));
      default:
        return template.parts.map(sets).reduce(unions, new Set([0]));
    }
  };
  const found = new Set(block.sentences.flatMap(({ template }) => [...sets(template)]));
  return [...found].map((set) => order.filter((_, i) => set & (1 << i)));
}

/** Symbols of a home, with ids from `first` up. */
export function symbolsOf(home: Home, first: number): Symbols {
  const names: string[] = [];
  const add = (name: string): number => first + names.push(`<${name}>`) - 1;
  return {
    names,
    separator: add('answer'),
    endOfSlot: add('/'),
    end: add('end'),
    classes: new Map([...classesOf(home).keys()].map((name) => [name, add(name)])),
    slots: new Map(slotsOf(home).map((slot) => [slot, add(`${slot}:`)])),
  };
}

/** Tokens of an answer, the separator first. `encode`: tokens of a text that stands behind a space. */
export function answerTokens(
  { intent, fixed, said }: Example,
  symbols: Symbols,
  encode: (text: string) => readonly number[],
): number[] {
  const name = symbols.classes.get(classOf(intent, fixed));
  if (name === undefined) throw new FailureError(`the model knows no intent "${classOf(intent, fixed)}"`);
  if (intent === NONE) return [symbols.separator, name];
  return [
    symbols.separator,
    name,
    ...said.flatMap(({ slot, text }) => [symbols.slots.get(slot)!, ...encode(text), symbols.endOfSlot]),
    symbols.end,
  ];
}

type Edges = ReadonlyMap<number, number>;

/** The automaton of all answers, with the text that each state prints. */
export function answerAutomaton(
  home: Home,
  symbols: Symbols,
  encode: (text: string) => readonly number[],
): TokenAutomaton {
  const { states, add } = builder();
  const end = add('}}', new Map());
  const values = valuesOf(home);

  /** After what was said so far, where `fillings` are still to come. */
  const slotEdges = (fillings: readonly (readonly string[])[], first: boolean): Edges => {
    const edges = new Map<number, number>();
    if (fillings.some(({ length }) => length === 0)) edges.set(symbols.end, end);
    for (const slot of new Set(fillings.map(([next]) => next))) {
      if (slot === undefined) continue;
      const rest = fillings.filter(([next]) => next === slot).map(([, ...others]) => others);
      const behind = slotEdges(rest, false);
      const said = trieOf(values.get(slot)!, encode);
      edges.set(
        symbols.slots.get(slot)!,
        add(`${first ? '' : ','}${JSON.stringify(slot)}:`, walk(said, behind)),
      );
    }
    return edges;
  };
  const walk = (trie: Trie, behind: Edges): Edges => {
    const edges = new Map([...trie.children].map(([token, child]) => [token, add('', walk(child, behind))]));
    if (trie.out !== undefined) edges.set(symbols.endOfSlot, add(JSON.stringify(trie.out), behind));
    return edges;
  };
  const known = new Map<string, Edges>();
  const classEdges = [...classesOf(home)].map(([name, { intent, fixed, fillings }]): [number, number] => {
    const token = symbols.classes.get(name);
    if (token === undefined)
      throw new FailureError(`the model was not trained for "${name}"; train it again`);
    if (intent === NONE) return [token, add(JSON.stringify({ intent }), new Map())];
    const begin = Object.entries(fixed).map(
      ([slot, value]) => `${JSON.stringify(slot)}:${JSON.stringify(value)}`,
    );
    const key = `${begin.length} ${fillings.join(' ')}`;
    const edges = known.get(key) ?? slotEdges(fillings, begin.length === 0);
    known.set(key, edges);
    return [token, add(`{"intent":${JSON.stringify(intent)},"slots":{${begin.join(',')}`, edges)];
  });
  const decide = add('\n', new Map(classEdges));
  const start = add('', new Map([[symbols.separator, decide]]));
  return ordered(states, start);
}

/** What may be said for each slot, with what it stands for. */
export function valuesOf(home: Home): Map<string, Map<string, Value>> {
  const values = new Map<string, Map<string, Value>>();
  for (const { blocks } of home.intents) {
    for (const block of blocks) {
      const scope = scopeOf(block, home);
      for (const { slot, list } of listsOf(block, home)) {
        const found = scope.lists.get(list)!;
        if (found.kind === 'wildcard') {
          throw new FailureError(
            `the list "${list}" takes any words, which a model cannot answer with yet; write down what may be said`,
          );
        }
        const said = values.get(slot) ?? new Map<string, Value>();
        values.set(slot, said);
        for (const { text, out } of saidOf(found, scope.rules, home.language))
          if (!said.has(text)) said.set(text, out);
      }
    }
  }
  return values;
}

interface Trie {
  children: Map<number, Trie>;
  out?: Value;
}

function trieOf(said: ReadonlyMap<string, Value>, encode: (text: string) => readonly number[]): Trie {
  const root: Trie = { children: new Map() };
  for (const [text, out] of said) {
    let at = root;
    for (const token of encode(text)) {
      let child = at.children.get(token);
      if (child === undefined) at.children.set(token, (child = { children: new Map() }));
      at = child;
    }
    at.out ??= out;
  }
  return root;
}

/** States, equal ones once. */
function builder() {
  const states: { text: string; edges: Edges }[] = [];
  const numbers = new Map<string, number>();
  const add = (text: string, edges: Edges): number => {
    const key = JSON.stringify([text, [...edges].sort((a, b) => a[0] - b[0])]);
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = states.push({ text, edges }) - 1));
    return number;
  };
  return { states, add };
}

/** Breadth first from the start, with what is still needed to the end. */
function ordered(states: readonly { text: string; edges: Edges }[], start: number): TokenAutomaton {
  // A state is added after those that it leads to, so distances are known in order.
  const distances: number[] = [];
  for (const { edges } of states)
    distances.push(edges.size === 0 ? 0 : 1 + Math.min(...[...edges.values()].map((to) => distances[to])));
  const numbers = new Map([[start, 0]]);
  for (const state of numbers.keys())
    for (const to of states[state].edges.values()) if (!numbers.has(to)) numbers.set(to, numbers.size);
  return {
    start: 0,
    states: [...numbers.keys()].map((state): TokenState => {
      const { text, edges } = states[state];
      const sorted = [...edges].sort((a, b) => a[0] - b[0]);
      return {
        tokens: Uint16Array.from(sorted, ([token]) => token),
        next: Uint16Array.from(sorted, ([, to]) => numbers.get(to)!),
        accepting: edges.size === 0,
        distance: distances[state],
        text,
      };
    }),
  };
}
