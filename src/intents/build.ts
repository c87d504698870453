/** From a home to a model that understands it: trained on its sentences, with the grammar of its answers. */
import type { DevicePrograms } from '../device-programs.ts';
import { FailureError, UsageError } from '../errors.ts';
import { packGrammar, type TokenAutomaton } from '../grammar/index.ts';
import { loadTokenizer, type Model, type Tokenizer } from '../model/index.ts';
import { createHostEngine, quantize } from '../quantize/index.ts';
import {
  modelOf,
  type Recipe,
  recipeOf,
  type TrainedTokenizer,
  type TrainMachinery,
  writeTokenizer,
} from '../train/index.ts';
import { answerAutomaton, type Symbols, symbolsOf } from './answer.ts';
import { type Case, marginFor, parseAnswer, tryAll, type Understand } from './evaluate.ts';
import { createExamples, type Examples } from './examples.ts';
import { type Home, NONE } from './home.ts';
import { type Language, languages } from './languages/index.ts';
import { type LearnProgress, learn } from './learn.ts';
import { pinEntries } from './pins.ts';
import { type Example, meaningOf, type Uniform } from './sample.ts';
import { normalize } from './template.ts';
import { answer } from './understand.ts';
import { createVocabulary, type Vocabulary, withSymbols } from './vocabulary.ts';

/** Pieces of the tokenizer beside the symbols of answers. */
const PIECES = 640;
const SHAPE = { dim: 64, layers: 3, heads: 4, kvHeads: 2, hiddenDim: 128, context: 96 } as const;
const BATCH_TOKENS = 1024;
const WARMUP_STEPS = 60;
/**
 * Foreign requests by which the margin is set, and how many of them are to be refused. Those of kept-out templates are nearer to a home than
 * what people really say: where nine of ten are refused, 95 % of CLINC150 are (docs/how-to/requests-at-home.md).
 */
const CALIBRATION = { requests: 600, refused: 0.9 } as const;
/** A margin beyond these is the sign of a model that has not learned enough. */
const MARGINS = { least: 0, most: 4 } as const;

export interface TrainHomeOptions extends TrainMachinery {
  programs: DevicePrograms;
  /** Default 600 seconds. */
  seconds?: number;
  steps?: number;
  threads?: number;
  seed?: number;
  signal?: AbortSignal;
  onProgress?: (progress: LearnProgress) => void;
}

/** A checkpoint's parts: the grammar is in the model. */
export interface HomeModel {
  model: Model;
  tokenizer: Tokenizer;
  /** What a checkpoint says of how it came to be. */
  training: Readonly<Record<string, unknown>>;
}

/** @throws UsageError for a language that no training text can be made in */
export function languageOf({ language }: Home): Language {
  const found = languages[language];
  if (found === undefined) {
    throw new UsageError(
      `training text can be made in ${Object.keys(languages).join(' and ')}, not in "${language}"; a language is a file in src/intents/languages`,
    );
  }
  return found;
}

/** Trains a model for a home. @throws UsageError for a home that cannot be trained for */
export async function trainHome(home: Home, options: TrainHomeOptions): Promise<HomeModel> {
  const language = languageOf(home);
  checkHome(home);
  const seed = options.seed ?? 1;
  const examples = createExamples(home, language, uniformOf(seed));
  const vocabulary = createVocabulary(home, () => examples.training(), PIECES);
  answerAutomaton(home, vocabulary.symbols, vocabulary.encode); // refused before an hour of training, not after it
  const recipe = recipeFor(vocabulary, options);
  const weights = await learn({ ...options, ...vocabulary, recipe, next: () => examples.training() });
  const { symbols, tokenizer: trained } = vocabulary;
  const tokenizer = loadTokenizer(writeTokenizer(trained), recipe.shape.vocabulary);
  const model = modelOf(recipe.shape, weights);
  const refuse = calibrate(model, options.programs, home, vocabulary, examples);
  return finished(home, model, tokenizer, vocabulary, {
    seed,
    answers: { pieces: trained.pieces.length - symbols.names.length, refuse, names: symbols.names },
  });
}

function checkHome({ intents }: Home): void {
  if (intents.every(({ name }) => name === NONE))
    throw new UsageError('a home wants at least one intent with sentences');
}

function recipeFor({ tokenizer }: Vocabulary, options: TrainHomeOptions): Recipe {
  const { steps, threads, seed } = options;
  const seconds = options.seconds ?? (steps === undefined ? 600 : 0);
  const recipe = recipeOf({ preset: 's3', steps, seconds, threads, seed, batchTokens: BATCH_TOKENS });
  const shape = { ...recipe.shape, ...SHAPE, vocabulary: tokenizer.pieces.length };
  return { ...recipe, shape, warmupSteps: WARMUP_STEPS };
}

/** The margin below which the model refuses, by foreign requests that it has not seen. */
function calibrate(
  model: Model,
  programs: DevicePrograms,
  home: Home,
  vocabulary: Vocabulary,
  examples: Examples,
): number {
  const understand = understandWith(model, programs, home, vocabulary);
  const cases = casesOf(() => examples.noisy(examples.foreign(true)), CALIBRATION.requests);
  const margin = marginFor(tryAll(cases, understand), CALIBRATION.refused);
  return Math.min(MARGINS.most, Math.max(MARGINS.least, margin));
}

export const casesOf = (next: () => Example, count: number): Case[] =>
  Array.from({ length: count }, next).map((example) => ({ text: example.text, meaning: meaningOf(example) }));

interface AnswerFacts {
  pieces: number;
  refuse: number;
  names: readonly string[];
}

/** The vocabulary of a checkpoint that `trainHome` made. @throws FailureError for any other */
export function vocabularyOf(
  { training }: Model,
  tokenizer: Tokenizer,
  home: Home,
): Vocabulary & { refuse: number } {
  const facts = training?.answers as AnswerFacts | undefined;
  if (typeof facts?.pieces !== 'number')
    throw new FailureError('this model was not trained for a home; esp32-llm intents build makes one');
  const symbols = symbolsOf(home, facts.pieces);
  const changed = symbols.names.find((name, i) => name !== facts.names[i]);
  if (changed !== undefined || symbols.names.length !== facts.names.length) {
    throw new UsageError(
      `this model was trained for other intents or slots (${changed ?? facts.names.at(-1)} differs); without --model it is trained anew, only what stands under "names:" and in lists may change`,
    );
  }
  const pieces = tokenizer.vocabulary.slice(0, facts.pieces).map((piece) => Uint8Array.from(piece));
  const learned: TrainedTokenizer = { pieces, scores: tokenizer.scores.slice(0, facts.pieces) };
  return { ...withSymbols(home, learned), refuse: facts.refuse };
}

/** A trained model with the names and lists that a home has now. */
export function renewHome(home: Home, model: Model, tokenizer: Tokenizer): HomeModel {
  const vocabulary = vocabularyOf(model, tokenizer, home);
  return finished(home, model, tokenizer, vocabulary, model.training ?? {});
}

function finished(
  home: Home,
  model: Model,
  tokenizer: Tokenizer,
  { symbols, encode }: Vocabulary,
  training: HomeModel['training'],
): HomeModel {
  const { refuse } = training.answers as AnswerFacts;
  const automaton = favouring(answerAutomaton(home, symbols, encode), symbols, refuse);
  const grammar = packGrammar(automaton, [], { answers: true, pins: pinEntries(home) });
  return { model: { ...model, grammar, training }, tokenizer, training };
}

/** Makes it easier to refuse, where the intent is chosen. */
function favouring(
  { states, start }: TokenAutomaton,
  { separator, classes }: Symbols,
  nats: number,
): TokenAutomaton {
  const [only] = states[start].next;
  if (states[start].tokens[0] !== separator)
    throw new FailureError('an answer does not begin with its separator');
  const favoured = { token: classes.get(NONE)!, nats };
  return { start, states: states.map((state, i) => (i === only ? { ...state, favoured } : state)) };
}

/** What a model understands, computed as the chip computes it; the margin is that of {@link answer}. */
export function understandWith(
  model: Model,
  programs: DevicePrograms,
  home: Home,
  { symbols, encode }: Pick<Vocabulary, 'symbols' | 'encode'>,
): Understand {
  const { forward } = createHostEngine(quantize(model), { programs });
  const automaton = answerAutomaton(home, symbols, encode);
  // A sentence that the context does not hold is cut, as nobody would type it.
  const room = model.config.context - 1 - LONGEST_ANSWER;
  return (sentence) => {
    const tokens = encode(normalize(sentence)).slice(0, room);
    const { text, margin } = answer(forward, tokens, automaton, symbols, Number.NEGATIVE_INFINITY);
    return { meaning: parseAnswer(text), margin };
  };
}

/** Tokens of an answer with four slots of long names. */
const LONGEST_ANSWER = 40;

/** A seeded generator (mulberry32). */
export function uniformOf(seed: number): Uniform {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
