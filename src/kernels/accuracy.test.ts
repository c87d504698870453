/** How close the integer functions come to the real ones, seen through the portable twins; and the float kernel. */
import { describe, expect, test } from 'vitest';
import { attentionJob, placeFields, structureBytes, value } from '../contract/index.ts';
import { createKernelMachine, createTwins, DATA } from './testing.ts';

const [A, B, C, D, E, F] = [0x1000, 0x3000, 0x5000, 0x7000, 0x9000, 0xa000];
/** Of scores in a nat. */
const STEPS = 7.7;
/** u = score * mantissa >> shift with these is the score itself. */
const UNIT = { mantissa: 16384, shift: 14 };

describe('portable twins against real functions', () => {
  const twins = createTwins();
  const words = (at: number) => new Int16Array(twins.memory.buffer, at);

  const LIFTS = F + 4 * Math.ceil(structureBytes(attentionJob) / 4);
  /**
   * One head whose keys give the scores wanted, divided by `times`; values of 127 at one position (255, cached) show its weight. `lift`
   * is what the head had before.
   */
  const weightsOf = (scores: readonly number[], { times = 1, headSize = 2, lift = 0 } = {}): number[] => {
    const bytes = new Int8Array(twins.memory.buffer);
    const job = {
      headSize,
      odd: 16,
      values: D - B,
      stride: 0,
      scores: E,
      kvHeads: 1,
      heads: 1,
      ahead: 0,
      shift: 0,
      lifts: LIFTS,
    };
    const view = new DataView(twins.memory.buffer, F);
    for (const { name, offset } of placeFields(attentionJob))
      view.setInt32(offset, job[name as keyof typeof job], true);
    bytes
      .fill(0, A, A + 32)
      .fill(0, B, B + 0x1000)
      .fill(128, D, D + 0x1000);
    // q = (times, 0 ...): the score is the key's first component, times that
    bytes[A] = times;
    scores.forEach((score, p) => {
      bytes[B + 16 * headSize * (p >> 4) + (p & 15)] = score;
    });
    return scores.map((_, p) => {
      const at = D + 16 * headSize * (p >> 4) + (p & 15);
      bytes[at] = 255;
      words(LIFTS)[0] = lift;
      twins.run('attention', [A, B, C, 1, scores.length, F]);
      bytes[at] = 128;
      return words(C)[0] / 64 / 127;
    });
  };

  test('the weights of attention are those of softmax, to a little more than a hundredth, in steps of 1 / 7.7 nat', () => {
    for (const scores of [
      [0],
      [10, 10],
      [100, 92, 60, 20],
      [-20, -28, -50, -60],
      Array.from({ length: 40 }, (_, i) => 50 - i),
    ]) {
      const exact = softmaxOf(scores);
      weightsOf(scores).forEach((weight, i) => void expect(Math.abs(weight - exact[i])).toBeLessThan(0.01));
    }
  });

  const softmaxOf = (scores: readonly number[]): number[] => {
    const exponentials = scores.map((score) => Math.exp((score - Math.max(...scores)) / STEPS));
    const sum = exponentials.reduce((a, b) => a + b, 0);
    return exponentials.map((e) => e / sum);
  };

  test('scores too high or too low for bytes have the weights that softmax gives them, whatever their lift was before', () => {
    for (const [times, keys] of [
      [4, [127, 125, 120]],
      [9, [-100, -101, -102]],
      [8, [127, 126, -128, 100]],
      [1, [127, 120, 111]],
      [1, [-65, -70, -80]],
    ] as const) {
      const exact = softmaxOf(keys.map((key) => times * key));
      const weights = weightsOf(keys, { times });
      weights.forEach((weight, i) => void expect(Math.abs(weight - exact[i])).toBeLessThan(0.01));
      for (let lift = -value.HIGHEST_LIFT; lift <= value.HIGHEST_LIFT; lift += 64)
        expect(weightsOf(keys, { times, lift })).toEqual(weights);
    }
  });

  test('where a lane has no room for that, they are weighed in coarser steps, as right as those allow', () => {
    // 127 is as high as a step's byte goes: 127 and 120 come back as 63 and 60 of twice the size.
    const weights = weightsOf([127, 111, 95], { headSize: 32 });
    const exact = softmaxOf([127, 111, 95]);
    weights.forEach((weight, i) => void expect(Math.abs(weight - exact[i])).toBeLessThan(0.02));
    // And nothing is left of a lift that there is no room for.
    expect(weightsOf([127, 111, 95], { headSize: 32, lift: 100 })).toEqual(weights);
  });

  test('silu is within 0.003 from -16 to 16', () => {
    words(B).fill(32767, 0, 16); // scales
    for (let z = -32767; z <= 32767; z += 61) {
      words(A).fill(z, 0, 8);
      words(A).fill(32767, 8, 16);
      twins.run('swiglu', [A, B, C, 8, UNIT.mantissa, UNIT.shift]);
      const silu = new Int32Array(twins.memory.buffer, C, 1)[0] / 32766 / 2048;
      const x = z / 2048;
      expect(Math.abs(silu - x / (1 + Math.exp(-x)))).toBeLessThan(0.003);
    }
  });

  test('gelu is within 0.002 from -32 to 32', () => {
    for (let z = -32767; z <= 32767; z += 61) {
      words(A).fill(z, 0, 16);
      twins.run('gelu', [A, B, 16]);
      const x = z / 1024;
      const exact = (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2;
      expect(Math.abs(words(B)[0] / 1024 - exact)).toBeLessThan(0.002);
    }
  });

  test('quantisation rounds to the nearest step', () => {
    const random = (i: number) => Math.round(20000 * Math.sin(i * 12.9898));
    for (let i = 0; i < 64; i++) words(A)[i] = random(i);
    const largest = twins.run('quantize_bounded', [A, B, 64, 127, 64 * 127 ** 2])!;
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
  for (const { memory } of [machine, twins])
    expect([...floats(memory, y + 4 * rows, 4)]).toEqual([0, 0, 0, 0]);
});
