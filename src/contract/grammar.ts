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
    note: field('u32', 'Where its note begins, from the start of the grammar; 0: it has none.'),
  },
} as const;

/** What an answer does to a pin, by number. */
export const pinActions = {
  low: 'It gets the low level.',
  high: 'It gets the high level.',
  read: 'Its level is told.',
  pwm: 'It gets pulses.',
  adc: 'Its voltage is told.',
  temperature: "The chip's temperature is told; there is no pin.",
} as const;

/** What an answer does to a pin. */
export const grammarPin = {
  meaning: 'A pin that follows an answer.',
  unit: 4,
  fields: {
    answer: field('u64', 'FNV-1a of the answer as it is printed, without the line feed.'),
    gpio: field('u32', 'The pin.'),
    action: field('u32', 'An index of pin actions.'),
    value: field(
      'u32',
      'Pulses: percent of the time that it is high, and the channel of LEDC in the upper 16 bits.',
    ),
  },
} as const;

/** What some states say beyond that; the text stands behind it. */
export const grammarNote = {
  meaning: 'A note to a state of a grammar.',
  unit: 4,
  fields: {
    favoured: field('i32', 'A token that is easier to choose in this state; -1: none.'),
    favour: field('f32', 'What is added to its logit, in nats.'),
    answers: field(
      'u32',
      'In state 0, 1: prompts are requests. They are read in lower case and without marks, and the answer is never drawn.',
    ),
    pins: field(
      'u32',
      'In state 0: where the table of pins begins, from the start of the grammar: their number, then the rows; 0: none.',
    ),
    textBytes: field(
      'i32',
      'Bytes of the text that is printed when the state is reached, in place of what the token writes; -1: that.',
    ),
  },
} as const;
