/** What a model answers, computed as the chip computes it: the likeliest token that the grammar allows, one after the other. */
import type { TokenAutomaton } from '../grammar/index.ts';
import type { Symbols } from './answer.ts';

const BOS = 1;

export interface Answer {
  /** What is printed. */
  text: string;
  /** The likeliest class that is not `none`: how much likelier than `none` it is, in the units of the logits. */
  margin: number;
  /** Passes of the model, the sentence's included. */
  passes: number;
}

/** A step of the model: logits behind `token` at `position`, valid until the next. */
export type Forward = (token: number, position: number) => Float32Array;

/**
 * Answers a sentence of `tokens`. `refuse`: the margin below which a request is foreign; minus infinity answers always.
 */
export function answer(
  forward: Forward,
  tokens: readonly number[],
  { states, start }: TokenAutomaton,
  symbols: Symbols,
  refuse = 0,
): Answer {
  let token = BOS;
  let position = 0;
  let text = '';
  let margin = 0;
  let logits = forward(token, position++);
  for (token of tokens) logits = forward(token, position++);
  for (let state = start; states[state].tokens.length > 0; ) {
    const { tokens: allowed, next } = states[state];
    let chosen = 0;
    if (token === symbols.separator) {
      const none = logits[symbols.classes.get('none')!];
      const refused = allowed.indexOf(symbols.classes.get('none')!);
      chosen = best(allowed, logits, refused);
      margin = logits[allowed[chosen]] - none;
      if (margin < refuse) chosen = refused;
    } else chosen = best(allowed, logits);
    token = allowed[chosen];
    state = next[chosen];
    text += states[state].text ?? '';
    if (states[state].tokens.length > 0) logits = forward(token, position++);
  }
  return { text, margin, passes: position };
}

function best(allowed: Uint16Array, logits: Float32Array, except = -1): number {
  let found = -1;
  for (let i = 0; i < allowed.length; i++)
    if (i !== except && (found < 0 || logits[allowed[i]] > logits[allowed[found]])) found = i;
  return found;
}
