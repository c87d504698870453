/**
 * Two cores, one static schedule: core 0 posts a forward pass, both run their share, and they meet at spin barriers in SRAM.
 * With config.cores = 1 all of this folds away.
 */
import { read32, write32 } from "./chip";
import { cores, teamwork } from "./config";
import { forwardCore } from "./transformer";

// Words of the `teamwork` item. Each core's barrier count has its own word, written by that core alone.
const JOB_TOKEN: usize = 8;
const JOB_POSITION: usize = 12;

/**
 * Waits until both cores have come here equally often. A core counts up its own word and waits for the other's to reach
 * the same count; "reach" by signed difference, since the other may already be on its way to the next barrier.
 */
// @ts-ignore: decorator
@inline
export function barrier(core: i32): void {
  if (cores == 1) return;
  const mine = teamwork + ((<usize>core) << 2);
  const others = teamwork + ((<usize>(core ^ 1)) << 2);
  const count = read32(mine) + 1;
  write32(mine, count);
  while (<i32>(read32(others) - count) < 0) {}
}

/** True once a core has come to its first barrier. */
export function hasArrived(core: i32): bool {
  return read32(teamwork + ((<usize>core) << 2)) != 0;
}

/** One pass through the model on all cores: afterwards `logits` holds the scores of the token after `token`. */
export function forward(token: i32, position: i32): void {
  if (cores == 2) {
    write32(teamwork + JOB_TOKEN, token);
    write32(teamwork + JOB_POSITION, position);
  }
  barrier(0);
  forwardCore(0, token, position);
  barrier(0);
}

/** The life of core 1: wait for a pass, run its share, wait again. */
export function work(): void {
  for (;;) {
    barrier(1);
    forwardCore(1, read32(teamwork + JOB_TOKEN), read32(teamwork + JOB_POSITION));
    barrier(1);
  }
}
