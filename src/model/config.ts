/** Checks a header's numbers before anything is allocated by them. */
import { FailureError } from '../errors.ts';
import {
  ARCHITECTURES,
  INT4_GROUP,
  INT4_GROUPS,
  LAYER_PARTS,
  MATRICES,
  type ModelConfig,
  matricesOf,
  NORM_EPSILON,
  ROPE_THETA,
  traitsOf,
} from './types.ts';

const { fround } = Math;

/** Upper bounds that no model for a microcontroller comes near; above them the header is taken as damaged. */
const LIMITS = {
  dim: 16384,
  hiddenDim: 65536,
  layers: 256,
  heads: 256,
  kvHeads: 256,
  vocabulary: 1_000_000,
  context: 1_000_000,
} as const satisfies Partial<Record<keyof ModelConfig, number>>;

/** What else is wrong with a config, whose sizes are right. */
function problemOf(config: ModelConfig): string | undefined {
  const { dim, heads, kvHeads, layers, biases = [], localLayers = [], window, activation } = config;
  const { int8Matrices = [], layerEmbeddings } = config;
  const { architecture = 'llama' } = config;
  if (!Object.hasOwn(ARCHITECTURES, architecture)) return `its architecture ${architecture} is unknown`;
  const { rotary, activations } = traitsOf(config);
  const rising = localLayers.every(
    (layer, i) => Number.isInteger(layer) && layer > (localLayers[i - 1] ?? -1),
  );
  if (dim % heads !== 0) return `dim ${dim} is not a multiple of heads ${heads}`;
  if (heads % kvHeads !== 0) return `heads ${heads} is not a multiple of kvHeads ${kvHeads}`;
  if (rotary && (dim / heads) % 2 !== 0)
    return `head size ${dim / heads} is odd, so RoPE cannot turn its pairs`;
  if (!activations.includes(activation)) return `the activation ${activation} is not its architecture's`;
  for (const [field, names] of Object.entries({ biases, int8Matrices }))
    if (!names.every((name, i) => MATRICES.indexOf(name) > MATRICES.indexOf(names[i - 1]!)))
      return `${field} ${names.join(', ')} are not names of matrices in their order`;
  const parted = Object.values(LAYER_PARTS).find((names) => {
    const there = matricesOf(config).filter((name) => names.some((one) => one === name));
    const kept = there.filter((name) => int8Matrices.includes(name));
    return kept.length > 0 && kept.length < there.length;
  });
  if (parted)
    return `int8Matrices names some of ${parted.join(', ')}, which are packed together, and not all`;
  if (!rising || (localLayers.at(-1) ?? 0) >= layers)
    return `localLayers ${localLayers.join(', ')} are no numbers of its ${layers} layers`;
  if (localLayers.length > 0 !== (window !== undefined && Number.isInteger(window) && window > 0))
    return `window ${window} does not go with ${localLayers.length} local layers`;
  if (layerEmbeddings !== undefined && layerEmbeddings !== true)
    return `layerEmbeddings is ${layerEmbeddings}, and true where it is said at all`;
  return undefined;
}

/** The config without what is as usual. Refuses sizes that are not a llama2-style decoder's. @throws FailureError naming the field. */
export function checkConfig(config: ModelConfig, name: string): ModelConfig {
  for (const [field, limit] of Object.entries(LIMITS)) {
    const value = config[field as keyof typeof LIMITS];
    if (!Number.isInteger(value) || value < 1 || value > limit) {
      throw new FailureError(
        `${name}: the header says ${field} = ${value}, which is not between 1 and ${limit}; is this a checkpoint?`,
      );
    }
  }
  const wrong = problemOf(config);
  if (wrong) throw new FailureError(`${name}: ${wrong}; the header is damaged, or this is no checkpoint`);
  const { normEpsilon, ropeTheta, int4Group = INT4_GROUP, ...sizes } = config;
  for (const [field, value] of Object.entries({ normEpsilon, ropeTheta }))
    if (value !== undefined && !(Number.isFinite(value) && value > 0))
      throw new FailureError(`${name}: ${field} = ${value} is no positive number; the header is damaged`);
  if (!INT4_GROUPS.includes(int4Group))
    throw new FailureError(
      `${name}: int4Group = ${int4Group} is none of ${INT4_GROUPS.join(', ')}; a newer esp32-llm may have written it`,
    );
  const isUsual = (value: number | undefined, usual: number): boolean =>
    value === undefined || fround(value) === fround(usual);
  return {
    ...sizes,
    ...(isUsual(normEpsilon, NORM_EPSILON) ? {} : { normEpsilon }),
    ...(isUsual(ropeTheta, ROPE_THETA) ? {} : { ropeTheta }),
    ...(int4Group === INT4_GROUP ? {} : { int4Group }),
  };
}
