/** A model with per-layer embeddings: the same digest however positions are computed. On the chip: layer-embeddings-chip.test.ts. */
import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { createHostProgram, formatDigest, planMemory } from '../firmware/index.ts';
import { REPEATING } from '../firmware/testing.ts';
import { describeModel, pruneVocabulary } from '../model/index.ts';
import { goldenModel, loadTinyStories, withLayerEmbeddings } from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { createHostEngine, type QuantizedModel, quantize } from '../quantize/index.ts';
import { createReference } from '../reference/index.ts';

const { model: plain, tokenizer } = loadTinyStories();
const model = withLayerEmbeddings(plain);
const int8 = quantize(model);
const int4 = quantize(model, { precision: 'int4' });

type Options = Partial<Parameters<typeof createHostProgram>[0]>;
function tell(options: Options, settings = '/temp 0', prompts = [REPEATING]): string[] {
  const host = createHostProgram({ programs, model: int8, tokenizer, context: 96, ...options });
  host.type(`${settings}\r`);
  return prompts.map((prompt) => {
    host.type(`${prompt}\r`);
    host.settle();
    return formatDigest(host.status.digest);
  });
}

describe('passes of several positions', () => {
  it.each<[string, Options, string]>([
    ['of a prompt', { lanes: 2 }, '/temp 0'],
    ['of a prompt, int4', { model: int4, lanes: 12 }, '/temp 0'],
    ['with guesses from the text', { lanes: 8, drafts: 7 }, '/temp 0.9\r/seed 7'],
    ['with guesses of a model that has such tables, too', { lanes: 8, drafts: 7, drafter: int4 }, '/temp 0'],
    ['with guesses of a model that has none', { lanes: 8, drafts: 7, drafter: quantize(plain) }, '/temp 0'],
  ])('%s tell what one after the other do', (_, options, settings) => {
    const { model = int8 } = options;
    const [alone] = tell({ model }, settings);
    expect(tell(options, settings)).toEqual([alone]);
  });

  it('leave a cache that is used again as the positions of a pass of their own do', () => {
    const prompts = ['Tom had a red ball and a blue car.', 'Tom had a red ball and a green car.', 'Tom had'];
    const fresh = tell({ history: false }, '/temp 0', prompts);
    expect(tell({ lanes: 8, drafts: 7 }, '/temp 0', prompts)).toEqual(fresh);
  });
});

it('is float, too, as the reference is', () => {
  const float = quantize(model, { precision: 'f32' });
  const [engine, reference] = [createHostEngine(float, { programs }), createReference(model)];
  const tokens = tokenizer.encode(REPEATING);
  for (const [position, token] of tokens.entries()) {
    const [found, expected] = [engine.forward(token, position), reference.forward(token, position)];
    expected.forEach((logit, i) => void expect(Math.abs(found[i] - logit)).toBeLessThan(1e-3));
  }
});

it('goes with LayerNorm, which takes the mean of a row away, and with biases (gpt-neo)', () => {
  const neo = withLayerEmbeddings(goldenModel('gpt-neo'));
  const engine = createHostEngine(quantize(neo), { programs, context: 24 });
  const [reference, without] = [neo, goldenModel('gpt-neo')].map((one) => createReference(one));
  const distance = (one: Float32Array, other: Float32Array): number =>
    Math.hypot(...one.map((x, i) => x - other[i]));
  let [error, change] = [0, 0];
  for (let position = 0; position < 24; position++) {
    const token = (7919 * position + 1) % neo.config.vocabulary;
    const expected = reference.forward(token, position);
    error += distance(engine.forward(token, position), expected);
    change += distance(without.forward(token, position), expected);
  }
  expect(error / change).toBeLessThan(0.1);
});

describe('its memory', () => {
  const tableBytes = (packed: QuantizedModel): number =>
    packed.blobs.find(({ name }) => name === 'layerEmbeddings')!.bytes.length;

  it.each(['bare-s3', 'devkitc-n8', 'devkitc-n16r8', 's3-zero'])('tables lie in flash alone: %s', (id) => {
    for (const packed of [int8, int4]) {
      const request = { tokenizer, board: findBoard(id), program: [], context: 128 };
      const plan = planMemory({ ...request, model: packed });
      const tables = plan.placed.filter(({ name }) => name === 'layerEmbeddings');
      expect(tables.map(({ region, bytes }) => [region, bytes])).toEqual([['flash', tableBytes(packed)]]);
      // A token reads one of their rows each; all else lies in the memory where it would without, but for what an embedding of its own needs.
      expect(tables[0].reads).toBe(tableBytes(packed) / model.config.vocabulary);
      const without = planMemory({ ...request, model: quantize(plain, { precision: packed.precision }) });
      const inSram = ({ placed }: typeof plan): string[] =>
        placed.filter(({ region }) => region === 'sram').map(({ name }) => name);
      const others = inSram(without).filter((name) => name !== 'embeddingUnits');
      expect(new Set(inSram(plan))).toEqual(new Set(others));
    }
  });

  it('tables that flash has no room for are refused', () => {
    const board = { ...findBoard('bare-s3'), flashBytes: (1 << 20) + tableBytes(int8) - 64 };
    expect(() => planMemory({ model: int8, tokenizer, board, program: [], context: 64 })).toThrow(
      /does not fit the board bare-s3/,
    );
  });

  it('is said where a model is described', () => {
    const { tensors, parameters } = describeModel(model);
    const { layers, vocabulary, dim } = model.config;
    expect(tensors).toContainEqual({
      name: 'per-layer embeddings',
      shape: [layers + 1, vocabulary, dim],
      elements: (layers + 1) * vocabulary * dim,
    });
    expect(parameters - describeModel(plain).parameters).toBe((layers + 1) * vocabulary * dim);
  });
});

it('loses the rows of the pieces that are pruned', () => {
  const fewer = pruneVocabulary(model, tokenizer, [REPEATING]);
  const [before, after] = [createReference(model), createReference(fewer.model)];
  fewer.tokenizer.encode('Tom had a ball').forEach((token, position) => {
    const wanted = before.forward(fewer.kept[token], position);
    expect([...after.forward(token, position)]).toEqual(fewer.kept.map((id) => wanted[id]));
  });
});

it('refuses rows that the residual stream does not hold', () => {
  expect(() => quantize(withLayerEmbeddings(plain, 1e5))).toThrow(
    /its per-layer embeddings of token 0 are larger than its residual stream holds\.$/,
  );
});
