/**
 * The repetition penalty (Keskar et al. 2019): the logits of the last REPETITION_WINDOW tokens, those of the prompt included and BOS
 * not, are divided by it where positive and multiplied where negative; once each, however often a token is among them.
 */
import { recent } from "../contract/config";
import { REPETITION_WINDOW as WINDOW } from "../contract/constants";

/** Behind the ring of tokens: for either core, the logits before any is changed. */
const RING_BYTES: usize = <usize>WINDOW << 1;
const SAVED_BYTES: usize = <usize>WINDOW << 2;

/** The token that goes into the model at a position from now on. */
export function noteToken(position: i32, token: i32): void {
  store<u16>(recent + (<usize>(position & (WINDOW - 1)) << 1), <u16>token);
}

/** First of the positions whose tokens are lowered in the pass at `position`. */
// @ts-ignore: decorator
@inline
export function firstPosition(position: i32): i32 {
  return max(1, position - (WINDOW - 1));
}

/** Token at a position. */
// @ts-ignore: decorator
@inline
export function tokenAt(position: i32): i32 {
  return <i32>load<u16>(recent + (<usize>(position & (WINDOW - 1)) << 1));
}

/** Where a core keeps the bits of a logit until all are read: so a token that occurs twice is lowered once. */
// @ts-ignore: decorator
@inline
export function saved(core: i32, position: i32): usize {
  return recent + RING_BYTES + <usize>core * SAVED_BYTES + (<usize>(position & (WINDOW - 1)) << 2);
}
