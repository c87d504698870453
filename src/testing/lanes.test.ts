/** Activations so long that sums would leave the lanes of QACC: they are held back, alike on host, chip and portable kernels. */
import { expect, it } from 'vitest';
import { value } from '../contract/index.ts';
import { buildFirmware, createHostProgram, formatDigest, simulate } from '../firmware/index.ts';
import { loadCheckpoint, loadTokenizer, type Model } from '../model/index.ts';
import { tokenizerBytes, version0Bytes } from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { createHostEngine, quantize } from '../quantize/index.ts';

const CONTEXT = 32;
const TOKENS = 12;
const config = {
  dim: 128,
  hiddenDim: 200,
  layers: 1,
  heads: 4,
  kvHeads: 2,
  vocabulary: 300,
  context: CONTEXT,
  sharedClassifier: true,
  activation: 'silu' as const,
};

/** Rows and embeddings of one magnitude: nothing is longer as int8. What layers add is small, so the classifier's rows meet themselves. */
function longModel(): Model {
  const model = { ...loadCheckpoint(version0Bytes(config)), config };
  let state = 1;
  const draw = (values: Float32Array, magnitude = 1e-3) =>
    void values.forEach((_, i) => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      values[i] = state < 0 ? -magnitude : magnitude;
    });
  const { layers, tokenEmbedding, finalNorm } = model.weights;
  draw(tokenEmbedding, 1);
  finalNorm.fill(1);
  for (const { attentionNorm, ffnNorm, ...matrices } of layers) {
    for (const matrix of Object.values(matrices)) draw(matrix);
    attentionNorm.fill(1);
    ffnNorm.fill(1);
  }
  return model;
}

it('no sum leaves its lane, and all tell the same story', { timeout: 120_000 }, () => {
  const quantized = quantize(longModel());
  let lowered = 0;
  let largest = 0;
  const engine = createHostEngine(quantized, {
    programs,
    observer: (name, args, run) => {
      if (name === 'quantize_bounded' && args[3] < value.ACTIVATION_LIMIT) lowered++;
      if (!name.startsWith('matvec')) return run();
      const bytes = new Int8Array(engine.memory.buffer);
      const [weights, x, columns, , rows] = args;
      for (let row = 0; row < rows; row++) {
        let sum = 0;
        for (let column = 0; column < columns; column++) {
          const at = weights + 16 * ((row >> 4) * columns + column) + (row & 15);
          sum += bytes[at] * bytes[x + column];
          largest = Math.max(largest, Math.abs(sum));
        }
      }
      return run();
    },
  });
  for (let position = 0; position < 4; position++) engine.forward((7 * position + 1) % 300, position);
  expect(lowered).toBeGreaterThan(0);
  expect(largest).toBeGreaterThan(0.8 * value.LANE_LIMIT);
  expect(largest).toBeLessThanOrEqual(value.LANE_LIMIT);

  const tokenizer = loadTokenizer(tokenizerBytes(config.vocabulary), config.vocabulary);
  const host = createHostProgram({ programs, model: quantized, tokenizer, context: CONTEXT });
  host.type(`/temp 0.9\r/seed 5\r/tokens ${TOKENS}\r\r`);
  host.settle();
  const digest = formatDigest(host.status.digest);
  for (const variant of [{}, { cores: 1 as const, pie: false }]) {
    const firmware = buildFirmware({ programs, model: quantized, tokenizer, context: CONTEXT, ...variant });
    const told = simulate(firmware, { prompt: '', temperature: 0.9, seed: 5, tokens: TOKENS });
    expect(told.digest, JSON.stringify(variant)).toBe(digest);
  }
});
