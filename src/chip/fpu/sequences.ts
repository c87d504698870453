/**
 * The published instruction sequences around the seed instructions, as (opcode, registers) lists, for tests and benchmarks.
 * They are those of libgcc's config/xtensa/ieee754-sf.S and of the mask ROM; the vectors carry the first two.
 */
import type { Fpu } from './fpu.ts';
import type { FpuState } from './state.ts';

export type Step = readonly [opcode: string, ...registers: number[]];

const parse = (text: string): Step[] =>
  text
    .trim()
    .split(/\s*\n\s*/)
    .map((line) => {
      const [opcode, ...registers] = line.split(/[\s,]+/);
      return [opcode, ...registers.map((r) => Number(r.replace('f', '')))];
    });

/** f0 = f1 / f2 (__divsf3). */
export const divide = parse(`
  div0.s f3, f2
  nexp01.s f4, f2
  const.s f5, 1
  maddn.s f5, f4, f3
  mov.s f6, f3
  mov.s f7, f2
  nexp01.s f2, f1
  maddn.s f6, f5, f6
  const.s f5, 1
  const.s f0, 0
  neg.s f8, f2
  maddn.s f5, f4, f6
  maddn.s f0, f8, f3
  mkdadj.s f7, f1
  maddn.s f6, f5, f6
  maddn.s f8, f4, f0
  const.s f3, 1
  maddn.s f3, f4, f6
  maddn.s f0, f8, f6
  neg.s f2, f2
  maddn.s f6, f3, f6
  maddn.s f2, f4, f0
  addexpm.s f0, f7
  addexp.s f6, f7
  divn.s f0, f2, f6`);

/** f0 = sqrt(f1) (__ieee754_sqrtf). */
export const squareRoot = parse(`
  sqrt0.s f2, f1
  const.s f3, 0
  maddn.s f3, f2, f2
  nexp01.s f4, f1
  const.s f0, 3
  addexp.s f4, f0
  maddn.s f0, f3, f4
  nexp01.s f3, f1
  neg.s f5, f3
  maddn.s f2, f0, f2
  const.s f0, 0
  const.s f6, 0
  const.s f7, 0
  maddn.s f0, f5, f2
  maddn.s f6, f2, f4
  const.s f4, 3
  maddn.s f7, f4, f2
  maddn.s f3, f0, f0
  maddn.s f4, f6, f2
  neg.s f2, f7
  maddn.s f0, f3, f2
  maddn.s f7, f4, f7
  mksadj.s f2, f1
  nexp01.s f1, f1
  maddn.s f1, f0, f0
  neg.s f3, f7
  addexpm.s f0, f2
  addexp.s f3, f2
  divn.s f0, f1, f3`);

/** f0 = 1 / f1, faithful to one unit (__recipsf2). */
export const reciprocal = parse(`
  recip0.s f0, f1
  const.s f2, 1
  msub.s f2, f1, f0
  maddn.s f0, f0, f2
  const.s f2, 1
  msub.s f2, f1, f0
  maddn.s f0, f0, f2`);

/** f0 = 1 / sqrt(f1), faithful to one unit (__rsqrtsf2). */
export const reciprocalRoot = parse(`
  rsqrt0.s f0, f1
  mul.s f2, f1, f0
  const.s f3, 3
  mul.s f4, f3, f0
  const.s f5, 1
  msub.s f5, f2, f0
  maddn.s f0, f4, f5
  mul.s f2, f1, f0
  mul.s f4, f3, f0
  const.s f5, 1
  msub.s f5, f2, f0
  maddn.s f0, f4, f5`);

/** Executes a sequence, one instruction after the other. */
export function runSequence(steps: readonly Step[], state: FpuState, unit: Fpu): void {
  const { bits } = state;
  const others: Record<string, (r: number, s: number, t: number) => void> = {
    'mov.s': (r, s) => void (bits[r] = bits[s]),
    'neg.s': (r, s) => void (bits[r] = bits[s] ^ 0x80000000),
    'const.s': unit.constS,
  };
  for (const [opcode, r, s, t] of steps) {
    const run = others[opcode] ?? unit[opcode.slice(0, -2) as 'madd'];
    run(r, s, t);
  }
}
