/** Parts of a model, one after another on this machine, against the whole. */
import { describe, expect, it } from 'vitest';
import { packWords } from '../grammar/index.ts';
import { goldenModel, loadTinyStories, reluModel, withLayerEmbeddings } from '../model/testing.ts';
import type { Model } from '../model/types.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { createHostEngine } from './host.ts';
import { knowsWords } from './known-words.ts';
import { partOf } from './part.ts';
import { quantize } from './quantize.ts';
import type { Precision, QuantizedModel } from './types.ts';

/** The residual stream of an engine, and what goes along behind it. */
const streamOf = ({ memory, addresses }: ReturnType<typeof createHostEngine>, words: number): Int32Array =>
  new Int32Array(memory.buffer, addresses.get('residual'), words);

/** Board 1 has the first layers, board 0 the others. */
function halvesOf(model: QuantizedModel): [QuantizedModel, QuantizedModel] {
  const { layers, dim } = model.config;
  const middle = Math.ceil(layers / 2);
  const common = { boards: 2, of: layers, word: 0, bytes: 0, dim, componentBytes: 3 };
  return [
    partOf(model, { ...common, board: 1, first: 0, layers: middle }),
    partOf(model, { ...common, board: 0, first: middle, layers: layers - middle }),
  ];
}

describe('a model in two parts', () => {
  it('has its known words where tokens are chosen', () => {
    const { model } = loadTinyStories();
    const words = packWords(new Map([['\u0100', 1]]), new Uint8Array(model.config.vocabulary).fill(1));
    expect(halvesOf(quantize({ ...model, words })).map(knowsWords)).toEqual([false, true]);
  });

  const cases: readonly (readonly [name: string, load: () => Model, precision: Precision])[] = [
    ['llama, int8', () => loadTinyStories().model, 'int8'],
    ['llama, int4', () => loadTinyStories().model, 'int4'],
    ['llama, float32', () => loadTinyStories().model, 'f32'],
    ['with per-layer embeddings, int8', () => withLayerEmbeddings(loadTinyStories().model), 'int8'],
    ['whose zeros are left out (relu)', () => reluModel(32), 'int8'],
    ['with biases and learned positions (gpt-neo)', () => goldenModel('gpt-neo'), 'int8'],
    ['with biases and learned positions, float32', () => goldenModel('gpt-neo'), 'f32'],
    ['with biases of queries alone (qwen2)', () => goldenModel('qwen2'), 'int8'],
  ];
  it.each(cases)('computes what the whole does: %s', (_, load, precision) => {
    const model = quantize(load(), { precision });
    const { vocabulary, dim } = model.config;
    const context = 24; // more than the window of local layers
    const whole = createHostEngine(model, { programs, context });
    const [first, last] = halvesOf(model).map((part) => createHostEngine(part, { programs, context }));
    for (let position = 0; position < context; position++) {
      const token = (7919 * position + 1) % vocabulary;
      const expected = whole.forward(token, position).slice();
      first.forward(token, position);
      const words = model.config.layerEmbeddings ? dim + 1 : dim; // the token, too
      streamOf(last, words).set(streamOf(first, words));
      expect(last.forward(model.config.layerEmbeddings ? 0 : token, position), `at ${position}`).toEqual(
        expected,
      );
    }
  });
});
