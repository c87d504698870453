/** Exact choices among few items, by dynamic programming over sums. */

/** Numbers of the items of a set, in order. */
export type Choice = number[];

/**
 * The lightest set of items whose gains come to `need` or more; undefined where all together do not. Gains are whole units,
 * `need` may be anything up to some ten thousands of them.
 */
export function lightestCover(
  gains: readonly number[],
  weights: readonly number[],
  need: number,
): Choice | undefined {
  if (need <= 0) return [];
  const lightest = new Float64Array(need + 1).fill(Number.POSITIVE_INFINITY); // by gain, all above `need` together
  lightest[0] = 0;
  const taken = gains.map(() => new Uint8Array(need + 1));
  const from = gains.map(() => new Int32Array(need + 1));
  gains.forEach((gain, item) => {
    for (let sum = need; sum >= 0; sum--) {
      if (lightest[sum] === Number.POSITIVE_INFINITY || gain <= 0) continue;
      const reached = Math.min(need, sum + gain);
      if (lightest[sum] + weights[item] >= lightest[reached]) continue;
      lightest[reached] = lightest[sum] + weights[item];
      taken[item][reached] = 1;
      from[item][reached] = sum;
    }
  });
  if (lightest[need] === Number.POSITIVE_INFINITY) return undefined;
  return trace(taken, need, (item, sum) => from[item][sum]);
}

/** The set of the largest value whose weights, whole units, fit `capacity`, which is none below 0. */
export function mostValuable(
  values: readonly number[],
  weights: readonly number[],
  capacity: number,
): Choice {
  if (weights.reduce((sum, weight) => sum + weight, 0) <= capacity) return values.map((_, item) => item);
  const best = new Float64Array(capacity + 1);
  const taken = values.map(() => new Uint8Array(capacity + 1));
  values.forEach((value, item) => {
    const weight = weights[item];
    for (let sum = capacity; sum >= weight; sum--) {
      if (best[sum - weight] + value <= best[sum]) continue;
      best[sum] = best[sum - weight] + value;
      taken[item][sum] = 1;
    }
  });
  return trace(taken, capacity, (item, sum) => sum - weights[item]);
}

/** Items from the last to the first, each where the sum that is left says that it was taken. */
function trace(
  taken: readonly Uint8Array[],
  sum: number,
  before: (item: number, sum: number) => number,
): Choice {
  const chosen: Choice = [];
  for (let item = taken.length - 1; item >= 0; item--) {
    if (!taken[item][sum]) continue;
    chosen.unshift(item);
    sum = before(item, sum);
  }
  return chosen;
}
