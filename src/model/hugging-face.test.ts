import { describe, expect, it } from 'vitest';
import { FailureError, UsageError } from '../errors.ts';
import { createReference } from '../reference/index.ts';
import { dataBytes, dataText } from '../testing/shared-files.ts';
import { loadCheckpoint, loadCheckpointFolder, type Model, type ReadFile } from './index.ts';
import { type Json, parseObject } from './json-values.ts';
import { readSafetensors, type StoredTensor, writeSafetensors } from './safetensors.ts';

const INDEX = 'model.safetensors.index.json';
const SHARDS = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
const fixture = new Map(
  ['config.json', 'tokenizer.json', INDEX, ...SHARDS].map((file) => [
    file,
    dataBytes(`goldens/llama/${file}`),
  ]),
);
const goldens: Record<string, { tokens: number[]; positions: number[]; logits: number[][] }> = JSON.parse(
  dataText('goldens/llama/logits.json'),
);
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const config = parseObject(fixture.get('config.json')!)!;

/** The folder with files in the place of others; undefined takes one away. */
const folder = (changes: Record<string, Uint8Array | undefined> = {}): ReadFile => {
  return (file) => (file in changes ? changes[file] : fixture.get(file));
};
const withConfig = (change: Json): ReadFile => folder({ 'config.json': encode({ ...config, ...change }) });

/** All tensors in one file, some changed. */
function single(change: Record<string, StoredTensor> = {}): Uint8Array {
  const tensors = new Map<string, StoredTensor>();
  for (const shard of SHARDS)
    for (const [name, tensor] of readSafetensors(fixture.get(shard)!, shard).tensors)
      tensors.set(name, tensor);
  for (const [name, tensor] of Object.entries(change)) tensors.set(name, tensor);
  return writeSafetensors({ metadata: { format: 'pt' }, tensors });
}

/** Largest difference from logits that NumPy computed in double precision. */
function difference(model: Model, { tokens, positions, logits }: (typeof goldens)[string]): number {
  const { forward } = createReference(model);
  let worst = 0;
  tokens.forEach((token, position) => {
    const found = forward(token, position);
    const wanted = logits[positions.indexOf(position)];
    wanted?.forEach((value, i) => {
      worst = Math.max(worst, Math.abs(value - found[i]));
    });
  });
  return worst;
}

it('brings the template of its conversations, or why that is none', () => {
  const program =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
  const open = (files: Record<string, Uint8Array>) => loadCheckpointFolder(folder(files));
  const expected = { user: { before: ['<|im_start|>user\n'], behind: ['<|im_end|>\n'] }, end: '<|im_end|>' };
  expect(open({}).template).toBeUndefined();
  const configured = (chat_template: unknown) => ({ 'tokenizer_config.json': encode({ chat_template }) });
  expect(open(configured(program)).template).toMatchObject(expected);
  expect(open(configured([{ name: 'default', template: program }])).template).toMatchObject(expected);
  expect(open({ 'chat_template.jinja': new TextEncoder().encode(program) }).template).toMatchObject(expected);
  const other = open(configured('{{ tools }}'));
  expect([other.template, other.templateRefused]).toEqual([
    undefined,
    expect.stringMatching(/known are ChatML/),
  ]);
});

describe('logits of an independent forward pass', () => {
  it('from safetensors in several files, rotary pairs half a head apart', () => {
    const model = loadCheckpointFolder(folder());
    expect(model.format).toBe('Hugging Face llama (safetensors, BF16)');
    expect(model.config).toEqual({
      dim: 64,
      hiddenDim: 96,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      vocabulary: 320,
      context: 64,
      sharedClassifier: true,
      activation: 'silu',
      normEpsilon: 1e-6,
      ropeTheta: 20000,
    });
    expect(difference(model, goldens['half-split'])).toBeLessThan(1e-4);
  });
  it('from GGUF with Q8_0 and F16', () => {
    const model = loadCheckpoint(dataBytes('goldens/llama/model.gguf'));
    expect(model.format).toBe('GGUF version 3 (F16, F32, Q8_0)');
    expect(difference(model, goldens.gguf)).toBeLessThan(1e-4);
  });
});

describe('a checkpoint of transformers', () => {
  it('is one file with its config beside it, the index, or the folder', () => {
    const wanted = loadCheckpointFolder(folder()).weights;
    expect(loadCheckpoint(single(), 'it', folder()).weights).toEqual(wanted);
    expect(loadCheckpoint(fixture.get(INDEX)!, 'it', folder()).weights).toEqual(wanted);
    expect(loadCheckpointFolder(folder({ 'model.safetensors': single() })).weights).toEqual(wanted);
  });
  it('begins and ends texts with its special tokens, whatever config.json says', () => {
    const { special, encode: cut, decode } = loadCheckpointFolder(folder()).tokenizer!;
    expect(special).toEqual({ start: 1, end: 1, unknown: 0 }); // eos_token_id 2 is "!"
    expect(cut('')).toEqual([1]);
    expect(new TextDecoder().decode(decode(1, cut('The')[1]))).toBe('the');
  });
  it('is untied where it has a classifier of its own', () => {
    const { tensors } = readSafetensors(fixture.get(SHARDS[0])!, 'it');
    const same = tensors.get('model.embed_tokens.weight')!;
    const other = { ...same, bytes: same.bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) };
    const untied = { 'config.json': encode({ ...config, tie_word_embeddings: false }) };
    const read = (tensor: StoredTensor, change = {}): boolean =>
      loadCheckpoint(single({ 'lm_head.weight': tensor }), 'it', folder(change)).config.sharedClassifier;
    expect(read(other, untied)).toBe(false);
    expect(read(same, untied)).toBe(true);
    expect(read(other)).toBe(true);
  });
});

describe('is refused by name', () => {
  const bias: StoredTensor = { dtype: 'F32', shape: [64], bytes: new Uint8Array(256) };
  it.each<[string, () => Model, RegExp]>([
    ['no config', () => loadCheckpoint(single(), 'it'), /config.json is missing beside it/],
    [
      'an architecture',
      () => loadCheckpointFolder(withConfig({ model_type: 'mamba' })),
      /architecture mamba .* not supported; supported are llama, qwen2, gpt_neo/,
    ],
    [
      'none',
      () => loadCheckpointFolder(withConfig({ model_type: undefined })),
      /config.json has no model_type/,
    ],
    [
      'biases that are missing',
      () => loadCheckpointFolder(withConfig({ attention_bias: true })),
      /q_proj.bias is missing/,
    ],
    [
      'biases by tensor',
      () => loadCheckpoint(single({ 'model.layers.0.self_attn.q_proj.bias': bias }), 'it', folder()),
      /q_proj.bias, and config.json says nothing of biases there/,
    ],
    [
      'an activation',
      () => loadCheckpointFolder(withConfig({ hidden_act: 'gelu' })),
      /activation gelu is not supported/,
    ],
    [
      'scaled positions',
      () => loadCheckpointFolder(withConfig({ rope_scaling: { rope_type: 'llama3' } })),
      /scaled \(llama3\)/,
    ],
    ['odd heads', () => loadCheckpointFolder(withConfig({ head_dim: 32 })), /head_dim = 32, not 64 \/ 4/],
    [
      'another size',
      () => loadCheckpointFolder(withConfig({ hidden_size: 128 })),
      /config.json calls for \(320, 128\)/,
    ],
    [
      'a missing part',
      () => loadCheckpointFolder(folder({ [SHARDS[1]]: undefined })),
      /00002.* is missing beside it/,
    ],
    [
      'an index elsewhere',
      () => loadCheckpointFolder(folder({ [INDEX]: encode({ weight_map: { a: '../b' } }) })),
      /names a file "..\/b"/,
    ],
    [
      'a pickle',
      () => loadCheckpointFolder((file) => (file === 'pytorch_model.bin' ? bias.bytes : undefined)),
      /a PyTorch pickle, .* convert it/,
    ],
    [
      'a tokenizer',
      () => loadCheckpointFolder(folder({ 'tokenizer.json': encode({ model: { type: 'WordLevel' } }) })),
      /tokenizer.json: its model WordLevel is not supported/,
    ],
  ])('%s', (_, load, message) => {
    expect(load).toThrow(message);
    expect(load).toThrow(FailureError);
  });
});

it('a folder without a checkpoint is misuse', () => {
  expect(() => loadCheckpointFolder(() => undefined)).toThrow(UsageError);
});
