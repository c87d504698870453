/**
 * Two cores, one static schedule: core 0 posts a forward pass, both run their share, and they meet at spin barriers in SRAM.
 * With config.cores = 1 all of this folds away.
 */
import { read32, write32 } from "./chip";
import { cores, teamwork } from "./config";
import { screenKind } from "./screen/config";
import { remindScreen, serveScreen } from "./screen";
import { exponentiate } from "./sampler";
import { forwardCore } from "./transformer";

// Words of the `teamwork` item. Each core's barrier count has its own word, written by that core alone.
const JOB_TOKEN: usize = 8;
const JOB_POSITION: usize = 12;
const JOB_TEMPERATURE: usize = 16;

/**
 * Waits until both cores have come here equally often. A core counts up its own word and waits for the other's to reach
 * the same count; "reach" by signed difference, since the other may already be on its way to the next barrier.
 */
// @ts-ignore: decorator
@inline
export function barrier(core: i32): void {
  if (cores == 1) return;
  const count = arrive(core);
  if (SCREEN && core == 1) remindScreen(); // core 0 sees us here already
  while (isAhead(core, count)) {}
}

// @ts-ignore: decorator
@inline
function arrive(core: i32): u32 {
  const mine = teamwork + ((<usize>core) << 2);
  const count = read32(mine) + 1;
  write32(mine, count);
  return count;
}

/** True while the other core has not come to this core's barrier `count`. */
// @ts-ignore: decorator
@inline
function isAhead(core: i32, count: u32): bool {
  return <i32>(read32(teamwork + ((<usize>(core ^ 1)) << 2)) - count) < 0;
}

/** A barrier of core 1 whose wait belongs to the screen: core 0 samples, prints, or waits for somebody to type. */
function awaitPass(): void {
  const count = arrive(1);
  while (isAhead(1, count)) if (SCREEN && screenKind) serveScreen();
}

/** True once a core has come to its first barrier. */
export function hasArrived(core: i32): bool {
  return read32(teamwork + ((<usize>core) << 2)) != 0;
}

/**
 * One pass through the model on all cores: afterwards `logits` holds the scores of the token after `token`, or, with a
 * temperature, what the sampler draws from.
 */
export function forward(token: i32, position: i32, temperature: f32): void {
  if (cores == 2) {
    write32(teamwork + JOB_TEMPERATURE, reinterpret<u32>(temperature));
    write32(teamwork + JOB_TOKEN, token);
    write32(teamwork + JOB_POSITION, position);
  }
  barrier(0);
  share(0, token, position, temperature);
  barrier(0);
}

function share(core: i32, token: i32, position: i32, temperature: f32): void {
  forwardCore(core, token, position);
  if (temperature == 0) return;
  barrier(core);
  exponentiate(core, temperature);
}

/** The life of core 1: wait for a pass, run its share, wait again. */
export function work(): void {
  for (;;) {
    awaitPass();
    const temperature = reinterpret<f32>(read32(teamwork + JOB_TEMPERATURE));
    share(1, read32(teamwork + JOB_TOKEN), read32(teamwork + JOB_POSITION), temperature);
    barrier(1);
  }
}
