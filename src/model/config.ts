/** Checks a header's numbers before anything is allocated by them. */
import { FailureError } from '../errors.ts';
import { type ModelConfig, NORM_EPSILON, ROPE_THETA } from './types.ts';

const { fround } = Math;

/** Upper bounds that no model for a microcontroller comes near; above them the header is taken as damaged. */
const LIMITS: Record<
  Exclude<keyof ModelConfig, 'sharedClassifier' | 'activation' | 'normEpsilon' | 'ropeTheta'>,
  number
> = {
  dim: 16384,
  hiddenDim: 65536,
  layers: 256,
  heads: 256,
  kvHeads: 256,
  vocabulary: 1_000_000,
  context: 1_000_000,
};

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
  const { dim, heads, kvHeads } = config;
  const wrong =
    dim % heads !== 0
      ? `dim ${dim} is not a multiple of heads ${heads}`
      : heads % kvHeads !== 0
        ? `heads ${heads} is not a multiple of kvHeads ${kvHeads}`
        : (dim / heads) % 2 !== 0
          ? `head size ${dim / heads} is odd, so RoPE cannot turn its pairs`
          : undefined;
  if (wrong) throw new FailureError(`${name}: ${wrong}; the header is damaged, or this is no checkpoint`);
  const { normEpsilon, ropeTheta, ...sizes } = config;
  for (const [field, value] of Object.entries({ normEpsilon, ropeTheta }))
    if (value !== undefined && !(Number.isFinite(value) && value > 0))
      throw new FailureError(`${name}: ${field} = ${value} is no positive number; the header is damaged`);
  const isUsual = (value: number | undefined, usual: number): boolean =>
    value === undefined || fround(value) === fround(usual);
  return {
    ...sizes,
    ...(isUsual(normEpsilon, NORM_EPSILON) ? {} : { normEpsilon }),
    ...(isUsual(ropeTheta, ROPE_THETA) ? {} : { ropeTheta }),
  };
}
