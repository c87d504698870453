/**
 * A grammar as a deterministic automaton over bytes: Thompson's construction, subsets, and the least number of states.
 *
 * Rules may refer to themselves. Where the reference is the last thing that the rule matches, it is a loop and the automaton is
 * exact; elsewhere (a list within a list) the rule is unrolled, {@link GrammarLimits.nesting} levels deep.
 */
import { FailureError } from '../errors.ts';
import type { Expression, Grammar, Range } from './expression.ts';
import { utf8Sequences } from './utf8.ts';

export interface GrammarLimits {
  /** How often a rule may stand within itself; what is nested deeper is not part of the language. */
  nesting: number;
  /** States of the automaton, above which a grammar is refused. */
  states: number;
}

export const DEFAULT_LIMITS: GrammarLimits = { nesting: 3, states: 20_000 };

/** Deterministic, without dead ends: from every state the end can be reached. */
export interface ByteAutomaton {
  /** State after `byte` in `state`: `next[256 * state + byte]`; -1 where the byte is not allowed. */
  next: Int32Array;
  /** 1 for states in which the text may end. */
  accepting: Uint8Array;
  states: number;
  start: number;
  /** Rules whose nesting was cut. */
  cut: ReadonlySet<string>;
}

interface Edge {
  first: number;
  last: number;
  to: number;
}

interface Nfa {
  /** By state. */
  edges: Edge[][];
  empty: number[][];
  start: number;
  end: number;
  cut: Set<string>;
}

export function compileAutomaton(grammar: Grammar, limits: Partial<GrammarLimits> = {}): ByteAutomaton {
  const bounds = { ...DEFAULT_LIMITS, ...limits };
  const nfa = buildNfa(grammar, bounds);
  const automaton = minimise(trim(determinise(nfa, bounds.states)));
  if (automaton.states === 0) {
    throw new FailureError('the grammar matches no text at all; each rule needs an alternative that ends');
  }
  return { ...automaton, cut: nfa.cut };
}

/** An automaton that is being built. */
interface Building extends Omit<Nfa, 'start' | 'end'> {
  readonly grammar: Grammar;
  readonly limits: GrammarLimits;
  /** Entries of rules by name and the state that follows them: the same rule before the same state is the same part. */
  readonly entries: Map<string, number>;
  /** How deep each rule stands in itself at the moment. */
  readonly depth: Map<string, number>;
}

function buildNfa(grammar: Grammar, limits: GrammarLimits): Nfa {
  const building: Building = {
    grammar,
    limits,
    edges: [],
    empty: [],
    cut: new Set(),
    entries: new Map(),
    depth: new Map(),
  };
  const [start, end] = [newState(building), newState(building)];
  build(building, grammar.start, start, end);
  const { edges, empty, cut } = building;
  return { edges, empty, start, end, cut };
}

function newState({ edges, empty, limits }: Building): number {
  if (edges.length >= 20 * limits.states) throw tooLarge(limits.states);
  empty.push([]);
  return edges.push([]) - 1;
}

/** Builds parts one behind the other. */
function chain<Part>(
  building: Building,
  parts: Iterable<Part>,
  from: number,
  to: number,
  connect: (part: Part, at: number, next: number) => void,
): void {
  const all = [...parts];
  let at = from;
  for (const [i, part] of all.entries()) {
    const next = i === all.length - 1 ? to : newState(building);
    connect(part, at, next);
    at = next;
  }
  if (all.length === 0) building.empty[from].push(to);
}

function build(building: Building, expression: Expression, from: number, to: number): void {
  const edge = ([first, last]: Range, at: number, next: number): void => {
    building.edges[at].push({ first, last, to: next });
  };
  switch (expression.kind) {
    case 'bytes':
      chain(building, expression.bytes, from, to, (byte, at, next) => edge([byte, byte], at, next));
      return;
    case 'character':
      for (const bytes of utf8Sequences(expression.ranges)) chain(building, bytes, from, to, edge);
      return;
    case 'sequence':
      chain(building, expression.parts, from, to, (part, at, next) => build(building, part, at, next));
      return;
    case 'choice':
      for (const part of expression.parts) build(building, part, from, to);
      return;
    case 'repeat':
      buildRepeat(building, expression, from, to);
      return;
    case 'rule':
      buildRule(building, expression.name, from, to);
  }
}

function buildRepeat(
  building: Building,
  { part, least, most }: Extract<Expression, { kind: 'repeat' }>,
  from: number,
  to: number,
): void {
  const { empty } = building;
  let at = from;
  // The last copy leads straight to what follows: so a rule that ends in itself stays a loop.
  for (let i = 0; i < least; i++) {
    const next = i === most - 1 ? to : newState(building);
    build(building, part, at, next);
    at = next;
  }
  if (most === Number.POSITIVE_INFINITY) {
    const loop = newState(building);
    empty[at].push(loop);
    build(building, part, loop, loop);
    empty[loop].push(to);
    return;
  }
  for (let i = least; i < most; i++) {
    const next = i === most - 1 ? to : newState(building);
    empty[at].push(to);
    build(building, part, at, next);
    at = next;
  }
  if (most === 0) empty[from].push(to);
}

function buildRule(building: Building, name: string, from: number, to: number): void {
  const { grammar, limits, empty, cut, entries, depth } = building;
  const key = `${to} ${name}`;
  const known = entries.get(key);
  if (known !== undefined) {
    empty[from].push(known);
    return;
  }
  const body = grammar.rules.get(name);
  if (body === undefined) throw new FailureError(`the grammar uses a rule "${name}" that it does not define`);
  const level = depth.get(name) ?? 0;
  if (level > limits.nesting) {
    cut.add(name);
    return;
  }
  const entry = newState(building);
  entries.set(key, entry);
  empty[from].push(entry);
  depth.set(name, level + 1);
  build(building, body, entry, to);
  depth.set(name, level);
  // What was built at this depth has less room for nesting than a later use at a lower depth may have.
  if (level > 0) entries.delete(key);
}

type Automaton = Omit<ByteAutomaton, 'cut'>;

/** The subset construction, over the classes of bytes that no edge tells apart. */
function determinise({ edges, empty, start, end }: Nfa, limit: number): Automaton {
  const { classOf, classes } = byteClasses(edges);
  const numbers = new Map<string, number>();
  const sets: number[][] = [];
  const rows: Int32Array[] = [];
  const numberOf = (members: number[]): number => {
    const key = members.join();
    let number = numbers.get(key);
    if (number === undefined) {
      number = sets.push(members) - 1;
      if (number >= limit) throw tooLarge(limit);
      numbers.set(key, number);
    }
    return number;
  };
  numberOf(closure([start], empty));
  for (let number = 0; number < sets.length; number++) {
    const targets: number[][] = Array.from({ length: classes }, () => []);
    for (const member of sets[number]) {
      for (const { first, last, to } of edges[member]) {
        for (let c = classOf[first]; c <= classOf[last]; c++) targets[c].push(to);
      }
    }
    rows.push(Int32Array.from(targets, (to) => (to.length === 0 ? -1 : numberOf(closure(to, empty)))));
  }
  const next = new Int32Array(256 * sets.length);
  rows.forEach((row, state) => {
    for (let byte = 0; byte < 256; byte++) next[256 * state + byte] = row[classOf[byte]];
  });
  return {
    next,
    accepting: Uint8Array.from(sets, (set) => Number(set.includes(end))),
    states: sets.length,
    start: 0,
  };
}

function byteClasses(edges: readonly Edge[][]): { classOf: Uint16Array; classes: number } {
  const begins = new Set<number>();
  for (const list of edges) {
    for (const { first, last } of list) begins.add(first).add(last + 1);
  }
  const classOf = new Uint16Array(257);
  for (let byte = 1; byte <= 256; byte++) classOf[byte] = classOf[byte - 1] + Number(begins.has(byte));
  return { classOf, classes: classOf[255] + 1 };
}

/** All states that are reached from `states` without a byte, ascending. */
function closure(states: readonly number[], empty: readonly number[][]): number[] {
  const reached = new Set(states);
  for (const state of reached) for (const to of empty[state]) reached.add(to);
  return [...reached].sort((a, b) => a - b);
}

/** Without the states from which the end cannot be reached. */
function trim(automaton: Automaton): Automaton {
  const { next, accepting, states } = automaton;
  const sources: number[][] = Array.from({ length: states }, () => []);
  for (let at = 0; at < next.length; at++) if (next[at] >= 0) sources[next[at]].push(at >> 8);
  const alive = new Set<number>();
  accepting.forEach((is, state) => {
    if (is) alive.add(state);
  });
  for (const state of alive) for (const source of sources[state]) alive.add(source);
  const kept = [...alive].sort((a, b) => a - b);
  return alive.has(automaton.start)
    ? renumber(automaton, kept, (state) => state)
    : { ...automaton, states: 0 };
}

/** Moore's refinement: states are one where they end alike and go alike. */
function minimise(automaton: Automaton): Automaton {
  const { next, accepting, states } = automaton;
  let block: Int32Array = Int32Array.from(accepting);
  for (let blocks = 0; ; ) {
    const numbers = new Map<string, number>();
    const refined = new Int32Array(states);
    for (let state = 0; state < states; state++) {
      const row = next.subarray(256 * state, 256 * state + 256);
      let key = `${block[state]}`;
      for (let byte = 0, last = -2; byte < 256; byte++) {
        const to = row[byte] < 0 ? -1 : block[row[byte]];
        if (to !== last) key += ` ${byte}:${to}`;
        last = to;
      }
      let number = numbers.get(key);
      if (number === undefined) numbers.set(key, (number = numbers.size));
      refined[state] = number;
    }
    block = refined;
    if (numbers.size === blocks) break;
    blocks = numbers.size;
  }
  const first = new Map<number, number>();
  block.forEach((number, state) => {
    if (!first.has(number)) first.set(number, state);
  });
  return renumber(automaton, [...first.values()], (state) => first.get(block[state])!);
}

/** Only the states `kept`, each standing for those that `representative` leads to it. */
function renumber(
  automaton: Automaton,
  kept: readonly number[],
  representative: (state: number) => number,
): Automaton {
  const numbers = new Map(kept.map((state, number) => [state, number]));
  const next = new Int32Array(256 * kept.length);
  kept.forEach((state, number) => {
    for (let byte = 0; byte < 256; byte++) {
      const to = automaton.next[256 * state + byte];
      next[256 * number + byte] = to < 0 ? -1 : (numbers.get(representative(to)) ?? -1);
    }
  });
  return {
    next,
    accepting: Uint8Array.from(kept, (state) => automaton.accepting[state]),
    states: kept.length,
    start: numbers.get(representative(automaton.start))!,
  };
}

function tooLarge(limit: number): FailureError {
  return new FailureError(
    `the grammar needs more than ${limit} states; bound its repetitions more tightly or nest it less deeply`,
  );
}

/** True where `automaton` takes the whole of `bytes`. */
export function accepts({ next, accepting, start }: ByteAutomaton, bytes: Uint8Array): boolean {
  let state = start;
  for (const byte of bytes) {
    state = next[256 * state + byte];
    if (state < 0) return false;
  }
  return accepting[state] === 1;
}
