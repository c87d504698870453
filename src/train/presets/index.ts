/** The shapes of models that `train` knows by name, as data: cheap to list. */
import type { ModelConfig } from '../../model/index.ts';

export interface Preset {
  /** What it is for. */
  about: string;
  shape: ModelConfig;
}

/** Named shapes of `--preset`; every size may be overridden. */
export const presets: Readonly<Record<string, Preset>> = {
  tiny: preset('to try things out', [32, 3, 2, 1, 96, 512]),
  '260k': preset('the shape of stories260K', [64, 5, 8, 4, 172, 512]),
  s3: preset('stories in internal SRAM as int8', [64, 5, 4, 2, 144, 1024]),
  s4: preset('stories in internal SRAM as int4: the model that ships', [128, 3, 8, 2, 160, 1024], {
    int4Group: 128,
    int8Matrices: ['w2'],
    layerEmbeddings: true,
  }),
  '1m': preset('a teacher, or boards with PSRAM', [128, 6, 8, 4, 320, 512]),
  p2: preset('stories in PSRAM, 1.7 million weights; s4 grows into it', [192, 4, 12, 3, 512, 1024], {
    layerEmbeddings: true,
  }),
  p4: preset('stories in PSRAM, 3.3 million weights; s4 and p2 grow into it', [192, 8, 12, 3, 512, 1024], {
    layerEmbeddings: true,
  }),
  home: preset('short requests: small and quick to train', [64, 4, 4, 2, 128, 512], { context: 128 }),
};

/** Sizes: dim, layers, heads, kvHeads, hiddenDim, vocabulary. */
type Sizes = readonly [number, number, number, number, number, number];

function preset(about: string, sizes: Sizes, more: Partial<ModelConfig> = {}): Preset {
  const [dim, layers, heads, kvHeads, hiddenDim, vocabulary] = sizes;
  const shape = { dim, layers, heads, kvHeads, hiddenDim, vocabulary, context: 512 };
  return { about, shape: { ...shape, sharedClassifier: true, activation: 'silu', ...more } };
}
