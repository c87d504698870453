/** A packed grammar: what a story may say, as an automaton over tokens (config.grammar). */
import { field } from './structure.ts';

/**
 * One state; state 0 is the first. All states stand in a row, the tokens behind them. Where the text may end, the tokens that end it
 * are among those allowed, and lead to a state without any.
 */
export const grammarState = {
  meaning:
    'A state of a grammar. Its tokens are words: the id, and the next state in the upper 16 bits; ids ascend.',
  unit: 4,
  fields: {
    tokens: field('u32', 'Where its tokens begin, from the start of the grammar.'),
    count: field('u32', 'How many are allowed.'),
    distance: field('u32', 'Tokens that are needed at least until the text may end; 0: it may end here.'),
  },
} as const;
