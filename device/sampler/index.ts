/**
 * From logits to a token: what every core does to its half behind the forward pass, and the choice on core 0. The arithmetic that
 * this program is compiled for has its own sampler: integers (fixed.ts), or llama2.c's floats (float.ts).
 */
import { cores } from "../contract/config";
import { minp, temperature, topk, topp } from "../contract/settings";
import { barrier } from "../barrier";
import { canBind } from "../grammar";
import * as fixed from "./fixed";
import * as float from "./float";

export { seedRandom } from "./random";
export { noteToken } from "./repetition";

/** Of a greedy pass without penalty, and of a pass whose token the prompt gives. */
export const NO_PENALTY: f32 = 1;

// @ts-ignore: decorator
@inline
function penalizeFixed(core: i32, position: i32, penalty: f32): void {
  fixed.penalize(core, position, penalty);
  if (cores == 1) fixed.penalize(1, position, penalty);
}

// @ts-ignore: decorator
@inline
function prepareFixed(core: i32, warmth: f32): void {
  barrier(core);
  fixed.gather(core, warmth);
  if (cores == 1) fixed.gather(1, warmth);
}

// @ts-ignore: decorator
@inline
function restrictFixed(core: i32, state: usize, left: i32): void {
  fixed.restrict(core, state, left);
  if (cores == 1) fixed.restrict(1, state, left);
}

/**
 * The share of `core` between the logits of `position` and the choice; `warmth` is the temperature, 0 where nothing is drawn. `state` is
 * the grammar's, 0 where everything may be said, and `left` how many tokens may.
 */
export function prepare(core: i32, position: i32, warmth: f32, penalty: f32, state: usize, left: i32): void {
  if (penalty != NO_PENALTY) {
    if (ARITHMETIC == 0) penalizeFixed(core, position, penalty);
    else float.penalize(core, position, penalty);
  }
  if (canBind() && state) {
    if (ARITHMETIC == 0) restrictFixed(core, state, left);
    else float.restrict(core, state, left);
  }
  if (warmth == 0) return;
  if (ARITHMETIC == 0) prepareFixed(core, warmth);
  else {
    barrier(core);
    float.exponentiate(core, warmth);
  }
}

/** The token that follows, once all cores have come through {@link prepare} with the settings' temperature. */
export function choose(): i32 {
  if (ARITHMETIC == 0) return temperature == 0 ? fixed.likeliest() : fixed.draw(temperature, topp, <i32>topk, minp);
  return temperature == 0 ? float.likeliest() : float.draw(topp, <i32>topk, minp);
}

/** Another token in place of `token`, which `choose` or this gave; -1: there is none. Integers alone. */
export function chooseAgain(token: i32): i32 {
  return temperature == 0 ? fixed.likeliestAgain(token) : fixed.drawAgain();
}
