import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureError } from '../errors.ts';
import { dataBytes, dataText } from '../testing/shared-files.ts';
import { BLOCK_FORMATS } from './gguf-blocks.ts';
import { loadCheckpoint } from './index.ts';
import { readSafetensors } from './safetensors.ts';
import { goldenModel, version0Bytes } from './testing.ts';
import {
  type GgufTensor,
  ggufByteLevel,
  ggufBytes,
  ggufConfig,
  ggufTensors,
  ggufVocabulary,
  renamedTensors,
  repeatBlock,
  type Value,
} from './testing-gguf.ts';
import { MATRICES, type ModelConfig, matrixShape } from './types.ts';

const WORDS = ['▁a', 'ab', '▁', 'a', 'b', 'c', 'é'];
const config: ModelConfig = {
  dim: 32,
  hiddenDim: 64,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  vocabulary: 259 + WORDS.length,
  context: 16,
  sharedClassifier: true,
  activation: 'silu',
};
const model = loadCheckpoint(version0Bytes(config));
const keys = { ...ggufConfig(config), ...ggufVocabulary(WORDS) };
const tensors = ggufTensors(model);

/** The file with keys or tensors changed; undefined takes one out. */
function changed(
  more: Record<string, Value | undefined>,
  other: Record<string, GgufTensor | undefined> = {},
  version?: number,
): Uint8Array {
  const without = <T>(all: Record<string, T | undefined>): Record<string, T> =>
    Object.fromEntries(Object.entries(all).filter((entry): entry is [string, T] => entry[1] !== undefined));
  return ggufBytes(without({ ...keys, ...more }), without({ ...tensors, ...other }), version);
}

describe('blocks', () => {
  const goldens: Record<string, { block: number; bytes: string; values: string }> = JSON.parse(
    dataText('goldens/gguf-blocks.json'),
  );
  const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
  it.each(Object.keys(goldens))('of %s hold what ggml reads from them', (name) => {
    const { block, bytes, values } = goldens[name];
    const format = Object.values(BLOCK_FORMATS).find((each) => each.name === name)!;
    const data = bytesOf(bytes);
    const wanted = new Float32Array(bytesOf(values).buffer);
    const found = new Float32Array(wanted.length);
    const view = new DataView(data.buffer);
    for (let i = 0; i * block < found.length; i++) format.read(view, i * format.bytes, found, i * block);
    expect(format.weights).toBe(block);
    expect(data.length).toBe((found.length / block) * format.bytes);
    expect(found).toEqual(wanted);
  });
});

describe('a GGUF file', () => {
  it.each([2, 3])('of version %i gives the model that was written', (version) => {
    const read = loadCheckpoint(changed({}, {}, version));
    expect(read.config).toEqual(config);
    expect(read.weights).toEqual(model.weights);
    expect(read.format).toBe(`GGUF version ${version} (F32)`);
  });
  it('brings the template of its conversations, or why that is none', () => {
    const program =
      "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
    const { template } = loadCheckpoint(changed({ 'tokenizer.chat_template': { text: program } }));
    expect(template?.assistant).toEqual({ before: ['<|im_start|>assistant\n'], behind: ['<|im_end|>\n'] });
    const other = loadCheckpoint(changed({ 'tokenizer.chat_template': { text: '{{ tools }}' } }));
    expect([other.template, other.templateRefused]).toEqual([
      undefined,
      expect.stringMatching(/known are ChatML/),
    ]);
    expect(loadCheckpoint(changed({})).templateRefused).toBeUndefined();
  });
  it('brings its tokenizer: control pieces are in no text and print nothing', () => {
    const { encode, decode, special } = loadCheckpoint(changed({})).tokenizer!;
    expect(special).toEqual({ start: 1, end: 2, unknown: 0 });
    expect(encode('ab')).toEqual([1, 259, 263]); // "▁a" merges before "ab"
    expect(encode('é<s>x')).toEqual([1, 261, 265, ...[...'<s>x'].map((c) => 3 + c.charCodeAt(0))]);
    expect(decode(1, 259)).toEqual(Uint8Array.of(97));
    expect(decode(5, 2)).toEqual(new Uint8Array(0));
    const bare = loadCheckpoint(changed({ 'tokenizer.ggml.add_space_prefix': { bool: false } })).tokenizer!;
    expect(bare.encode('ab')).toEqual([1, 260]);
  });
  it('is tied where both tables are equal, and not where they differ', () => {
    const own = { ...tensors['token_embd.weight'] };
    expect(loadCheckpoint(changed({}, { 'output.weight': own })).config.sharedClassifier).toBe(true);
    const other = { ...own, bytes: own.bytes.slice() };
    other.bytes[0] ^= 1;
    const read = loadCheckpoint(changed({}, { 'output.weight': other }));
    expect(read.config.sharedClassifier).toBe(false);
    expect(read.weights.classifier).not.toEqual(read.weights.tokenEmbedding);
  });
  it('says its epsilon and its rotary base where they are not llama2.c’s', () => {
    const read = loadCheckpoint(
      changed({
        'llama.attention.layer_norm_rms_epsilon': { f32: 1e-6 },
        'llama.rope.freq_base': { f32: 500000 },
      }),
    );
    expect(read.config).toEqual({ ...config, normEpsilon: Math.fround(1e-6), ropeTheta: 500000 });
  });
  it('may hold blocks', () => {
    const q4 = {
      type: 2,
      shape: [32, 64],
      bytes: repeatBlock(2, 2048, Uint8Array.from([0, 0x3c, ...new Array(16).fill(0x9f)])),
    };
    const read = loadCheckpoint(changed({}, { 'blk.1.ffn_down.weight': q4 }));
    expect(read.weights.layers[1].w2.subarray(0, 32)).toEqual(
      Float32Array.from([...new Array(16).fill(7), ...new Array(16).fill(1)]),
    );
    expect(read.format).toBe('GGUF version 3 (F32, Q4_0)');
  });
});

describe('biases in a GGUF file', () => {
  it('of a llama are read as they are, those of all matrices or of some', () => {
    const biases = model.weights.layers.map((_, layer) =>
      Object.fromEntries(
        MATRICES.map((kind) => [
          kind,
          Float32Array.from({ length: matrixShape(config, kind)[0] }, (_, i) => layer + i / 10),
        ]),
      ),
    );
    const biased = { ...model, weights: { ...model.weights, biases } };
    const all = loadCheckpoint(ggufBytes(keys, ggufTensors(biased)));
    expect(all.config).toEqual({ ...config, biases: MATRICES });
    expect(all.weights.biases).toEqual(biases);
    const ofDown = { ...model, weights: { ...model.weights, biases: biases.map(({ w2 }) => ({ w2 })) } };
    const some = loadCheckpoint(ggufBytes(keys, ggufTensors(ofDown)));
    expect(some.config.biases).toEqual(['w2']);
    expect(some.weights.biases).toEqual(ofDown.weights.biases);
  });
});

describe('a Qwen2 in a GGUF file', () => {
  const golden = goldenModel('qwen2');
  const { tensors } = readSafetensors(dataBytes('goldens/qwen2/model.safetensors'), 'qwen2');
  const { qwen2 } = JSON.parse(dataText('goldens/tokenizers.json.gz')).tokenizers;
  const renamed = renamedTensors(tensors);
  const file = { ...ggufConfig(golden.config, 'qwen2'), ...ggufByteLevel(qwen2.json, 'qwen2') };

  it('is the model that transformers keeps: pairs that lie half a head apart are put side by side, biases too', () => {
    const read = loadCheckpoint(ggufBytes(file, renamed));
    expect({ ...read.config, normEpsilon: 0 }).toEqual({ ...golden.config, normEpsilon: 0 });
    expect(read.config.normEpsilon).toBeCloseTo(1e-6);
    expect(read.weights).toEqual(golden.weights);
    expect(read.format).toBe('GGUF version 3 (F16)');
    expect(read.tokenizer!.rules).toEqual({
      algorithm: 'byte-level',
      space: 'never',
      pattern: 'qwen2',
      wholeParts: false,
      normalForm: 'NFC',
    });
  });
  it('begins texts with what ends them where it says nothing else', () => {
    const { 'tokenizer.ggml.bos_token_id': _, ...others } = file;
    const { special } = loadCheckpoint(
      ggufBytes({ ...others, 'tokenizer.ggml.eos_token_id': { u32: 7 } }, renamed),
    ).tokenizer!;
    expect([special.start, special.end]).toEqual([7, 7]);
  });
  it('with another layer’s bias missing is refused', () => {
    const { 'blk.1.attn_k.bias': _, ...others } = renamed;
    expect(() => loadCheckpoint(ggufBytes(file, others))).toThrow(/blk.1.attn_k.bias is missing/);
  });
});

describe('byte-level BPE in a GGUF file', () => {
  const goldens = JSON.parse(dataText('goldens/tokenizers.json.gz'));
  it.each([
    ['gpt2', 'gpt-2'],
    ['llama3', 'llama-bpe'],
    ['qwen2', 'qwen2'],
  ])('cuts texts as %s', (name, pre) => {
    const { json, ids, texts = 'texts' } = goldens.tokenizers[name];
    const sizes = { ...config, vocabulary: Object.keys(json.model.vocab).length };
    const file = ggufBytes(
      { ...ggufConfig(sizes), ...ggufByteLevel(json, pre) },
      ggufTensors(loadCheckpoint(version0Bytes(sizes))),
    );
    const { encode } = loadCheckpoint(file).tokenizer!;
    const found = goldens[texts].map((text: string) => encode(text, { bos: false }));
    expect(found).toEqual(ids);
  });
});

describe('is refused by name', () => {
  const tensor = (type: number, ...shape: number[]): GgufTensor => ({
    type,
    shape,
    bytes: new Uint8Array(4 * shape.reduce((a, b) => a * b)),
  });
  const text = (value: string): Value => ({ text: value });
  it.each<[string, () => Uint8Array, RegExp]>([
    ['version 1', () => changed({}, {}, 1), /is GGUF version 1; supported are 2 and 3/],
    [
      'an architecture',
      () => changed({ 'general.architecture': text('gpt2') }),
      /architecture gpt2 is not supported in GGUF; supported are llama, qwen2/,
    ],
    [
      'experts',
      () => changed({ 'llama.expert_count': { u32: 8 } }),
      /llama.expert_count = 8 is not supported/,
    ],
    ['a missing size', () => changed({ 'llama.block_count': undefined }), /llama.block_count is missing/],
    [
      'other heads',
      () => changed({ 'llama.rope.dimension_count': { u32: 4 } }),
      /dimension_count is 4 .* 8 components/,
    ],
    [
      'scaled positions',
      () => changed({ 'llama.rope.scaling.type': text('yarn') }),
      /rotary positions are scaled \(yarn\)/,
    ],
    [
      'biases that the first layer has not',
      () => changed({}, { 'blk.1.attn_q.bias': tensor(0, 32) }),
      /blk.1.attn_q.bias, and its first layer has none such/,
    ],
    ['frequencies', () => changed({}, { 'rope_freqs.weight': tensor(0, 4) }), /scaled rotary frequencies/],
    [
      'a tensor',
      () => changed({}, { 'blk.0.attn_q_norm.weight': tensor(0, 8) }),
      /attn_q_norm.weight, and a llama/,
    ],
    [
      'a missing tensor',
      () => changed({}, { 'blk.1.ffn_up.weight': undefined }),
      /blk.1.ffn_up.weight is missing/,
    ],
    [
      'a shape',
      () => changed({}, { 'output_norm.weight': tensor(0, 8) }),
      /has the shape \(8\) .* calls for \(32\)/,
    ],
    [
      'a type',
      () => changed({}, { 'output_norm.weight': tensor(16, 32) }),
      /has the type IQ2_XXS, which is not/,
    ],
    ['a tokenizer', () => changed({ 'tokenizer.ggml.model': text('bert') }), /its tokenizer is bert/],
    [
      'an expression',
      () => changed({ 'tokenizer.ggml.model': text('gpt2'), 'tokenizer.ggml.pre': text('tekken') }),
      /cut as tekken .* supported are gpt-2/,
    ],
    ['no pieces', () => changed({ 'tokenizer.ggml.tokens': undefined }), /has no tokenizer.ggml.tokens/],
    [
      'fewer pieces',
      () => changed({ 'tokenizer.ggml.tokens': { texts: ['a'] } }),
      /has 1 pieces and an embedding of 266/,
    ],
    [
      'byte-level BPE without an end',
      () =>
        changed({
          'tokenizer.ggml.model': text('gpt2'),
          'tokenizer.ggml.pre': text('gpt-2'),
          'tokenizer.ggml.eos_token_id': undefined,
        }),
      /has no tokenizer.ggml.eos_token_id/,
    ],
    ['a start', () => changed({ 'tokenizer.ggml.bos_token_id': { u32: 999 } }), /bos_token_id is 999/],
  ])('%s', (_, make, message) => {
    expect(() => loadCheckpoint(make(), 'it')).toThrow(message);
    expect(() => loadCheckpoint(make(), 'it')).toThrow(FailureError);
  });
});

describe('a damaged GGUF file', () => {
  const written = changed({});
  const survives = (bytes: Uint8Array): void => {
    try {
      loadCheckpoint(bytes, 'it');
    } catch (error) {
      expect(error).toBeInstanceOf(FailureError);
      expect((error as Error).message).not.toMatch(/\n/);
    }
  };
  it('cut anywhere before its padding is refused in a sentence', () => {
    fc.assert(
      fc.property(fc.nat(written.length - 33), (length) => {
        expect(() => loadCheckpoint(written.subarray(0, length), 'it')).toThrow(FailureError);
      }),
      { numRuns: 100 },
    );
  });
  it('with bytes changed is read or refused in a sentence', () => {
    const place = fc.oneof(fc.nat(8000), fc.nat(written.length - 1));
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = written.slice();
        for (const [at, value] of changes) bytes[at] = value;
        survives(bytes);
      }),
      { numRuns: 500 },
    );
  });
});
