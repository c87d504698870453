/** For tests of the firmware: real models, quantised once. */
import type { Board } from '../chip/boards/boards.ts';
import { loadCheckpoint, loadTokenizer, type Model } from '../model/index.ts';
import {
  BABBLER,
  babblerTokenizerBytes,
  loadSmallModel,
  loadStories260K,
  loadTinyStories,
  type TestCheckpoint,
  version0Bytes,
} from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { type Precision, type QuantizedModel, quantize } from '../quantize/index.ts';
import type { FixedFormat } from '../quantize/pack.ts';
import { kept, once } from '../testing/kept.ts';
import { buildFirmware, type Firmware, type FirmwareOptions } from './build.ts';

/** Says things twice, so that there is something to guess from. */
export const REPEATING = 'Tom had a red ball. Tom had a red ball. Tom had a';

export interface TestModel extends TestCheckpoint {
  readonly quantized: QuantizedModel;
  readonly int4: QuantizedModel;
  readonly float: QuantizedModel;
}

function quantizedOnce(load: () => TestCheckpoint): () => TestModel {
  let made: TestModel | undefined;
  return () => {
    if (made) return made;
    const { model } = load();
    made = {
      ...load(),
      quantized: quantize(model),
      int4: quantize(model, { precision: 'int4' }),
      float: quantize(model, { precision: 'f32' }),
    };
    return made;
  };
}

export const tinyStories = quantizedOnce(loadTinyStories);

/** stories260K where it is there, else our own tinystories. */
export const smallModel = loadStories260K ? quantizedOnce(loadSmallModel) : tinyStories;

/** Formats of matrices: each of a kind another one than in the layer before, embedding and classifier in int5. */
export function inTurn(name: string): FixedFormat {
  const all = ['int8', 'int5', 'int4'] as const;
  return name === 'classifier' ? 'int5' : all[(Number(/\d+/.exec(name)![0]) + name.length) % 3];
}

type Variant = Omit<Partial<FirmwareOptions>, 'model' | 'tokenizer' | 'programs' | 'asInt8'>;
/** Firmware of the small model, context 64 where nothing else is said. Built once for the same options: leave its bytes alone. */
export function smallFirmware(variant: Variant & { precision?: Precision } = {}): Firmware {
  const key = JSON.stringify(variant, (_, value) => (value === undefined ? 'undefined' : value));
  return once(`firmware ${key}`, () => {
    const { precision, ...options } = variant;
    const { name: modelName, quantized, int4, float, tokenizer } = smallModel();
    const model = { int8: quantized, int4, f32: float }[precision ?? 'int8'];
    return buildFirmware({
      ...{ programs, model, tokenizer, modelName, context: 64, cache: kept },
      ...options,
    });
  });
}

/** The babbler, every third number of its embedding so many times as large: another model. */
function babbler(scale: number): Model {
  const model = loadCheckpoint(version0Bytes(BABBLER));
  const { tokenEmbedding } = model.weights;
  for (let i = 0; i < tokenEmbedding.length; i += 3) tokenEmbedding[i] *= scale;
  return model;
}

/** An image of the smallest model, which says anything, for tests of boards; and what it is asked, its length left out. */
export const babblerFirmware = (modelName: string, board: Board, { scale = 1 } = {}): Firmware =>
  buildFirmware({
    programs,
    model: quantize(babbler(scale)),
    tokenizer: loadTokenizer(babblerTokenizerBytes(), BABBLER.vocabulary),
    modelName,
    board,
  });
export const BABBLER_QUESTION = {
  prompt: 'b',
  seed: 7n,
  temperature: 1,
  topp: 0.9,
  topk: 12,
  minp: 0.01,
  penalty: 1.1,
} as const;
