/** The stages of the precision that this program is compiled for (`--use PRECISION=8` or `32`, see scripts/build-wasm.ts). */
import * as f32Stages from "./f32";
import * as int8Stages from "./int8";

// @ts-ignore: decorator
@inline
export function embed(half: i32, token: i32, position: i32): void {
  if (PRECISION == 32) f32Stages.embed(half, token, position);
  else int8Stages.embed(half, token, position);
}

// @ts-ignore: decorator
@inline
export function project(half: i32, layer: i32, position: i32): void {
  if (PRECISION == 32) f32Stages.project(half, layer, position);
  else int8Stages.project(half, layer, position);
}

// @ts-ignore: decorator
@inline
export function attend(half: i32, layer: i32, position: i32): void {
  if (PRECISION == 32) f32Stages.attend(half, layer, position);
  else int8Stages.attend(half, layer, position);
}

// @ts-ignore: decorator
@inline
export function projectOut(half: i32, layer: i32): void {
  if (PRECISION == 32) f32Stages.projectOut(half, layer);
  else int8Stages.projectOut(half, layer);
}

// @ts-ignore: decorator
@inline
export function feedForward(half: i32, layer: i32): void {
  if (PRECISION == 32) f32Stages.feedForward(half, layer);
  else int8Stages.feedForward(half, layer);
}

// @ts-ignore: decorator
@inline
export function projectDown(half: i32, layer: i32): void {
  if (PRECISION == 32) f32Stages.projectDown(half, layer);
  else int8Stages.projectDown(half, layer);
}

// @ts-ignore: decorator
@inline
export function classify(half: i32): void {
  if (PRECISION == 32) f32Stages.classify(half);
  else int8Stages.classify(half);
}
