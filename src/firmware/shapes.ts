/** Shapes of models that people know, with random weights: how fast each would be, by plan and prediction alone. */
import type { Board } from '../chip/boards/index.ts';
import type { DevicePrograms } from '../device-programs.ts';
import { FailureError } from '../errors.ts';
import {
  createTokenizer,
  llama2cPieces,
  MATRICES,
  type Model,
  type ModelConfig,
  matrixShape,
  parameterCount,
  type Tokenizer,
} from '../model/index.ts';
import { type Precision, quantize } from '../quantize/index.ts';
import { buildFirmware } from './build.ts';
import type { Prediction } from './predict.ts';
import { predictFirmware } from './predict-firmware.ts';

export interface Shape {
  name: string;
  config: ModelConfig;
}

const shape = (
  name: string,
  [dim, hiddenDim, layers, heads, kvHeads, vocabulary, context]: readonly number[],
): Shape => ({
  name,
  config: {
    dim,
    hiddenDim,
    layers,
    heads,
    kvHeads,
    vocabulary,
    context,
    sharedClassifier: true,
    activation: 'silu',
  },
});

/** dim, hidden, layers, heads, key and value heads, pieces, context. */
export const shapes: readonly Shape[] = [
  shape('stories260K', [64, 172, 5, 8, 4, 512, 512]),
  shape('600K', [96, 256, 5, 6, 3, 1024, 512]),
  shape('SimpleStories 1.25M', [128, 341, 4, 4, 2, 4096, 512]),
  shape('stories3M', [192, 512, 6, 6, 2, 4096, 512]),
  shape('SimpleStories 5M', [256, 682, 6, 4, 2, 4096, 512]),
  shape('SimpleStories 11M', [384, 1024, 6, 6, 2, 4096, 512]),
  shape('stories15M', [288, 768, 6, 6, 6, 32000, 256]),
];

export interface ShapeRow {
  name: string;
  parameters: number;
  /** 0 where the model does not fit. */
  context: number;
  prediction?: Prediction;
}

/** Weights that mean nothing, the same every time. */
function randomModel(config: ModelConfig): Model {
  let state = 1;
  const random = (elements: number): Float32Array => {
    const values = new Float32Array(elements);
    for (let i = 0; i < elements; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      values[i] = (state / 2 ** 32 - 0.5) / 8;
    }
    return values;
  };
  const ones = (): Float32Array => new Float32Array(config.dim).fill(1);
  const tokenEmbedding = random(config.vocabulary * config.dim);
  const layers = Array.from({ length: config.layers }, () => {
    const matrices = MATRICES.map((name) => {
      const [rows, columns] = matrixShape(config, name);
      return [name, random(rows * columns)] as const;
    });
    return {
      ...(Object.fromEntries(matrices) as Record<(typeof MATRICES)[number], Float32Array>),
      attentionNorm: ones(),
      ffnNorm: ones(),
    };
  });
  return {
    config,
    format: 'random weights',
    weights: { tokenEmbedding, layers, finalNorm: ones(), classifier: tokenEmbedding },
  };
}

/** Pieces of the usual length. */
function anyTokenizer(vocabulary: number): Tokenizer {
  const piece = new TextEncoder().encode('usual');
  return createTokenizer(llama2cPieces(new Array(vocabulary).fill(piece), new Float32Array(vocabulary)));
}

/** One shape on a board, with at most so many positions; what does not fit has no prediction. */
export function predictShape(
  { name, config }: Shape,
  {
    board,
    precision,
    context,
    programs,
  }: { board: Board; precision: Precision; context?: number; programs: DevicePrograms },
): ShapeRow {
  const row = { name, parameters: parameterCount(config) };
  try {
    const firmware = buildFirmware({
      programs,
      board,
      model: quantize(randomModel(config), { precision, room: board.psramBytes || undefined }),
      tokenizer: anyTokenizer(config.vocabulary),
      context: context && Math.min(context, config.context),
    });
    return { ...row, context: firmware.context, prediction: predictFirmware(firmware) };
  } catch (error) {
    if (error instanceof FailureError) return { ...row, context: 0 };
    throw error;
  }
}
