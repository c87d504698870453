/** Models out of GGUF files that are made here: a Qwen2, and a llama with a bias on every matrix. */
import { loadCheckpoint, MATRICES, type Model, matrixShape } from '../model/index.ts';
import { readSafetensors } from '../model/safetensors.ts';
import { goldenModel } from '../model/testing.ts';
import { ggufByteLevel, ggufBytes, ggufConfig, ggufTensors, renamedTensors } from '../model/testing-gguf.ts';
import { dataBytes, dataText } from './shared-files.ts';

const vocabulary = () =>
  ggufByteLevel(JSON.parse(dataText('goldens/tokenizers.json.gz')).tokenizers.qwen2.json, 'qwen2');

export function ggufQwen2(): Model {
  const { config } = goldenModel('qwen2');
  const { tensors } = readSafetensors(dataBytes('goldens/qwen2/model.safetensors'), 'qwen2');
  return loadCheckpoint(
    ggufBytes({ ...ggufConfig(config, 'qwen2'), ...vocabulary() }, renamedTensors(tensors)),
  );
}

export function ggufAllBiases(): Model {
  const { config, weights, ...others } = goldenModel('qwen2');
  const biases = weights.layers.map((_, layer) =>
    Object.fromEntries(
      MATRICES.map((kind) => [
        kind,
        Float32Array.from({ length: matrixShape(config, kind)[0] }, (_, i) => Math.sin(3 * i + layer) / 2),
      ]),
    ),
  );
  const biased = { ...others, config, weights: { ...weights, biases } };
  return loadCheckpoint(ggufBytes({ ...ggufConfig(config), ...vocabulary() }, ggufTensors(biased)));
}
