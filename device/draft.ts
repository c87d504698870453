/**
 * A second, small model that guesses what the large one will say: a program of its own, compiled for its own numbers. Both cores run it, as
 * they run the large one.
 */
import { noteToken, prepare } from "./sampler";
import { foresee, likeliest } from "./sampler/fixed";
import { forwardCore } from "./transformer";

/**
 * The share of a core in a pass: what the token at a position leaves behind, and where `scored`, the logits of what follows, prepared as the large
 * model's are.
 */
export function share(core: i32, token: i32, position: i32, scored: bool, temperature: f32, penalty: f32): void {
  if (core == 0) noteToken(position, token); // core 1 meets us on its way to the logits
  forwardCore(core, token, position, scored);
  if (scored) prepare(core, position, temperature, penalty, 0, 0);
}

/** What the large model will most likely choose, once all cores have had their share; with `chance`, where it draws. */
export function next(temperature: f32, topp: f32, topk: f32, minp: f32, chance: u32): i32 {
  return temperature == 0 ? likeliest() : foresee(temperature, topp, <i32>topk, minp, chance);
}
