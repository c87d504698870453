/** What a plan is asked for, and everything that then needs memory. */
import type { Board } from '../chip/boards/index.ts';
import { sizesOf, value } from '../contract/index.ts';
import type { ModelConfig, Tokenizer } from '../model/index.ts';
import { type QuantizedModel, shapeOf } from '../quantize/index.ts';
import { itemsOfPart } from './chain/items.ts';
import { drafterItems } from './drafter.ts';
import { type MemoryItem, memoryItem, roundUp } from './memory.ts';
import { modelItems } from './model-items.ts';
import { screenItems } from './screen/index.ts';
import { type GrammarMemory, systemItems } from './system.ts';

/** Where guesses of what follows come from, to be checked in one pass. */
export type Draft = 'text' | 'none' | QuantizedModel;

export interface PlanRequest extends GrammarMemory {
  model: QuantizedModel;
  tokenizer: Tokenizer;
  board: Board;
  /** Positions; without it the planner takes the longest that fits. */
  context?: number;
  /** `sram` as much as fits, or all of them in `flash`. */
  weights?: 'sram' | 'flash';
  /** Sections that the compiled program brings: data that already have their address, code beyond SRAM0. */
  program: readonly MemoryItem[];
  /** Where guesses of what follows come from (default: the text so far), for models whose weights stream: a model has the same tokenizer. */
  draft?: Draft;
  /** The same model as int8, where it is not: asked for only to say that it would fit. */
  asInt8?: () => QuantizedModel;
}

/** Matrices that lie one behind the other in SRAM, and lend their room (device/transformer/lend.ts). */
export interface Lent {
  names: readonly string[];
  /** From the first one's beginning to the last one's end. */
  bytes: number;
}

/** Passes of several positions. */
export interface Passes {
  /** Positions of a prompt that are read in one pass over the weights; 0: one by one. */
  lanes: number;
  /** In whose place they lie while a prompt is read. */
  lent?: Lent;
  /** Tokens that are guessed ahead at most, to be checked in one pass; 0: none, and less than there are lanes. */
  drafts: number;
  /** The model that guesses them. */
  drafter?: QuantizedModel;
  /** Whether what earlier positions left can be restored: a prompt that begins like the text before is not read again. */
  history: boolean;
}

export const NO_PASSES: Passes = { lanes: 0, drafts: 0, history: false };

/** Bytes of the classifier's products with one position. */
const productBytes = ({ vocabulary }: ModelConfig): number => 2 * roundUp(vocabulary, 16);

/** Memory for passes of several positions, which nothing reads in others: what positions keep, the classifier's products, keys as they were. */
export const passesMemory = (
  { laneBytes, config, constants }: Pick<QuantizedModel, 'laneBytes' | 'config' | 'constants'>,
  { lanes, drafts, history, lent }: Passes,
  context: number,
): { name: string; bytes: number }[] => [
  { name: 'batch', bytes: (lent ? guessedLanes(drafts) : lanes) * laneBytes },
  ...(lent ? [{ name: 'lentCopy', bytes: lent.bytes }] : []),
  {
    name: 'laneProducts',
    bytes:
      drafts > 0 && sizesOf('fixed', shapeOf(config, constants.zeros)).of('productRest') > 0
        ? (drafts + 1) * productBytes(config) + value.READ_AHEAD
        : 0,
  },
  ...(history ? historyMemory(config, context) : []),
  { name: 'guesses', bytes: drafts > 0 ? 8 * value.GUESS_KINDS : 0 },
];

/** Positions of a pass that checks so many guesses. */
const guessedLanes = (drafts: number): number => (drafts > 0 ? drafts + 1 : 0);

/** Keys as they were first written, and when their units grew. */
const historyMemory = (config: ModelConfig, context: number): { name: string; bytes: number }[] => [
  {
    name: 'rawKeys',
    bytes: config.layers * 2 * context * 2 * sizesOf('fixed', config).of('pairsOf', config.kvHeads),
  },
  { name: 'growths', bytes: config.layers * 2 * value.GROWTH_WORDS * 4 },
];

/** Positions of a pass where a model guesses. */
const LANES_PER_PASS = 6;

/** Where a model guesses, most passes have several positions, and every layer writes and reads what they keep. */
function passesItems(model: QuantizedModel, passes: Passes, context: number): MemoryItem[] {
  const moved = new Map([
    ['batch', LANES_PER_PASS * model.laneBytes * model.config.layers],
    ['laneProducts', LANES_PER_PASS * productBytes(model.config)],
  ]);
  return passesMemory(model, passes, context)
    .filter(({ bytes }) => bytes > 0)
    .map(({ name, bytes }) =>
      memoryItem(name, bytes, {
        purpose: 'activations',
        memory: 'any',
        lifetime: 'late',
        zero: name !== 'lentCopy', // the boot code fills it
        ...(passes.drafter ? { reads: moved.get(name) ?? 0, writes: moved.get(name) ?? 0 } : {}),
      }),
    );
}

/** Everything that needs memory, for a context of so many positions. */
export function itemsOf(
  { model, tokenizer, program, board, grammar, grammarRoom, template }: PlanRequest,
  context: number,
  passes = NO_PASSES,
): MemoryItem[] {
  return [
    ...program,
    ...modelItems(model, context),
    ...itemsOfPart(
      model,
      board,
      systemItems(model.config, tokenizer, context, { grammar, grammarRoom, template }),
    ),
    ...screenItems(board.screen),
    ...passesItems(model, passes, context),
    ...(passes.lent ? [memoryItem('lentWords', 4 * passes.lent.names.length)] : []),
    ...(passes.drafter ? drafterItems(passes.drafter, context) : []),
  ];
}
