/** Q8_0 arithmetic of llama2.c's runq.c: int8 activations in groups, int32 sums a group, float32 across groups. */
import type { GroupTensor } from '../model/index.ts';

const { fround } = Math;

/** C's `round`: halves away from zero. */
function roundHalfAway(x: number): number {
  return Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
}

/** Symmetrical int8 of `x`, one scale a group: largest magnitude becomes 127. */
export function quantizeGroups(x: Float32Array, groupSize: number): GroupTensor {
  const values = new Int8Array(x.length);
  const scales = new Float32Array(x.length / groupSize);
  for (let group = 0; group < scales.length; group++) {
    const start = group * groupSize;
    let max = 0;
    for (let i = start; i < start + groupSize; i++) max = Math.max(max, Math.abs(x[i]));
    const scale = fround(max / 127);
    scales[group] = scale;
    // An all-zero group divides by zero in runq.c; zero is what it stands for.
    for (let i = start; i < start + groupSize; i++)
      values[i] = scale === 0 ? 0 : roundHalfAway(fround(x[i] / scale));
  }
  return { values, scales };
}

/** `out[i] = sum over groups of (int32 dot) * wScale * xScale`, in runq.c's order. */
export function matmulGroups(
  out: Float32Array,
  w: GroupTensor,
  x: GroupTensor,
  rows: number,
  columns: number,
  groupSize: number,
): void {
  for (let row = 0; row < rows; row++) {
    let sum = fround(0);
    for (let start = 0; start < columns; start += groupSize) {
      const base = row * columns + start;
      let dot = 0;
      for (let i = 0; i < groupSize; i++) dot = (dot + w.values[base + i] * x.values[start + i]) | 0;
      const scaled = fround(fround(fround(dot) * w.scales[base / groupSize]) * x.scales[start / groupSize]);
      sum = fround(sum + scaled);
    }
    out[row] = sum;
  }
}
