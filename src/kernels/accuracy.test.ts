/** How close the integer functions come to the real ones, seen through the portable twins; and the float kernel. */
import { describe, expect, test } from 'vitest';
import { createKernelMachine, createTwins, DATA } from './testing.ts';

const [A, B, C, D] = [0x1000, 0x3000, 0x5000, 0x7000];
/** u = score * mantissa >> shift with these is the score itself. */
const UNIT = { mantissa: 16384, shift: 14 };

describe('portable twins against real functions', () => {
  const twins = createTwins();
  const words = (at: number) => new Int16Array(twins.memory.buffer, at);

  test('the exponential of softmax is within 0.3 percent and three units of 2^-15', () => {
    twins.run('softmax_table', [D, UNIT.mantissa, UNIT.shift, 15]);
    for (let u = 0; u >= -22713; u -= 37) {
      // One score at u, the others so far below that they vanish.
      words(A).fill(-32768, 0, 16);
      words(A)[0] = u;
      const sum = twins.run('softmax', [A, B, C, 1, 0, D])!;
      const exact = 32768 * Math.exp((16 * u) / 32768);
      expect(Math.abs(sum - exact)).toBeLessThan(0.003 * exact + 3);
    }
  });

  test('silu is within 0.002 from -16 to 16', () => {
    words(B).fill(32767, 0, 16); // scales
    for (let z = -32767; z <= 32767; z += 61) {
      words(A).fill(z, 0, 8);
      words(A).fill(32767, 8, 16);
      twins.run('swiglu', [A, B, C, 8, UNIT.mantissa, UNIT.shift]);
      const silu = new Int32Array(twins.memory.buffer, C, 1)[0] / 32766 / 2048;
      const x = z / 2048;
      expect(Math.abs(silu - x / (1 + Math.exp(-x)))).toBeLessThan(0.002);
    }
  });

  test('quantisation rounds to the nearest step', () => {
    const random = (i: number) => Math.round(20000 * Math.sin(i * 12.9898));
    for (let i = 0; i < 64; i++) words(A)[i] = random(i);
    const largest = twins.run('quantize', [A, B, 64, 127])!;
    expect(largest).toBe(Math.max(...Array.from({ length: 64 }, (_, i) => Math.abs(random(i)))));
    const steps = new Int8Array(twins.memory.buffer, B, 64);
    for (let i = 0; i < 64; i++) expect(Math.abs(steps[i] - (random(i) * 127) / largest)).toBeLessThan(0.52);
  });
});

test.each([4, 64, 172, 288])('the float kernel agrees with its twin to rounding, %i columns', (columns) => {
  const machine = createKernelMachine({ precision: 'f32', dim: 64, hidden: 172, headSize: 8 });
  const twins = createTwins();
  const rows = 5;
  const [weights, x, y] = [0x1000, 0x8000, 0xa000];
  const floats = (memory: Uint8Array, at: number, count: number) =>
    new Float32Array(memory.buffer, memory.byteOffset + at, count);
  floats(machine.memory, weights, rows * columns).forEach((_, i, array) => {
    array[i] = Math.sin(i * 0.7);
  });
  floats(machine.memory, x, columns).forEach((_, i, array) => {
    array[i] = Math.cos(i * 1.3);
  });
  twins.memory.set(machine.memory.subarray(0, 0x10000));
  machine.run('matvec_f32', [DATA + weights, DATA + x, columns, DATA + y, rows]);
  twins.run('matvec_f32', [weights, x, columns, y, rows]);
  const actual = floats(machine.memory, y, rows);
  floats(twins.memory, y, rows).forEach((expected, i) => {
    expect(Math.abs(actual[i] - expected)).toBeLessThan(1e-5 * columns);
  });
});
