/** From the text of a grammar to what a device reads. */
import type { Tokenizer } from '../model/index.ts';
import { compileAutomaton, type GrammarLimits } from './automaton.ts';
import { packGrammar } from './pack.ts';
import { parseGrammar } from './read.ts';
import { compileTokens } from './tokens.ts';

export interface CompiledGrammar {
  /** For `FirmwareOptions.grammar` of an image with the same tokenizer. */
  packed: Uint8Array;
  states: number;
  /** States that leave one token, for which the model is not asked. */
  forced: number;
  /** Tokens of the shortest text. */
  shortest: number;
  /** Rules that may stand within themselves without end, and were followed only so deep. */
  cut: readonly string[];
}

/**
 * Compiles JSON Schema, GBNF or a list of answers for a vocabulary.
 * @throws FailureError that says where the text is wrong
 */
export function compileGrammar(
  text: string,
  tokenizer: Tokenizer,
  { name, ...limits }: Partial<GrammarLimits> & { name?: string } = {},
): CompiledGrammar {
  const bytes = compileAutomaton(parseGrammar(text, name), limits);
  const automaton = compileTokens(bytes, tokenizer);
  const { start, end } = tokenizer.special;
  return {
    packed: packGrammar(automaton, [start, end]),
    states: automaton.states.length,
    forced: automaton.states.filter(({ tokens, accepting }) => tokens.length === 1 && !accepting).length,
    shortest: automaton.states[automaton.start].distance,
    cut: [...bytes.cut],
  };
}
