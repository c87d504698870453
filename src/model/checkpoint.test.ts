import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureError } from '../errors.ts';
import { loadCheckpoint, type ModelConfig, parameterCount } from './index.ts';
import { loadStories260K, loadTinyStories, version0Bytes } from './testing.ts';

const small: ModelConfig = {
  dim: 8,
  hiddenDim: 12,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  vocabulary: 16,
  context: 8,
  sharedClassifier: true,
  activation: 'silu',
};

describe('version 0', () => {
  it('gives back what was written, tensor by tensor', () => {
    const { config, weights } = loadCheckpoint(version0Bytes(small));
    expect(config).toEqual(small);
    expect(weights.tokenEmbedding[1]).toBeCloseTo(0.001, 6);
    expect(weights.classifier).toBe(weights.tokenEmbedding);
    expect(weights.layers).toHaveLength(2);
    expect(weights.layers[1].wk).toHaveLength(4 * 8);
  });

  it('reads an own classifier behind the RoPE tables', () => {
    const { weights, config } = loadCheckpoint(version0Bytes({ ...small, sharedClassifier: false }));
    expect(config.sharedClassifier).toBe(false);
    expect(weights.classifier).not.toBe(weights.tokenEmbedding);
    expect(weights.classifier).toHaveLength(16 * 8);
  });
});

/** A version 2 file whose int8 values and scales count up. */
function version2Bytes(config: ModelConfig, groupSize: number): Uint8Array {
  const { dim, layers } = config;
  const norms = dim * (2 * layers + 1);
  const quantised = parameterCount(config) - norms;
  const bytes = new Uint8Array(256 + 4 * norms + quantised + (4 * quantised) / groupSize);
  const view = new DataView(bytes.buffer);
  const { hiddenDim, heads, kvHeads, vocabulary, context } = config;
  const header = [0x616b3432, 2, dim, hiddenDim, layers, heads, kvHeads, vocabulary, context];
  for (const [index, value] of header.entries()) view.setInt32(4 * index, value, true);
  bytes[36] = 1;
  view.setInt32(37, groupSize, true);
  let at = 256;
  const float = (value: number): void => {
    view.setFloat32(at, value, true);
    at += 4;
  };
  for (let i = 0; i < norms; i++) float(1);
  const tensor = (count: number): void => {
    for (let i = 0; i < count; i++) bytes[at++] = i % 100;
    for (let group = 0; group < count / groupSize; group++) float(1 + group);
  };
  tensor(vocabulary * dim);
  const kv = (dim / heads) * kvHeads;
  for (const count of [
    dim * dim,
    kv * dim,
    kv * dim,
    dim * dim,
    hiddenDim * dim,
    dim * hiddenDim,
    hiddenDim * dim,
  ])
    for (let layer = 0; layer < layers; layer++) tensor(count);
  return bytes;
}

describe('version 2', () => {
  it("reads groups that run across rows, as llama2.c's exporter writes them", () => {
    const { weights, groups } = loadCheckpoint(version2Bytes(small, 8)); // rows of w2 have 12 elements
    expect(weights.layers[0].w2).toHaveLength(8 * 12);
    expect(weights.layers[0].w2[13]).toBe(13 * 2); // second row, second group
    expect(weights.layers[1].w3[95]).toBe(95 * 12);
    expect(groups).toBeUndefined(); // runq.c's sums within rows mean nothing here
  });

  it('keeps groups that end with the rows', () => {
    const { groups } = loadCheckpoint(version2Bytes(small, 4));
    expect(groups?.groupSize).toBe(4);
  });
});

describe('files of others', () => {
  const cases: [what: string, start: number[] | string, message: RegExp][] = [
    ['GGML', 'lmgg\x03\0\0\0', /x\.bin is a GGML file, as llama\.cpp read before GGUF.* convert it to GGUF/],
    ['a zip of torch.save', 'PK\x03\x04\0\0', /is a PyTorch checkpoint/],
    ['a pickle of torch.save', [0x80, 2, 0x8a, 10], /is a PyTorch checkpoint \(a pickle\)/],
    [
      'an LFS pointer',
      'version https://git-lfs.github.com/spec/v1\n',
      /is a Git LFS pointer.*fetch the file itself/,
    ],
    ['a web page', '<!DOCTYPE html>', /is a web page/],
    ['a config', '{"hidden_size": 64}', /is JSON text/],
    ['ONNX', '\x08\x08\x12\x07pytorch\x1a\x052.1.0', /is an ONNX model.*name the checkpoint/],
    ['TensorFlow Lite', '\x1c\0\0\0TFL3', /is a TensorFlow Lite model.* convert it to safetensors/],
    ['NumPy', '\x93NUMPY\x01\0', /is a NumPy array/],
    ['gzip', '\x1f\x8b\x08\0', /is a gzip archive.* unpack it first/],
  ];
  it.each(cases)('%s is told by its bytes', (_what, start, message) => {
    const bytes = new Uint8Array(5000);
    bytes.set(typeof start === 'string' ? Buffer.from(start, 'latin1') : start);
    expect(() => loadCheckpoint(bytes, 'x.bin')).toThrow(message);
    expect(() => loadCheckpoint(bytes, 'x.bin')).toThrow(FailureError);
  });

  it('safetensors of another program are no llama2.c header', () => {
    const header = Buffer.from(
      '{"model.embed_tokens.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    );
    const bytes = new Uint8Array(8 + header.length + 4);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
    bytes.set(header, 8);
    expect(() => loadCheckpoint(bytes, 'x.safetensors')).toThrow(/safetensors/);
    expect(() => loadCheckpoint(bytes, 'x.safetensors')).not.toThrow(/header says/);
  });
});

describe('damage', () => {
  const good = version0Bytes(small);
  const patched = (offset: number, value: number): Uint8Array => {
    const bytes = good.slice();
    new DataView(bytes.buffer).setInt32(offset, value, true);
    return bytes;
  };
  const cases: [what: string, bytes: Uint8Array, message: RegExp][] = [
    ['an empty file', new Uint8Array(0), /too few for a checkpoint's header/],
    ['a truncated file', good.subarray(0, good.length - 5), /cut short by 5 bytes/],
    ['trailing bytes', Uint8Array.from([...good, 0]), /1 bytes too many/],
    ['a negative size', patched(0, -8), /dim = -8/],
    ['a huge size', patched(4, 0x7fffffff), /hiddenDim = 2147483647/],
    ['heads that do not divide dim', patched(12, 3), /not a multiple of heads 3/],
    ['zero vocabulary', patched(20, 0), /vocabulary = 0/],
    ['a NaN weight', patched(28, 0x7fc00000), /NaN at element 0/],
    ['an infinite weight', patched(28 + 4 * 16 * 8, 0x7f800000), /attentionNorm of layer 0 holds Infinity/],
    ['an unknown version', patched(0, 0x616b3432), /version 12 is not known/],
  ];
  it.each(cases)('refuses %s in one sentence', (_what, bytes, message) => {
    expect(() => loadCheckpoint(bytes, 'x.bin')).toThrow(message);
    expect(() => loadCheckpoint(bytes, 'x.bin')).toThrow(FailureError);
  });

  it('survives any bytes and any header', () => {
    const words = fc.array(fc.oneof(fc.integer({ min: -2, max: 64 }), fc.integer()), {
      minLength: 9,
      maxLength: 12,
    });
    fc.assert(
      fc.property(words, fc.uint8Array({ maxLength: 400 }), fc.boolean(), (header, body, magic) => {
        const bytes = new Uint8Array(header.length * 4 + body.length);
        new Int32Array(bytes.buffer, 0, header.length).set(header);
        if (magic) new DataView(bytes.buffer).setUint32(0, 0x616b3432, true);
        bytes.set(body, header.length * 4);
        try {
          loadCheckpoint(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FailureError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('checkpoints of others', () => {
  const shape = { dim: 64, layers: 5, context: 512 };
  const known = [
    [loadTinyStories, { ...shape, hiddenDim: 144, heads: 4, kvHeads: 2, vocabulary: 1024 }, 265_920],
    [loadStories260K, { ...shape, hiddenDim: 172, heads: 8, kvHeads: 4, vocabulary: 512 }, 260_032],
  ] as const;

  it('reads our own tinystories, and stories260K where it is', () => {
    for (const [load, expected, parameters] of known) {
      if (!load) continue;
      const { name, model } = load();
      expect(model.config, name).toMatchObject(expected);
      expect(parameterCount(model.config), name).toBe(parameters);
    }
  });
});
