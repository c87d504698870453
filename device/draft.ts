/**
 * A second, small model that guesses what the large one will say: a program of its own, compiled for its own numbers. Both cores run it, as
 * they run the large one.
 */
import { cores } from "./contract/config";
import { barrier } from "./barrier";
import { NO_PENALTY, noteToken } from "./sampler";
import { foresee, gather, likeliest, penalize } from "./sampler/fixed";
import { forwardCore } from "./transformer";

/**
 * The share of a core in a pass: what the token at a position leaves behind, and where `scored`, the logits of what follows, lowered and, where the
 * large model will draw, gathered as it does it.
 */
export function share(core: i32, token: i32, position: i32, scored: bool, temperature: f32, penalty: f32): void {
  forwardCore(core, token, position, scored);
  if (!scored) return;
  if (penalty != NO_PENALTY) {
    penalize(core, position, penalty);
    if (cores == 1) penalize(1, position, penalty);
  }
  if (temperature == 0) return;
  barrier(core);
  gather(core, temperature);
  if (cores == 1) gather(1, temperature);
}

/** The token goes into the model at a position, in a pass that comes next. */
export function take(token: i32, position: i32): void {
  noteToken(position, token);
}

/** What the large model will most likely choose, once all cores have had their share; with `chance`, where it draws. */
export function next(temperature: f32, topp: f32, topk: f32, minp: f32, chance: u32): i32 {
  return temperature == 0 ? likeliest() : foresee(temperature, topp, <i32>topk, minp, chance);
}
