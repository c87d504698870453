/** Architectures beside llama: against transformers' own models (data/goldens/gpt-neo/make.py), and through our own format. */
import { describe, expect, it } from 'vitest';
import { createReference } from '../reference/index.ts';
import { dataBytes, dataText } from '../testing/shared-files.ts';
import {
  loadCheckpoint,
  loadCheckpointFolder,
  type Model,
  pruneVocabulary,
  writeCheckpoint,
} from './index.ts';
import { type Json, parseObject } from './json-values.ts';
import { readSafetensors, type StoredTensor, writeSafetensors } from './safetensors.ts';
import { goldenModel } from './testing.ts';
import { parameterCount } from './types.ts';

interface Golden {
  tokens: number[];
  positions: number[];
  logits: number[][];
}

/** Logits at the positions that the golden file has. */
function logitsOf(model: Model, { tokens, positions }: Golden): number[][] {
  const { forward } = createReference(model);
  const all = tokens.map((token, position) => [...forward(token, position)]);
  return positions.map((position) => all[position]);
}

const largestDifference = (one: number[][], other: number[][]): number =>
  Math.max(...one.flatMap((row, i) => row.map((value, j) => Math.abs(value - other[i][j]))));

describe.each(['gpt-neo', 'qwen2'])('%s', (name) => {
  const model = goldenModel(name);
  const golden: Golden = JSON.parse(dataText(`goldens/${name}/logits.json`));
  const logits = logitsOf(model, golden);

  it('gives the logits of transformers', () => {
    expect(largestDifference(logits, golden.logits)).toBeLessThan(1e-4);
  });
  it('is the same from a file of ours', () => {
    const own = loadCheckpoint(writeCheckpoint(model, model.tokenizer!));
    expect(own.config).toEqual(model.config);
    expect(own.weights).toEqual(model.weights);
  });
  it('counts its parameters', () => {
    const file = readSafetensors(dataBytes(`goldens/${name}/model.safetensors`), name);
    const elements = [...file.tensors.values()].map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    expect(parameterCount(model.config)).toBe(elements.reduce((a, b) => a + b, 0));
  });
  it('may lose pieces that no text uses', () => {
    const fewer = pruneVocabulary(model, model.tokenizer!, ['once upon a time']);
    expect(fewer.kept.length).toBeLessThan(model.config.vocabulary);
    const [before, after] = [createReference(model), createReference(fewer.model)];
    fewer.tokenizer.encode('once upon').forEach((token, position) => {
      const wanted = before.forward(fewer.kept[token], position);
      expect([...after.forward(token, position)]).toEqual(fewer.kept.map((id) => wanted[id]));
    });
  });
});

describe('GPT-Neo', () => {
  const file = (name: string): Uint8Array => dataBytes(`goldens/gpt-neo/${name}`);
  const config = parseObject(file('config.json'))!;
  const { metadata, tensors } = readSafetensors(file('model.safetensors'), 'it');
  /** The checkpoint with another config or more tensors. */
  const changed = (change: Json, more: Record<string, StoredTensor> = {}): Model => {
    const weights = writeSafetensors({ metadata, tensors: new Map([...tensors, ...Object.entries(more)]) });
    const files: Record<string, Uint8Array> = {
      'config.json': new TextEncoder().encode(JSON.stringify({ ...config, ...change })),
      'model.safetensors': weights,
    };
    const others = new Set(['tokenizer.json']);
    return loadCheckpointFolder((name) => files[name] ?? (others.has(name) ? file(name) : undefined));
  };
  const mask: StoredTensor = { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) };

  it('has local layers, a window and biases', () => {
    expect(goldenModel('gpt-neo').config).toEqual({
      architecture: 'gpt-neo',
      dim: 32,
      hiddenDim: 88,
      layers: 4,
      heads: 8,
      kvHeads: 8,
      vocabulary: 500,
      context: 64,
      sharedClassifier: true,
      activation: 'gelu',
      biases: ['wo', 'w1', 'w2'],
      localLayers: [1, 3],
      window: 8,
    });
  });
  it('is read from old files, which carry masks along', () => {
    const more = {
      'transformer.h.0.attn.attention.bias': mask,
      'transformer.h.1.attn.attention.masked_bias': mask,
    };
    expect(changed({}, more).weights).toEqual(goldenModel('gpt-neo').weights);
  });
  it('looks back on its window alone in local layers', () => {
    const golden: Golden = JSON.parse(dataText('goldens/gpt-neo/logits.json'));
    const wide = logitsOf(changed({ window_size: 64 }), golden);
    const narrow = logitsOf(goldenModel('gpt-neo'), golden);
    expect(wide[1]).toEqual(narrow[1]); // position 6 is within it
    expect(largestDifference(wide.slice(2), narrow.slice(2))).toBeGreaterThan(0.1);
  });
  it.each<[string, Json, Record<string, StoredTensor>, RegExp]>([
    [
      'another activation',
      { activation_function: 'relu' },
      {},
      /activation_function = "relu", which is not supported/,
    ],
    [
      'attention of other kinds',
      { attention_types: [[['global', 'sparse'], 2]] },
      {},
      /attention_types = .*sparse/,
    ],
    [
      'kinds for other layers',
      { attention_types: [[['global'], 3]] },
      {},
      /attention_types = .* for 4 layers/,
    ],
    ['other widths', { intermediate_size: 128 }, {}, /c_fc.weight has the shape \(88, 32\)/],
    [
      'a tensor too many',
      {},
      { 'transformer.h.0.attn.gate.weight': mask },
      /gate.weight, and a model of type gpt_neo has none such/,
    ],
  ])('refuses %s', (_, change, more, message) => {
    expect(() => changed(change, more)).toThrow(message);
  });
});
