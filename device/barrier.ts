/**
 * Where the two cores meet: spin barriers in SRAM. With config.cores = 1 all of this folds away.
 */
import { read32, write32 } from "./chip";
import { cores, teamwork } from "./contract/config";
import { remindScreen } from "./screen";

// Each core's barrier count is its own word of the `teamwork` item, written by that core alone.

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
export function arrive(core: i32): u32 {
  const mine = teamwork + ((<usize>core) << 2);
  const count = read32(mine) + 1;
  write32(mine, count);
  return count;
}

/** True while the other core has not come to this core's barrier `count`. */
// @ts-ignore: decorator
@inline
export function isAhead(core: i32, count: u32): bool {
  return <i32>(read32(teamwork + ((<usize>(core ^ 1)) << 2)) - count) < 0;
}

/** True once a core has come to its first barrier. */
export function hasArrived(core: i32): bool {
  return read32(teamwork + ((<usize>core) << 2)) != 0;
}
