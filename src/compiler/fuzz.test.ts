/** Random modules must do on the simulated core what they do in Node, bit for bit (NaNs by being NaN). */
import { describe, expect, it } from 'vitest';
import { compileModule } from './compile.ts';
import { decodeModule } from './front/decode.ts';
import { validateModule } from './front/validate.ts';
import { formatValue } from './host/exec.ts';
import { createStore, type Extern, instantiate } from './host/instantiate.ts';
import { invoke, type TypedValue } from './host/invoke.ts';
import { createMachine, loadObject } from './host/machine.ts';
import { createRandom, type RandomModule, type RandomType, randomModule } from './testing/random-module.ts';

const MODULES = 20;
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

interface Simulated {
  call(index: number, args: readonly TypedValue[]): TypedValue;
  byte(at: number): number;
}

/** With bounds checks and a memory of its own. */
function checked({ bytes }: RandomModule): Simulated {
  const module = decodeModule(bytes);
  validateModule(module);
  const machine = createMachine({ maxCycles: 1e8 });
  const { exports } = instantiate(createStore(machine, { verify: true }), module);
  const { base } = exports.get('memory') as Extern & { kind: 'memory' };
  return {
    call: (index, args) => invoke(machine, exports.get(`f${index}`) as Extern & { kind: 'func' }, args)[0],
    byte: (at) => machine.byte(base + at),
  };
}

/** As the device program is compiled: addresses are the machine's, nothing is checked. */
function unchecked({ bytes, functions }: RandomModule): Simulated {
  const machine = createMachine({ maxCycles: 1e8 });
  const base = machine.reserve('data', 2 * MEMORY_CHECKED, 4096);
  const { object } = compileModule(bytes, {
    globals: { 'config.base': base },
    trapSymbol: 'host.trap',
    verify: true,
  });
  const symbols = loadObject(machine, object);
  return {
    call(index, args) {
      const { params, result } = functions[index];
      const address = symbols.get(`f${index}`) as number;
      return invoke(
        machine,
        { kind: 'func', address, reference: 0, type: { params, results: [result] } },
        args,
      )[0];
    },
    byte: (at) => machine.byte(base + at),
  };
}

function compare(seed: number, based: boolean): void {
  const random = createRandom(seed + 1);
  const program = randomModule(seed, 80, based);
  const compiled = new WebAssembly.Module(program.bytes.slice().buffer);
  const host = new WebAssembly.Instance(compiled, { config: { base: 0 } }).exports;
  const simulated = based ? unchecked(program) : checked(program);
  for (let round = 0; round < 4; round++) {
    program.functions.forEach(({ params, result }, i) => {
      const args = params.map((type) => argument(type, random));
      const call = host[`f${i}`] as (...values: unknown[]) => number | bigint;
      const wanted = hostText(call(...args.map((arg) => arg.host)), result);
      const got = formatValue(
        simulated.call(
          i,
          args.map((arg) => arg.chip),
        ),
      );
      expect([seed, i, got.startsWith('nan') ? 'nan' : got]).toEqual([seed, i, wanted]);
    });
  }
  const memory = new Uint8Array((host.memory as WebAssembly.Memory).buffer, 0, MEMORY_CHECKED);
  expect(Uint8Array.from({ length: MEMORY_CHECKED }, (_, at) => simulated.byte(at))).toEqual(memory);
}

describe.each([
  ['with bounds checks', false],
  ['as for the chip', true],
])('compiled code against Node, %s', (_, based) => {
  it.each(Array.from({ length: MODULES / 10 }, (__, i) => i * 10))(
    'random modules from seed %i on',
    (first) => {
      for (let seed = first; seed < first + 10; seed++) compare(20_000 + seed, based);
    },
  );
});
