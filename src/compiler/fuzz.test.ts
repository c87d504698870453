/** Random modules must do on the simulated core what they do in Node, bit for bit (NaNs by being NaN). */
import { describe, expect, it } from 'vitest';
import { decodeModule } from './decode.ts';
import { formatValue } from './host/exec.ts';
import { createStore, type Extern, instantiate } from './host/instantiate.ts';
import { invoke, type TypedValue } from './host/invoke.ts';
import { createMachine } from './host/machine.ts';
import { createRandom, type RandomType, randomModule } from './random-module.ts';
import { validateModule } from './validate.ts';

const MODULES = 40;
const MEMORY_CHECKED = 4200;
const view = new DataView(new ArrayBuffer(8));

const integers = [0, 1, -1, 2, 100, -100, 0x7fffffff, -0x80000000, 0x12345678];
const floats = [0, -0, 1, -1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e10, 3.7];

function argument(
  type: RandomType,
  random: (below: number) => number,
): { host: number | bigint; chip: TypedValue } {
  if (type === 'f32') {
    const value = floats[random(floats.length)];
    view.setFloat32(0, value);
    return { host: value, chip: { type, words: [view.getInt32(0)] } };
  }
  const low = integers[random(integers.length)];
  if (type === 'i32') return { host: low, chip: { type, words: [low] } };
  const high = integers[random(integers.length)];
  const host = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low >>> 0));
  return { host, chip: { type, words: [low, high] } };
}

function hostText(value: number | bigint, type: RandomType): string {
  if (type !== 'f32') return String(value);
  view.setFloat32(0, value as number);
  return Number.isNaN(value) ? 'nan' : formatValue({ type, words: [view.getInt32(0)] });
}

function compare(seed: number): void {
  const { bytes, functions } = randomModule(seed, 80);
  const host = new WebAssembly.Instance(new WebAssembly.Module(bytes.slice().buffer)).exports;
  const module = decodeModule(bytes);
  validateModule(module);
  const machine = createMachine({ maxCycles: 1e8 });
  const { exports } = instantiate(createStore(machine), module);
  const random = createRandom(seed + 1);
  for (let round = 0; round < 4; round++) {
    functions.forEach(({ params, result }, i) => {
      const args = params.map((type) => argument(type, random));
      const call = host[`f${i}`] as (...values: unknown[]) => number | bigint;
      const wanted = hostText(call(...args.map((arg) => arg.host)), result);
      const fn = exports.get(`f${i}`) as Extern & { kind: 'func' };
      const [value] = invoke(
        machine,
        fn,
        args.map((arg) => arg.chip),
      );
      const got = formatValue(value);
      expect([seed, i, got.startsWith('nan') ? 'nan' : got]).toEqual([seed, i, wanted]);
    });
  }
  const memory = new Uint8Array((host.memory as WebAssembly.Memory).buffer, 0, MEMORY_CHECKED);
  const { base } = exports.get('memory') as Extern & { kind: 'memory' };
  const simulated = Uint8Array.from({ length: MEMORY_CHECKED }, (_, at) => machine.byte(base + at));
  expect(simulated).toEqual(memory);
}

describe('compiled code against Node', () => {
  it.each(Array.from({ length: MODULES / 10 }, (_, i) => i * 10))(
    'random modules from seed %i on',
    (first) => {
      for (let seed = first; seed < first + 10; seed++) compare(20_000 + seed);
    },
  );
});
