/** The kinds of models of Hugging Face's transformers that are read here: names of their tensors, and what their config.json says. */
import type { Refuse, TensorNames } from './assemble.ts';
import { type Json, list, object } from './json-values.ts';
import { ACTIVATIONS, type Activation, type MatrixName, type ModelConfig } from './types.ts';

export interface Family {
  names: TensorNames;
  configOf(settings: Json, refuse: Refuse): ModelConfig;
  /** Tensors that old checkpoints carry along; the config says them better. */
  isSpare(tensor: string): boolean;
  /** Whether the members of a rotary pair lie half a head apart, and not side by side. */
  halfSplit: boolean;
}

export const CONFIG_FILE = 'config.json';

export const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** Settings that change the arithmetic, and the values that mean ours. */
type Only = Readonly<Record<string, readonly unknown[]>>;

function checkOnly(only: Only, settings: Json, refuse: Refuse): void {
  for (const [key, values] of Object.entries(only))
    if (settings[key] !== undefined && !values.includes(settings[key]))
      refuse(`${CONFIG_FILE} says ${key} = ${JSON.stringify(settings[key])}, which is not supported`);
}

/** Reads a size by its key. */
const sizesOf =
  (settings: Json, refuse: Refuse) =>
  (key: string, usual?: number): number =>
    number(settings[key] ?? usual) ?? refuse(`${CONFIG_FILE} has no ${key}`);

const LLAMA_NAMES: TensorNames = {
  tokenEmbedding: 'model.embed_tokens.weight',
  finalNorm: 'model.norm.weight',
  classifier: 'lm_head.weight',
  layer: {
    attentionNorm: 'model.layers.N.input_layernorm.weight',
    wq: 'model.layers.N.self_attn.q_proj.weight',
    wk: 'model.layers.N.self_attn.k_proj.weight',
    wv: 'model.layers.N.self_attn.v_proj.weight',
    wo: 'model.layers.N.self_attn.o_proj.weight',
    ffnNorm: 'model.layers.N.post_attention_layernorm.weight',
    w1: 'model.layers.N.mlp.gate_proj.weight',
    w2: 'model.layers.N.mlp.down_proj.weight',
    w3: 'model.layers.N.mlp.up_proj.weight',
  },
};

const ATTENTION: readonly MatrixName[] = ['wq', 'wk', 'wv', 'wo'];
const FEED_FORWARD: readonly MatrixName[] = ['w1', 'w2', 'w3'];
const flags: Only = { attention_bias: [false, true], mlp_bias: [false, true] };
const usual: Only = {
  pretraining_tp: [1],
  partial_rotary_factor: [1],
  quantization_config: [null],
};

function llamaConfig(settings: Json, refuse: Refuse, only: Only, biases: readonly MatrixName[]): ModelConfig {
  checkOnly({ ...usual, ...only }, settings, refuse);
  const size = sizesOf(settings, refuse);
  const [dim, heads] = [size('hidden_size'), size('num_attention_heads')];
  if (size('head_dim', dim / heads) !== dim / heads)
    refuse(
      `${CONFIG_FILE} says head_dim = ${size('head_dim')}, not ${dim} / ${heads}, which is not supported`,
    );
  const activation = String(settings.hidden_act ?? 'silu');
  if (!(ACTIVATIONS as readonly string[]).includes(activation))
    refuse(`the activation ${activation} is not supported; supported are ${ACTIVATIONS.join(', ')}`);
  const rope = object(settings.rope_parameters) ?? object(settings.rope_scaling);
  const scaling = rope?.rope_type ?? rope?.type ?? 'default';
  if (scaling !== 'default')
    refuse(`its rotary positions are scaled (${String(scaling)}), which is not supported`);
  return {
    dim,
    hiddenDim: size('intermediate_size'),
    layers: size('num_hidden_layers'),
    heads,
    kvHeads: size('num_key_value_heads', heads),
    vocabulary: size('vocab_size'),
    context: size('max_position_embeddings', 2048),
    sharedClassifier: settings.tie_word_embeddings === true,
    activation: activation as Activation,
    normEpsilon: size('rms_norm_eps', 1e-6),
    ropeTheta: size('rope_theta', number(rope?.rope_theta) ?? 10000),
    ...(biases.length > 0 ? { biases } : {}),
  };
}

const isFrequencies = (tensor: string): boolean => tensor.endsWith('.rotary_emb.inv_freq');

/** modeling_llama.py. */
const llama: Family = {
  names: LLAMA_NAMES,
  configOf: (settings, refuse) =>
    llamaConfig(settings, refuse, { ...flags, sliding_window: [null] }, [
      ...(settings.attention_bias === true ? ATTENTION : []),
      ...(settings.mlp_bias === true ? FEED_FORWARD : []),
    ]),
  isSpare: isFrequencies,
  halfSplit: true,
};

/** modeling_qwen2.py: a llama whose queries, keys and values have biases. */
const qwen2: Family = {
  ...llama,
  configOf: (settings, refuse) =>
    llamaConfig(settings, refuse, { use_sliding_window: [false] }, ['wq', 'wk', 'wv']),
};

/** modeling_gpt_neo.py. */
const gptNeo: Family = {
  names: {
    tokenEmbedding: 'transformer.wte.weight',
    positions: 'transformer.wpe.weight',
    finalNorm: 'transformer.ln_f.weight',
    classifier: 'lm_head.weight',
    layer: {
      attentionNorm: 'transformer.h.N.ln_1.weight',
      wq: 'transformer.h.N.attn.attention.q_proj.weight',
      wk: 'transformer.h.N.attn.attention.k_proj.weight',
      wv: 'transformer.h.N.attn.attention.v_proj.weight',
      wo: 'transformer.h.N.attn.attention.out_proj.weight',
      ffnNorm: 'transformer.h.N.ln_2.weight',
      w1: 'transformer.h.N.mlp.c_fc.weight',
      w2: 'transformer.h.N.mlp.c_proj.weight',
    },
  },
  configOf(settings, refuse) {
    checkOnly(
      { activation_function: ['gelu_new', 'gelu_pytorch_tanh'], quantization_config: [null] },
      settings,
      refuse,
    );
    const size = sizesOf(settings, refuse);
    const [dim, layers, heads] = [size('hidden_size'), size('num_layers'), size('num_heads')];
    const kinds = attentionKinds(settings, layers, refuse);
    const localLayers = kinds.flatMap((kind, layer) => (kind === 'local' ? [layer] : []));
    return {
      dim,
      hiddenDim: size('intermediate_size', 4 * dim),
      layers,
      heads,
      kvHeads: heads,
      vocabulary: size('vocab_size'),
      context: size('max_position_embeddings', 2048),
      sharedClassifier: settings.tie_word_embeddings !== false,
      activation: 'gelu',
      architecture: 'gpt-neo',
      normEpsilon: size('layer_norm_epsilon', 1e-5),
      biases: ['wo', 'w1', 'w2'],
      ...(localLayers.length > 0 ? { localLayers, window: size('window_size', 256) } : {}),
    };
  },
  isSpare: (tensor) => /\.attn\.attention\.(masked_)?bias$/.test(tensor),
  halfSplit: false,
};

/** What each layer's attention sees: attention_types is a list of pairs, kinds that follow one another and how often. */
function attentionKinds(settings: Json, layers: number, refuse: Refuse): readonly unknown[] {
  const types = list(settings.attention_types ?? [[['global', 'local'], layers / 2]]).map(list);
  const kinds = types.flatMap(([cycle, times]) =>
    Array.from({ length: Math.ceil(number(times) ?? 0) }, () => list(cycle)).flat(),
  );
  if (kinds.length !== layers || kinds.some((kind) => kind !== 'global' && kind !== 'local'))
    refuse(
      `${CONFIG_FILE} says attention_types = ${JSON.stringify(settings.attention_types)} for ${layers} layers`,
    );
  return kinds;
}

/** By `model_type`. */
export const FAMILIES: Readonly<Record<string, Family>> = { llama, qwen2, gpt_neo: gptNeo };
