/** The packed model's record: a header, then one structure a layer. Packers write its words by name, the stages read them. */
import type { Arithmetic } from './sizes.ts';
import { type Fields, field, type Structure } from './structure.ts';

/** A matrix of the fixed arithmetic, whatever its format: five words in a row. */
const matrix = <N extends string>(name: N, meaning: string) =>
  ({
    [name]: field('address', meaning),
    [`${name}Scales`]: field('address', `s16 (rows): scales of ${name}.`),
    [`${name}Shift`]: field('i32', `Right shift of the products with ${name}.`),
    [`${name}Bound`]: field('i32', `Largest sum of squares of a vector that ${name} is multiplied by.`),
    [`${name}Format`]: field('i32', `Code of the format of ${name}, where layers differ in it.`),
  }) as Readonly<
    Record<
      N | `${N}Scales` | `${N}Shift` | `${N}Bound` | `${N}Format`,
      { type: 'address' | 'i32'; meaning: string }
    >
  >;

const fixed = {
  header: {
    meaning: 'Header of a record in fixed arithmetic.',
    unit: 64,
    fields: {
      embedding: field('address', '(vocabulary, dim).'),
      embeddingUnits: field(
        'address',
        'i32 (vocabulary): one unit of a row, in units of the residual stream.',
      ),
      ...matrix('classifier', '(vocabulary, dim).'),
      finalGain: field('address', 's16 (dim): gains of the last norm.'),
      finalFactor: field('f32', 'What its gains leave out of the scale of the activations.'),
      logitFactor: field('f32', 'From products with the classifier to logits, for activations of unit 1.'),
      rope: field('address', 's16 (context, headSize / 2, 2): cosine and sine in units of 2^-15.'),
      epsilon: field('f32', "RMSNorm's, in squared residual units."),
      layerEmbeddings: field(
        'address',
        '(vocabulary, layers + 1): rows of layerRow() bytes, where `config.hasLayerEmbeddings` is 1.',
      ),
    },
  },
  layer: {
    meaning: 'A layer in fixed arithmetic.',
    unit: 32,
    fields: {
      ...matrix('qkv', '(query, key and value rows of half 0, then of half 1; dim).'),
      ...matrix('out', '(dim, dim).'),
      ...matrix(
        'gateUp',
        '(gate and up rows of half 0, then of half 1; dim); with config.zeros gate rows alone.',
      ),
      ...matrix('down', '(dim, hidden); with config.zeros s8 (hidden, dim): columns one behind the other.'),
      attentionGain: field('address', 's16 (dim).'),
      feedForwardGain: field('address', 's16 (dim).'),
      attentionFactor: field('f32', 'What the gains leave out of the scale of the activations.'),
      feedForwardFactor: field('f32', 'The same of the norm before the feed-forward.'),
      scoreFactor: field('f32', "From the product of a query's and a key's units to steps of the scores."),
      valueFactor: field('f32', "From a product's unit to 2^-8 of the values'."),
      outFactor: field('f32', "From the attention's unit to the residual stream's."),
      gateFactor: field('f32', "From a product's unit to that of the gate's argument."),
      downFactor: field('f32', "From the hidden vector's unit to the residual stream's."),
    },
  },
  more: {
    meaning: 'Second part of a record in fixed arithmetic, behind its layers, where products have biases.',
    unit: 16,
    fields: {
      ones: field('address', 's16 (widest rows): 32767, where rows have no scale any more.'),
      positions: field('address', 's16 (context, dim): learned positions.'),
      positionFactor: field('f32', "From their unit to the residual stream's."),
      embeddingMeans: field(
        'address',
        "i32 (vocabulary): the mean of an embedding, in the residual stream's unit; LayerNorm takes it away.",
      ),
      logitBias: field('address', 's16 (vocabulary): what LayerNorm adds to every logit.'),
      logitBiasUnit: field('f32', 'Its unit.'),
    },
  },
  added: {
    meaning: 'What is added to a layer in fixed arithmetic, behind that.',
    unit: 16,
    fields: {
      qkvBias: field('address', 's16 (rows of qkv), in the unit that they then have.'),
      qkvFactor: field('f32', "From a product's unit to that."),
      outBias: field('address', 's16 (dim).'),
      outBiasFactor: field('f32', "From its unit to the residual stream's."),
      gateUpBias: field('address', 's16 (rows of gateUp), in the unit that they then have.'),
      gateUpFactor: field('f32', "From a product's unit to that."),
      downBias: field('address', 's16 (dim).'),
      downBiasFactor: field('f32', "From its unit to the residual stream's."),
      isLocal: field('i32', '1 where its attention sees `window` positions alone.'),
      localBefore: field('i32', 'How many of the layers before it do.'),
    },
  },
  units: {
    meaning:
      'What is read of a layer by hidden units, behind the layers, with config.zeros (nothing has biases then).',
    unit: 16,
    fields: {
      up: field('address', 's8 (hidden, dim): rows one behind the other.'),
      upScales: field('address', 's16 (hidden): scales of up.'),
      upShift: field('i32', 'Right shift of the products with up.'),
    },
  },
} as const satisfies Record<string, Structure>;

const float = {
  header: {
    meaning:
      'Header of a record in float arithmetic. All matrices have rows padded to multiples of 4 columns.',
    unit: 16,
    fields: {
      embedding: field('address', 'f32 (vocabulary, dim).'),
      classifier: field('address', 'f32 (vocabulary, dim).'),
      finalNorm: field('address', 'f32 (dim).'),
      rope: field('address', 'f32 (context, headSize / 2, 2): cosine and sine.'),
      epsilon: field('f32', "RMSNorm's."),
      layerEmbeddings: field(
        'address',
        'f32 (vocabulary, layers + 1, dim), where `config.hasLayerEmbeddings` is 1.',
      ),
    },
  },
  layer: {
    meaning: 'A layer in float arithmetic.',
    unit: 4,
    fields: {
      attentionNorm: field('address', 'f32 (dim).'),
      wq: field('address', 'f32 (dim, dim).'),
      wk: field('address', 'f32 (kvDim, dim).'),
      wv: field('address', 'f32 (kvDim, dim).'),
      wo: field('address', 'f32 (dim, dim).'),
      ffnNorm: field('address', 'f32 (dim).'),
      w1: field('address', 'f32 (hidden, dim): gate.'),
      w2: field('address', 'f32 (dim, hidden): down.'),
      w3: field('address', 'f32 (hidden, dim): up.'),
    },
  },
  more: {
    meaning: 'Second part of a record in float arithmetic, behind its layers, where products have biases.',
    unit: 4,
    fields: {
      positions: field('address', 'f32 (context, dim): learned positions.'),
      finalNormBias: field('address', 'f32 (dim).'),
      scoreScale: field('f32', 'What scores are multiplied by.'),
    },
  },
  added: {
    meaning: 'What is added to a layer in float arithmetic, behind that; zeros where there is no such bias.',
    unit: 4,
    fields: {
      attentionNormBias: field('address', 'f32 (dim).'),
      wqBias: field('address', 'f32 (dim).'),
      wkBias: field('address', 'f32 (kvDim).'),
      wvBias: field('address', 'f32 (kvDim).'),
      woBias: field('address', 'f32 (dim).'),
      ffnNormBias: field('address', 'f32 (dim).'),
      w1Bias: field('address', 'f32 (hidden).'),
      w2Bias: field('address', 'f32 (dim).'),
      w3Bias: field('address', 'f32 (hidden).'),
      isLocal: field('i32', '1 where its attention sees `window` positions alone.'),
      localBefore: field('i32', 'How many of the layers before it do.'),
    },
  },
} as const satisfies Record<string, Structure>;

export const records = { fixed, float } as const;

/** Parts of a record. */
export type PartOf<A extends Arithmetic> = keyof (typeof records)[A];

type FieldsOf<S> = S extends { fields: infer F } ? keyof F & string : never;

/** Names of the words of a part: of a header or a layer, say. */
export type WordsOf<A extends Arithmetic, P extends PartOf<A>> = FieldsOf<(typeof records)[A][P]>;

export type { Fields };
