/**
 * Floating-point instructions that write FR, as JavaScript text. Ordinary operands (round to nearest, a normal result) of
 * the hot ones are computed in place; everything else is a call of the exact routine.
 */
import { createFpu } from './fpu.ts';
import type { FpuState } from './state.ts';

/** The text of one instruction from register numbers. */
type Emit = (operands: readonly number[]) => string;

const call =
  (name: string): Emit =>
  (operands) =>
    `fpu_unit.${name}(${operands.join(', ')});`;

/** Nothing below (or at) the least normal, where underflow must be looked at, and nothing infinite or NaN. */
const ordinary = 'fpu$m > 1.1754943508222875e-38 && fpu$m < 3.5e38';
const nearest = '(fpu_control[0] & 3) === 0';

/** `z` is the exact result, or its nearest double; `inexact` says when the single differs from the exact result. */
const inline = (
  name: string,
  operands: readonly number[],
  values: string,
  inexact: string,
  condition = '',
): string =>
  `${values}const fpu$r = Math.fround(fpu$z), fpu$m = Math.abs(fpu$r);` +
  `if (${ordinary} && ${nearest}${condition}) {` +
  `fpu_f[${operands[0]}] = fpu$r; if (${inexact}) fpu_control[1] |= 128;` +
  `} else ${call(name)(operands)}`;

/** A double sum of singles is exact when each addend comes back by subtracting the other. */
const sum =
  (name: string, sign: '+' | '-'): Emit =>
  (operands) => {
    const [, s, t] = operands;
    const values = `const fpu$a = fpu_f[${s}], fpu$b = ${sign === '-' ? '-' : ''}fpu_f[${t}], fpu$z = fpu$a + fpu$b;`;
    return inline(
      name,
      operands,
      values,
      'fpu$r !== fpu$z || fpu$z - fpu$a !== fpu$b || fpu$z - fpu$b !== fpu$a',
    );
  };

/** The double product of two singles is exact. */
const product: Emit = (operands) => {
  const [, s, t] = operands;
  return inline('mul', operands, `const fpu$z = fpu_f[${s}] * fpu_f[${t}];`, 'fpu$r !== fpu$z');
};

/**
 * Rounding the double sum to single rounds twice: wrong at most where that double lies half-way between two singles,
 * which shows in z + (z - r) being a single too.
 */
const roundedOnce = ' && (fpu$d === 0 || Math.fround(fpu$z + fpu$d) !== fpu$z + fpu$d)';

const fusedValues = ([r, s, t]: readonly number[], sign: '' | '-') =>
  `const fpu$c = fpu_f[${r}], fpu$p = ${sign}fpu_f[${s}] * fpu_f[${t}], fpu$z = fpu$c + fpu$p;`;

const fused =
  (name: string, sign: '' | '-'): Emit =>
  (operands) =>
    `${fusedValues(operands, sign)}const fpu$r = Math.fround(fpu$z), fpu$m = Math.abs(fpu$r), fpu$d = fpu$z - fpu$r;` +
    `if (${ordinary} && ${nearest}${roundedOnce}) {` +
    `fpu_f[${operands[0]}] = fpu$r; if (fpu$d !== 0 || fpu$z - fpu$c !== fpu$p || fpu$z - fpu$p !== fpu$c) fpu_control[1] |= 128;` +
    `} else ${call(name)(operands)}`;

/** maddn.s: no flags, no modes; zeros and subnormals too are safe where the sum needs no second look. */
const fusedToNearest: Emit = (operands) =>
  `${fusedValues(operands, '')}const fpu$r = Math.fround(fpu$z), fpu$m = Math.abs(fpu$r), fpu$d = fpu$z - fpu$r;` +
  `if (${ordinary}${roundedOnce}) fpu_f[${operands[0]}] = fpu$r; else ${call('maddn')(operands)}`;

const table: ReadonlyMap<string, Emit> = new Map<string, Emit>([
  ['add.s', sum('add', '+')],
  ['sub.s', sum('sub', '-')],
  ['mul.s', product],
  ['madd.s', fused('madd', '')],
  ['msub.s', fused('msub', '-')],
  ['maddn.s', fusedToNearest],
  ['const.s', ([r, immediate]) => `fpu_f[${r}] = ${[0, 1, 2, 0.5][immediate & 3]};`],
  ...['divn', 'div0', 'recip0', 'sqrt0', 'rsqrt0', 'nexp01', 'mkdadj', 'mksadj', 'addexp', 'addexpm'].map(
    (name) => [`${name}.s`, call(name)] as const,
  ),
]);

/**
 * Statements of an instruction that computes a floating-point register from others, or undefined for any other. They
 * declare constants, so the caller wraps them in braces. Free names: those of `fpuBindings`.
 */
export const emitFpu = (name: string, operands: readonly number[]): string | undefined =>
  table.get(name)?.(operands);

/** The free names of the text, bound to one core; all match /\bfpu_\w+/. */
export const fpuBindings = (state: FpuState): Record<string, unknown> => ({
  fpu_f: state.f,
  fpu_control: state.control,
  fpu_unit: createFpu(state),
});
