/** Products that leave out the hidden units whose gate is zero: the same numbers as with them, since zeros add nothing. */
import { ACTIVE_COLUMNS, ACTIVE_COUNT, ACTIVE_NUMBERS, ACTIVE_SHIFT, ACTIVE_UNITS } from "../contract/status";
import { at16, at32, mul16, readOut } from "./lanes";
import { gateLimit } from "./reglu";

/** Number of the k-th active unit. */
// @ts-ignore: decorator
@inline
function unitOf(list: usize, k: i32): i32 {
  return <i32>load<u16>(at16(list + ACTIVE_NUMBERS, k));
}

/**
 * y = relu(gate) * mantissa >> shift, in units of 2^-11; the numbers of the units where that is above zero go to the list, in order.
 */
export function relu_list(y: usize, scale: usize, list: usize, n: i32, mantissa: i32, shift: i32): void {
  const limit = gateLimit(mantissa, shift);
  let count = 0;
  for (let i = 0; i < n; i++) {
    const gate = mul16(<i32>load<i16>(at16(y, i)), <i32>load<i16>(at16(scale, i)), 15);
    const relu = mul16(max(min(gate, limit), 0), mantissa, shift);
    store<i16>(at16(y, i), relu);
    if (relu) store<u16>(at16(list + ACTIVE_NUMBERS, count++), i);
  }
  store<i32>(list, count, ACTIVE_COUNT);
}

/** out[k] = gate * up of the k-th active unit, as `reglu` has it; zeros behind the last. No sum saturates (src/quantize/pack.ts). */
export function matvec_active(weights: usize, x: usize, list: usize, gates: usize, scale: usize, out: usize): void {
  const columns = load<i32>(list, ACTIVE_COLUMNS);
  const shift = load<i32>(list, ACTIVE_SHIFT);
  const count = load<i32>(list, ACTIVE_COUNT);
  for (let k = 0; k < count; k++) {
    const unit = unitOf(list, k);
    const row = weights + <usize>(unit * columns);
    let sum = 1 << (shift - 1);
    for (let j = 0; j < columns; j++) sum += <i32>load<i8>(row + j) * <i32>load<i8>(x + j);
    const up = mul16((sum >> shift) << 1, <i32>load<i16>(at16(scale, unit)), 15);
    store<i32>(at32(out, k), <i32>load<i16>(at16(gates, unit)) * up);
  }
  const units = load<i32>(list, ACTIVE_UNITS);
  for (let k = count; k < units; k++) store<i32>(at32(out, k), 0);
}

/** Address of lane `i` of stored sums, to whole bytes: QACC's halves are numbers of 160 bits, each in four words and one (src/kernels/active.ts). */
// @ts-ignore: decorator
@inline
function laneAt(sums: usize, i: i32): usize {
  return sums + <usize>(((i >> 4) << 6) + ((i & 8) << 2) + ((20 * (i & 7)) >> 3));
}

// @ts-ignore: decorator
@inline
function sumAt(sums: usize, i: i32): i32 {
  const at = laneAt(sums, i);
  const bits = <i32>load<u8>(at) | (<i32>load<u8>(at, 1) << 8) | (<i32>load<u8>(at, 2) << 16);
  return i & 1 ? (bits << 8) >> 12 : (bits << 12) >> 12;
}

// @ts-ignore: decorator
@inline
function setSum(sums: usize, i: i32, sum: i32): void {
  const at = laneAt(sums, i);
  if (i & 1) {
    store<u8>(at, (<i32>load<u8>(at) & 15) | (sum << 4));
    store<u8>(at, sum >> 4, 1);
    store<u8>(at, sum >> 12, 2);
  } else {
    store<u8>(at, sum);
    store<u8>(at, sum >> 8, 1);
    store<u8>(at, (<i32>load<u8>(at, 2) & 0xf0) | ((sum >> 16) & 15), 2);
  }
}

/** sums += W x over the columns that a list names, one behind the other in W and in x. No sum leaves its lane (src/quantize/matrix.ts). */
export function add_columns(weights: usize, x: usize, list: usize, sums: usize, rows: i32): void {
  const stride = load<i32>(list, ACTIVE_COLUMNS);
  const count = load<i32>(list, ACTIVE_COUNT);
  for (let i = 0; i < rows; i++) {
    let sum = sumAt(sums, i);
    for (let k = 0; k < count; k++) {
      sum += <i32>load<i8>(weights + <usize>(unitOf(list, k) * stride + i)) * <i32>load<i8>(x + k);
    }
    setSum(sums, i, sum);
  }
}

/** y = 2 round(sums / 2^shift), rounding half up. */
export function read_columns(sums: usize, y: usize, rows: i32, shift: i32): void {
  for (let i = 0; i < rows; i++) store<i16>(at16(y, i), readOut((sumAt(sums, i) + (1 << (shift - 1))) >> shift));
}
