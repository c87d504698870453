/** A grammar as an automaton over the tokens of one vocabulary: the automaton over bytes, times the trie of the pieces. */
import { FailureError } from '../errors.ts';
import type { Tokenizer } from '../model/index.ts';
import type { ByteAutomaton } from './automaton.ts';

/** What may follow in one state. */
export interface TokenState {
  /** Tokens that are allowed, ascending. */
  readonly tokens: Uint16Array;
  /** The state behind each of them. */
  readonly next: Uint16Array;
  /** The text may end here. */
  readonly accepting: boolean;
  /** Tokens that are still needed at least, until the text may end. */
  readonly distance: number;
  /** What is printed when this state is reached, in place of what the token writes; default: that. */
  readonly text?: string;
  /** A token that is easier to choose here, by so many nats. */
  readonly favoured?: { readonly token: number; readonly nats: number };
}

/** Deterministic over token ids, without dead ends. */
export interface TokenAutomaton {
  readonly states: readonly TokenState[];
  readonly start: number;
}

/** What the device addresses with 16 bits. */
const MOST_STATES = 0xffff;

interface Trie {
  children: Map<number, Trie>;
  /** The piece that ends here. */
  token?: number;
}

/**
 * Allows in each state the pieces that spell what the grammar allows. Where it leaves one text only, the pieces are those that
 * the tokenizer cuts that text into, as a model saw it in training; so a single token is left, and no need to ask the model.
 */
export function compileTokens(automaton: ByteAutomaton, tokenizer: Tokenizer): TokenAutomaton {
  const trie = buildTrie(tokenizer);
  const forced = forcedTokens(automaton, tokenizer);
  const numbers = new Map([[automaton.start, 0]]);
  const found: { tokens: number[]; next: number[]; accepting: boolean }[] = [];
  const numberOf = (state: number): number => {
    let number = numbers.get(state);
    if (number === undefined) numbers.set(state, (number = numbers.size));
    return number;
  };
  for (const [state] of numbers) {
    const legal = legalTokens(automaton, trie, state);
    const only = forced(state, legal);
    const kept = only === undefined ? legal : legal.filter(([token]) => token === only);
    found.push({
      tokens: kept.map(([token]) => token),
      next: kept.map(([, next]) => numberOf(next)),
      accepting: automaton.accepting[state] === 1,
    });
  }
  if (found.length > MOST_STATES) {
    throw new FailureError(
      `the grammar has ${found.length} states, a board takes ${MOST_STATES}; make it smaller`,
    );
  }
  return withoutDeadEnds(found);
}

/** Bytes that a token writes; undefined for those that write nothing, or end a text. */
export function pieceBytes(tokenizer: Tokenizer, token: number): Uint8Array | undefined {
  const { start, end, unknown } = tokenizer.special;
  if (token === start || token === end || token === unknown) return undefined;
  const bytes = tokenizer.decode(-1, token);
  return bytes.length === 0 ? undefined : bytes;
}

/** Of pieces that write the same the tokenizer's choice stays: none that stands for a byte (`<0x41>`), then the highest score, the lowest id. */
function buildTrie(tokenizer: Tokenizer): Trie {
  const root: Trie = { children: new Map() };
  const { vocabulary, scores } = tokenizer;
  const isByte = (token: number): boolean =>
    vocabulary[token].length === 6 && tokenizer.decode(-1, token).length === 1;
  const order = [...vocabulary.keys()].sort(
    (a, b) => Number(isByte(b)) - Number(isByte(a)) || scores[a] - scores[b] || b - a,
  );
  for (const token of order) {
    const bytes = pieceBytes(tokenizer, token);
    if (bytes === undefined) continue;
    let at = root;
    for (const byte of bytes) {
      let child = at.children.get(byte);
      if (child === undefined) at.children.set(byte, (child = { children: new Map() }));
      at = child;
    }
    at.token = token;
  }
  return root;
}

/** Every token that is allowed in `state`, ascending, with the state behind it. */
function legalTokens({ next }: ByteAutomaton, root: Trie, state: number): [token: number, next: number][] {
  const legal: [number, number][] = [];
  const walk = (trie: Trie, at: number): void => {
    if (trie.token !== undefined) legal.push([trie.token, at]);
    for (const [byte, child] of trie.children) {
      const to = next[256 * at + byte];
      if (to >= 0) walk(child, to);
    }
  };
  walk(root, state);
  return legal.sort((a, b) => a[0] - b[0]);
}

/** The token that begins the only text which `state` allows; undefined where there is a choice. */
function forcedTokens(
  automaton: ByteAutomaton,
  tokenizer: Tokenizer,
): (state: number, legal: readonly [number, number][]) => number | undefined {
  const { next, accepting } = automaton;
  const mark = separator(tokenizer);
  const onlyByte = (state: number): number | undefined => {
    if (accepting[state]) return undefined;
    const row = next.subarray(256 * state, 256 * state + 256);
    const first = row.findIndex((to) => to >= 0);
    return row.subarray(first + 1).every((to) => to < 0) ? first : undefined;
  };
  return (state, legal) => {
    const run: number[] = [];
    let at = state;
    for (let byte = onlyByte(at); byte !== undefined && run.length < 4096; byte = onlyByte(at)) {
      run.push(byte);
      at = next[256 * at + byte];
    }
    // A piece that goes on past the text which is sure may be the right one: then it is the model's choice.
    if (run.length === 0 || legal.some(([token]) => pieceBytes(tokenizer, token)!.length > run.length))
      return undefined;
    const marked = mark === undefined ? [] : tokenizer.encode(Uint8Array.of(mark, ...run), { bos: false });
    const marker = marked.findIndex((token) => pieceBytes(tokenizer, token)?.[0] === mark);
    const canonical = marker < 0 ? undefined : marked[marker + 1];
    if (legal.some(([token]) => token === canonical)) return canonical;
    const length = ([token]: readonly [number, number]): number => pieceBytes(tokenizer, token)!.length;
    return [...legal].sort((a, b) => length(b) - length(a))[0]?.[0];
  };
}

/** A byte that stands in no piece but its own, so that the text behind it is cut as if it stood alone. */
function separator(tokenizer: Tokenizer): number | undefined {
  const used = new Set<number>();
  const own = new Set<number>();
  tokenizer.vocabulary.forEach((_, token) => {
    const bytes = pieceBytes(tokenizer, token);
    if (bytes?.length === 1) own.add(bytes[0]);
    else for (const byte of bytes ?? []) used.add(byte);
  });
  return [...own].sort((a, b) => a - b).find((byte) => !used.has(byte));
}

/** Drops what cannot be finished with the pieces there are, and says of the rest how far the end is. */
function withoutDeadEnds(
  found: readonly { tokens: number[]; next: number[]; accepting: boolean }[],
): TokenAutomaton {
  const distances = endDistances(found);
  if (!Number.isFinite(distances[0])) {
    throw new FailureError('the vocabulary of this model has no pieces to write what the grammar wants');
  }
  const kept = [...distances.keys()].filter((state) => Number.isFinite(distances[state]));
  const numbers = new Map(kept.map((state, number) => [state, number]));
  const states = kept.map((state): TokenState => {
    const { tokens, next, accepting } = found[state];
    const alive = tokens.map((_, i) => i).filter((i) => numbers.has(next[i]));
    return {
      tokens: Uint16Array.from(alive, (i) => tokens[i]),
      next: Uint16Array.from(alive, (i) => numbers.get(next[i])!),
      accepting,
      distance: distances[state],
    };
  });
  return { states, start: 0 };
}

/** Tokens from each state to the nearest end, breadth first from the ends. */
function endDistances(found: readonly { next: number[]; accepting: boolean }[]): number[] {
  const sources: number[][] = found.map(() => []);
  found.forEach(({ next }, state) => {
    for (const to of next) sources[to].push(state);
  });
  const distances = found.map(({ accepting }) => (accepting ? 0 : Number.POSITIVE_INFINITY));
  const queue = [...distances.keys()].filter((state) => distances[state] === 0);
  for (const state of queue) {
    for (const source of sources[state]) {
      if (Number.isFinite(distances[source])) continue;
      distances[source] = distances[state] + 1;
      queue.push(source);
    }
  }
  return distances;
}
