/**
 * From products with the classifier to a drawn token, in integers: logits, the candidates near the largest, their weights, and the
 * thresholds of top-k and top-p by bisection. A weight is s16: round(2^15 * e^x), nearly; a threshold t stands for {weight >= t}.
 */
import { rootOfExponential } from "./exponential";
import { add16, at16, at32, mul16, sub32 } from "./lanes";

/** out = y * scale, exact. y, scale: s16 (n), out: s32 (n), n a multiple of 16. Returns the largest. */
export function logits_s32(y: usize, scale: usize, out: usize, n: i32): i32 {
  let largest = i32.MIN_VALUE;
  for (let i = 0; i < n; i++) {
    const product = <i32>load<i16>(at16(y, i)) * <i32>load<i16>(at16(scale, i));
    store<i32>(at32(out, i), product);
    largest = max(largest, product);
  }
  return largest;
}

/** The largest of x: s32 (n), n a multiple of 16. */
export function largest_s32(x: usize, n: i32): i32 {
  let largest = i32.MIN_VALUE;
  for (let i = 0; i < n; i++) largest = max(largest, load<i32>(at32(x, i)));
  return largest;
}

/** Index of the first element of x that is `value`, which is there. x: s32 (n), n a multiple of 16. */
export function find_s32(x: usize, n: i32, value: i32): i32 {
  let i = 0;
  while (load<i32>(at32(x, i)) != value) i++;
  return i;
}

/**
 * Moves the elements of x above `cut` to its front, in order, and writes their numbers, the first element's being `first`.
 * x: s32 (n), n a multiple of 16; ids: u16. Returns how many there are.
 */
export function gather_above(x: usize, n: i32, cut: i32, ids: usize, first: i32): i32 {
  let count = 0;
  for (let i = 0; i < n; i++) {
    const value = load<i32>(at32(x, i));
    if (value <= cut) continue;
    store<i32>(at32(x, count), value);
    store<u16>(at16(ids, count), first + i);
    count++;
  }
  return count;
}

/**
 * out = weight of ((x - largest) >> shift) * mantissa >> 14, in units of the exponential. x: s32 (16 * groups), out: s16, which may
 * begin where x does. Right for arguments from LOWEST to 0.
 */
export function exponentials(x: usize, out: usize, groups: i32, largest: i32, shift: i32, mantissa: i32): void {
  const n = groups << 4;
  for (let i = 0; i < n; i++) {
    const below = sub32(load<i32>(at32(x, i)), largest) >> shift;
    const e = rootOfExponential(mul16(<i32>(<i16>below), mantissa, 14));
    // The last squaring, rounded: (e * e >> 14) + 1 >> 1, of which the chip has unsigned 16 bits.
    store<i16>(at16(out, i), (add16(mul16(e, e, 14), 1) & 0xffff) >> 1);
  }
}

/** Sum of the weights from `threshold` on. weights: s16 (16 * groups), none negative. */
export function mass_from(weights: usize, groups: i32, threshold: i32): i32 {
  const n = groups << 4;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const weight = <i32>load<i16>(at16(weights, i));
    if (weight >= threshold) sum += weight;
  }
  return sum;
}

/**
 * The threshold of the fewest weights, largest first, whose sum is at least `target` (all of equal weights or none of them):
 * bisection over 15 bits, which ends early where no more than one weight is between the bounds. weights: s16 (16 * groups).
 */
export function top_mass(weights: usize, groups: i32, target: i32): i32 {
  let threshold = 0;
  let massFrom = i32.MAX_VALUE;
  let massAbove = 0;
  for (let bit = 1 << 14; bit; bit >>= 1) {
    const mass = mass_from(weights, groups, threshold + bit);
    if (mass < target) massAbove = mass;
    else {
      threshold += bit;
      massFrom = mass;
    }
    if (massFrom - massAbove < 2 * threshold) break;
  }
  return threshold;
}

/** The same for the fewest weights whose number is at least `target`. */
export function top_count(weights: usize, groups: i32, target: i32): i32 {
  const n = groups << 4;
  let threshold = 0;
  for (let bit = 1 << 14; bit; bit >>= 1) {
    let count = 0;
    for (let i = 0; i < n; i++) if (<i32>load<i16>(at16(weights, i)) >= threshold + bit) count++;
    if (count >= target) threshold += bit;
    if (count == target) break;
  }
  return threshold;
}

/** Index of the weight from `threshold` on at which the sum of those so far exceeds `target`, which their sum does. */
export function pick(weights: usize, threshold: i32, target: i32): i32 {
  let i = 0;
  for (let left = target; ; i++) {
    const weight = <i32>load<i16>(at16(weights, i));
    if (weight < threshold) continue;
    left -= weight;
    if (left < 0) break;
  }
  return i;
}
