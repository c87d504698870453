/**
 * Two cores in one simulated time: each runs a short stretch while the other stands still, always in the same order, so
 * that one image takes the same cycles every time.
 */
import type { Core } from './core.ts';

/**
 * Cycles per stretch. A flag that one core sets is seen by the other within this, so it bounds the error of a spin
 * barrier; shorter costs speed (a stretch is about a microsecond of host time).
 */
export const QUANTUM = 64;

/**
 * Runs all cores until each has reached cycle `until`. Cores that do not run or that wait cost nothing.
 * @param isOver looked at between stretches: true ends the run early
 */
export function runInterleaved(
  cores: readonly Core[],
  until: number,
  isOver: () => boolean = () => false,
  quantum = QUANTUM,
): void {
  while (!isOver()) {
    const now = Math.min(...cores.map((core) => core.cycles));
    if (now >= until) return;
    const active = cores.filter((core) => core.running);
    // One active core needs no company: whoever starts the other one calls `stop` on it.
    const goal = active.length > 1 ? Math.min(until, now + quantum) : until;
    for (const core of active) {
      if (core.cycles < goal) core.runUntil(goal);
    }
    const reached = active.length > 0 ? Math.max(...active.map((core) => core.cycles)) : until;
    for (const core of cores) if (!core.running) core.runUntil(Math.min(until, reached));
  }
}
