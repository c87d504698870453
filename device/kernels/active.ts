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

/** y = 2 round(W x / 2^shift), rounding half up, over the columns of both halves' active units; W as `matvec_hidden` has it. */
export function matvec_columns(weights: usize, x: usize, lists: usize, y: usize, rows: i32, shift: i32): void {
  const units = load<i32>(lists, ACTIVE_UNITS);
  for (let i = 0; i < rows; i++) {
    const row = weights + <usize>((i & -16) * 2 * units + (i & 15));
    let sum = 1 << (shift - 1);
    for (let half = 0; half < 2; half++) {
      const list = lists + <usize>half * (ACTIVE_NUMBERS + (<usize>units << 1));
      const count = load<i32>(list, ACTIVE_COUNT);
      for (let k = 0; k < count; k++) {
        const column = half * units + unitOf(list, k);
        sum += <i32>load<i8>(row + (<usize>column << 4)) * <i32>load<i8>(x + <usize>(half * units + k));
      }
    }
    store<i16>(at16(y, i), readOut(sum >> shift));
  }
}
