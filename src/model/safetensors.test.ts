import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureError } from '../errors.ts';
import { quantize } from '../quantize/index.ts';
import { loadCheckpoint } from './checkpoint.ts';
import { writeOwn } from './checkpoint-own.ts';
import { isSafetensors, readSafetensors, type StoredTensor, writeSafetensors } from './safetensors.ts';
import { tokenizerBytes, version0Bytes, withLayerEmbeddings } from './testing.ts';
import { loadTokenizer } from './tokenizer-file.ts';
import type { Model, ModelConfig } from './types.ts';

const config: ModelConfig = {
  dim: 8,
  hiddenDim: 12,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  vocabulary: 270,
  context: 16,
  sharedClassifier: true,
  activation: 'silu',
};
const tokenizer = loadTokenizer(tokenizerBytes(config.vocabulary), config.vocabulary);
const modelWith = ({ layerEmbeddings, ...change }: Partial<ModelConfig> = {}): Model => {
  const llama2c = loadCheckpoint(version0Bytes({ ...config, ...change }));
  const model = { ...llama2c, config: { ...llama2c.config, ...change } };
  return layerEmbeddings ? withLayerEmbeddings(model) : model;
};
const written = writeOwn(modelWith(), tokenizer, { steps: 7 });

/** The same file with another header; `edit` changes the parsed JSON, or gives text. */
function withHeader(bytes: Uint8Array, edit: (header: Record<string, never>) => unknown): Uint8Array {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const edited = edit(header) ?? header;
  const json = new TextEncoder().encode(typeof edited === 'string' ? edited : JSON.stringify(edited));
  const out = new Uint8Array(8 + json.length + bytes.length - 8 - length);
  new DataView(out.buffer).setUint32(0, json.length, true);
  out.set(json, 8);
  out.set(bytes.subarray(8 + length), 8 + json.length);
  return out;
}

const metadataOf = (change: Record<string, string | undefined>) => (header: Record<string, never>) => {
  Object.assign((header as Record<string, object>)['__metadata__'], change);
};

describe('our checkpoint', () => {
  it('holds matrices as bytes with a scale a row, which int8 images are made of as of singles', () => {
    const model = modelWith({ sharedClassifier: false });
    const bytes = writeOwn(model, tokenizer, undefined, 'I8');
    const read = loadCheckpoint(bytes);
    expect(read.format).toContain('I8');
    expect(read.weights.finalNorm).toEqual(model.weights.finalNorm);
    expect(read.weights.tokenEmbedding).not.toEqual(model.weights.tokenEmbedding);
    // The record holds each matrix's scale, which differs in the last bit of a single.
    const packed = (one: Model) => quantize(one).blobs.filter(({ name }) => name !== 'model');
    expect(packed(read)).toEqual(packed(model));
    expect(loadCheckpoint(writeOwn(read, tokenizer)).weights).toEqual(read.weights);
  });

  it.each<Partial<ModelConfig>>([
    {},
    { sharedClassifier: false },
    { activation: 'relu' },
    { int4Group: 32, int8Matrices: ['w1', 'w2', 'w3'] },
    { layerEmbeddings: true },
  ])('comes back as it was written, with its tokenizer and its facts: %o', (change) => {
    const model = modelWith(change);
    const read = loadCheckpoint(writeOwn(model, tokenizer, { steps: 7, note: 'ä' }));
    expect(read.config).toEqual({ ...config, ...change });
    expect(read.weights).toEqual(model.weights);
    expect(read.tokenizer!.vocabulary).toEqual(tokenizer.vocabulary);
    expect(read.tokenizer!.scores).toEqual(tokenizer.scores);
    expect(read.tokenizer!.maxTokenLength).toBe(tokenizer.maxTokenLength);
    expect(read.tokenizer!.encode('a <0x0A> q')).toEqual(tokenizer.encode('a <0x0A> q'));
    expect(read.training).toEqual({ steps: 7, note: 'ä' });
  });

  it('has tensors at aligned places behind an 8-byte length, as huggingface’s readers expect', () => {
    const length = new DataView(written.buffer).getUint32(0, true);
    expect((8 + length) % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(written.subarray(8, 8 + length)));
    expect(header['__metadata__'].format).toBe('pt');
    for (const [
      name,
      {
        dtype,
        data_offsets: [start],
      },
    ] of Object.entries<never>(header).slice(1) as never as [
      string,
      { dtype: string; data_offsets: [number, number] },
    ][]) {
      if (dtype !== 'U8') expect(start % 4, name).toBe(0);
    }
  });

  it.each([
    ['F16', 2, 0x3c00, 1],
    ['F16', 2, 0xc001, -2.001953125],
    ['F16', 2, 0x0001, 2 ** -24],
    ['F16', 2, 0x7bff, 65504],
    ['BF16', 2, 0x3f80, 1],
    ['BF16', 2, 0xc049, -3.140625],
  ])('reads %s', (dtype, size, bits, value) => {
    const { metadata, tensors } = readSafetensors(written, 'it');
    const norm = new Uint8Array(size * config.dim);
    new DataView(norm.buffer).setUint16(2, bits, true);
    const changed = new Map<string, StoredTensor>(tensors).set('norm.weight', {
      dtype,
      shape: [config.dim],
      bytes: norm,
    });
    const read = loadCheckpoint(writeSafetensors({ metadata, tensors: changed }));
    expect(read.weights.finalNorm[1]).toBe(value);
    expect(read.weights.finalNorm[0]).toBe(0);
  });
});

describe('refusals, each by name', () => {
  const drop = (name: string) => () => {
    const { metadata, tensors } = readSafetensors(written, 'it');
    const left = new Map(tensors);
    left.delete(name);
    return writeSafetensors({ metadata, tensors: left });
  };
  const add = (name: string, tensor: StoredTensor) => () => {
    const { metadata, tensors } = readSafetensors(written, 'it');
    return writeSafetensors({ metadata, tensors: new Map(tensors).set(name, tensor) });
  };
  const nan = new Uint8Array(4 * config.dim);
  new DataView(nan.buffer).setFloat32(8, Number.NaN, true);
  const tensor = (dtype: string, shape: number[], bytes: Uint8Array): StoredTensor => ({
    dtype,
    shape,
    bytes,
  });

  it.each<[string, () => Uint8Array, RegExp]>([
    [
      'another version',
      () => withHeader(written, metadataOf({ 'esp32-llm': '2' })),
      /version 2 .* 1 is known/,
    ],
    [
      'no mark',
      () => withHeader(written, metadataOf({ 'esp32-llm': undefined })),
      /config.json is missing beside it/,
    ],
    [
      'an architecture',
      () => withHeader(written, metadataOf({ architecture: 'mamba' })),
      /architecture mamba; supported are llama, gpt-neo/,
    ],
    [
      'an activation',
      () => withHeader(written, metadataOf({ activation: 'gelu' })),
      /activation gelu; supported are silu, relu/,
    ],
    [
      'half of what is packed together',
      () => writeOwn(modelWith({ int8Matrices: ['w1', 'w2'] }), tokenizer),
      /int8Matrices names some of w1, w3, which are packed together, and not all/,
    ],
    [
      'a tensor twice',
      () =>
        withHeader(written, (header) =>
          JSON.stringify(header).replace('{', '{ "norm\\u002eweight": {"a\\"}": "norm.weight:"}, '),
        ),
      /its header has norm\.weight twice/,
    ],
    [
      'a field twice',
      () =>
        withHeader(written, (header) => JSON.stringify(header).replace('"dtype":', '"dtype":"F32","dtype":')),
      /its header has dtype twice/,
    ],
    ['a metadata key', () => withHeader(written, metadataOf({ rope: '1' })), /metadata rope is unknown/],
    [
      'a config that is no JSON',
      () => withHeader(written, metadataOf({ config: '{' })),
      /metadata config is not a JSON object/,
    ],
    [
      'a config key',
      () => withHeader(written, metadataOf({ config: '{"bias":1,"sharedClassifier":true}' })),
      /config bias is unknown/,
    ],
    [
      'a size',
      () => withHeader(written, metadataOf({ config: '{"dim":0,"sharedClassifier":true}' })),
      /dim = 0/,
    ],
    [
      'a missing tensor',
      drop('layers.1.attention.wq.weight'),
      /tensor layers.1.attention.wq.weight is missing/,
    ],
    [
      'a missing table of per-layer embeddings',
      () =>
        withHeader(written, (header) => {
          const metadata = (header as Record<string, Record<string, string>>)['__metadata__'];
          metadata.config = JSON.stringify({ ...JSON.parse(metadata.config), layerEmbeddings: true });
        }),
      /tensor layer_embeddings\.0\.weight is missing/,
    ],
    [
      'per-layer embeddings that are neither there nor not',
      () =>
        withHeader(written, (header) => {
          const metadata = (header as Record<string, Record<string, string>>)['__metadata__'];
          metadata.config = JSON.stringify({ ...JSON.parse(metadata.config), layerEmbeddings: 2 });
        }),
      /layerEmbeddings is 2, and true where it is said at all/,
    ],
    ['a missing tokenizer', drop('tokenizer.scores'), /tensor tokenizer.scores is missing/],
    [
      'an unknown tensor',
      add('layers.0.bias', tensor('F32', [1], new Uint8Array(4))),
      /tensor layers.0.bias is unknown/,
    ],
    [
      'another shape',
      add('norm.weight', tensor('F32', [4], new Uint8Array(16))),
      /norm.weight has the shape \(4\) where the config calls for \(8\)/,
    ],
    [
      'a type',
      add('norm.weight', tensor('I8', [8], new Uint8Array(8))),
      /norm.weight has the type I8; supported are F32, F16, BF16/,
    ],
    ['NaN', add('norm.weight', tensor('F32', [8], nan)), /norm.weight holds NaN at element 2/],
    [
      'pieces that go back',
      add(
        'tokenizer.offsets',
        tensor('U32', [config.vocabulary + 1], new Uint8Array(4 * config.vocabulary + 4)),
      ),
      /tokenizer.offsets do not cover/,
    ],
  ])('%s', (_, make, message) => {
    expect(() => loadCheckpoint(make(), 'it')).toThrow(message);
  });

  const two = writeSafetensors({
    metadata: {},
    tensors: new Map([
      ['a', tensor('F32', [2], new Uint8Array(8))],
      ['b', tensor('U8', [3], new Uint8Array(3))],
    ]),
  });
  const entry = (name: string, change: object) => (header: Record<string, never>) => {
    Object.assign((header as Record<string, object>)[name], change);
  };
  it.each<[string, Uint8Array, RegExp]>([
    ['too few bytes', two.subarray(0, 5), /too few/],
    [
      'a huge header',
      Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0, 0x7b, 0x7d),
      /claims 4294967295 bytes and 2 are there/,
    ],
    ['a header that is no JSON', withHeader(two, () => '{"a":'), /not a JSON object/],
    ['a header that is a list', withHeader(two, () => '[]'), /not a JSON object/],
    [
      'metadata that are no strings',
      withHeader(two, entry('__metadata__', { n: 1 })),
      /metadata n is not a string/,
    ],
    ['an unknown type', withHeader(two, entry('a', { dtype: 'F4' })), /tensor a has the type F4/],
    ['an unknown field', withHeader(two, entry('a', { strides: [1] })), /tensor a has a field strides/],
    ['a negative shape', withHeader(two, entry('a', { shape: [-2] })), /tensor a has no proper shape/],
    ['no offsets', withHeader(two, entry('a', { data_offsets: [0] })), /tensor a has no proper offsets/],
    [
      'offsets beyond the file',
      withHeader(two, entry('b', { data_offsets: [8, 12] })),
      /tensor b lies at 8 to 12 of 11/,
    ],
    [
      'a size that is not its shape’s',
      withHeader(two, entry('a', { shape: [3] })),
      /tensor a has 8 bytes .* calls for 12/,
    ],
    ['an overlap', withHeader(two, entry('b', { data_offsets: [7, 10] })), /tensor b overlaps/],
    [
      'a hole',
      withHeader(two, entry('b', { data_offsets: [9, 11], shape: [2] })),
      /nothing lies at bytes 8 to 9 before tensor b/,
    ],
    [
      'bytes left over',
      withHeader(two, entry('b', { data_offsets: [8, 10], shape: [2] })),
      /1 bytes are left over/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes, 'it')).toThrow(message);
    expect(() => readSafetensors(bytes, 'it')).toThrow(FailureError);
  });
});

describe('a damaged file', () => {
  it('cut anywhere is refused in a sentence', () => {
    fc.assert(
      fc.property(fc.nat(written.length - 1), (length) => {
        expect(() => loadCheckpoint(written.subarray(0, length), 'it')).toThrow(FailureError);
      }),
      { numRuns: 300 },
    );
  });
  it('with bytes changed is read or refused in a sentence, never anything else', () => {
    const header = 8 + new DataView(written.buffer).getUint32(0, true);
    const change = fc.tuple(fc.oneof(fc.nat(header - 1), fc.nat(written.length - 1)), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = written.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          loadCheckpoint(bytes, 'it');
        } catch (error) {
          expect(error).toBeInstanceOf(FailureError);
          expect((error as Error).message).not.toMatch(/\n/);
        }
      }),
      { numRuns: 2000 },
    );
  });
  it('is told apart from llama2.c’s', () => {
    expect(isSafetensors(version0Bytes(config))).toBe(false);
    expect(isSafetensors(written)).toBe(true);
  });
});
