/** Warm-up, stable, decay (WSD): share of the learning rate at `progress` (0..1) through the run. */
export function wsd(progress: number, warmup: number, decay: number): number {
  if (progress < warmup) return Math.max(progress / warmup, 1e-3);
  if (progress > 1 - decay) return Math.max(0, (1 - progress) / decay);
  return 1;
}
