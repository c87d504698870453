/** A simulated core with the kernels, and the portable twins in WebAssembly, for tests and benches. */
import { createCore, createFlatBus } from '../chip/index.ts';
import { type KernelRow, kernels as table } from '../contract/index.ts';
import { INT4_GROUP, type Int4Group } from '../model/index.ts';
import { shippedPrograms } from '../node/device-programs.ts';
import type { KernelShape } from '../quantize/index.ts';
import { a9, createAssembler, link } from '../xtensa/index.ts';
import { namesIn } from './clobbers.ts';
import { buildKernels } from './index.ts';

/** Both sides see the same offsets: the core from DATA on, the twins from 0 on. */
export const DATA = 0x3fc88000;
const DATA_BYTES = 0xc0000;
const CODE = 0x40378000;
const CODE_BYTES = 0x8000;
/** Offset of what only the kernels' side has: stack and constants. */
export const DATA_END = DATA_BYTES - 0x4000;
const STACK = DATA + DATA_BYTES - 0x2000;
const PS_USER = 0x20;
const CPENABLE = 224;
const PS = 230;

export interface KernelRun {
  /** a2 when the kernel returned. */
  result: number;
  /** From the call to the return, both included. */
  cycles: number;
  instructions: number;
}

export interface KernelMachine {
  /** The core's data memory. */
  memory: Uint8Array;
  run(name: string, args: readonly number[]): KernelRun;
}

type State = ReturnType<typeof createCore>['state'];

/** Address registers (but a0 and a1), float and vector registers, each as the words it consists of. */
function registersOf({ ar, fpu, pie }: State): { name: string; words: Int32Array }[] {
  const slices = (file: string, first: number, last: number, all: Int32Array, words: number) =>
    Array.from({ length: last - first + 1 }, (_, i) => ({
      name: `${file}${first + i}`,
      words: all.subarray(words * (first + i), words * (first + i + 1)),
    }));
  return [
    ...slices('a', 2, 15, ar, 1),
    ...slices('f', 0, 15, fpu.bits, 1),
    ...slices('q', 0, 7, pie.qs32, 4),
  ];
}

/** What a call may change, the result included. */
const mayChange = (name: string): Set<string> => {
  const { clobbers, result } = (table as Readonly<Record<string, KernelRow>>)[name];
  return new Set([...namesIn(clobbers), ...(result ? ['a2'] : [])]);
};

const aligned = (value: number, to: number): number => Math.ceil(value / to) * to;

/** A core whose memory holds the kernels for a shape. Addresses among the arguments are absolute (DATA + offset). */
export function createKernelMachine(shape: KernelShape): KernelMachine {
  const bus = createFlatBus(0x400000);
  bus.provide(DATA, DATA_BYTES);
  bus.provide(CODE, CODE_BYTES);
  const asm = createAssembler();
  asm.function('caller');
  asm.callx0(a9);
  asm.simcall();
  const caller = asm.finish();
  let code = CODE;
  let rodata = DATA + DATA_BYTES - 0x1000;
  const { segments, symbols } = link([caller, ...buildKernels(shape)], (section) => {
    if (section.name === '.rodata') {
      const at = aligned(rodata, section.align);
      rodata = at + section.bytes.length;
      return at;
    }
    const at = aligned(code, section.align);
    code = at + section.bytes.length;
    return at;
  });
  for (const { address, bytes } of segments) bus.load(address, bytes);
  const core = createCore({
    bus,
    core: 0,
    simcall: () => {
      core.stop();
      return undefined;
    },
  });
  const offset = (DATA + bus.memory.loadMap[DATA >>> 12]) | 0;
  return {
    memory: bus.memory.bytes.subarray(offset, offset + DATA_BYTES),
    run(name, args) {
      core.reset();
      const { special, ar } = core.state;
      special[PS] = PS_USER;
      special[CPENABLE] = 0xff;
      core.stateChanged();
      const file = registersOf(core.state);
      file.forEach(({ words }, i) => {
        words.forEach((_, k) => {
          words[k] = Math.imul(0x9e3779b1, 8 * i + k + 1);
        });
      });
      args.forEach((value, i) => {
        ar[2 + i] = value;
      });
      ar[1] = STACK;
      ar[9] = symbols.get(name)!;
      const kept = file
        .filter((register) => !mayChange(name).has(register.name))
        .map((register) => ({ ...register, was: [...register.words] }));
      core.state.pc = symbols.get('caller')!;
      const before = { cycles: core.cycles, instructions: core.instructions };
      core.runUntil(before.cycles + 1e7);
      for (const register of kept) {
        if (register.words.some((word, k) => word !== register.was[k]))
          throw new Error(`${name} changes ${register.name}, which the contract does not say`);
      }
      if (ar[1] !== STACK) throw new Error(`${name} does not give its stack back`);
      return {
        result: ar[2],
        cycles: core.cycles - before.cycles - 1,
        instructions: core.instructions - before.instructions - 1,
      };
    },
  };
}

type Twin = (...args: number[]) => number | undefined;

/** The portable twins over a memory of their own; addresses among the arguments are offsets. */
export function createTwins(int4Group: Int4Group = INT4_GROUP): {
  memory: Uint8Array;
  run(name: string, args: readonly number[]): number | undefined;
} {
  const memory = new WebAssembly.Memory({ initial: 8 });
  const module = new WebAssembly.Module(shippedPrograms('kernels.wasm'));
  const instance = new WebAssembly.Instance(module, {
    env: { memory, abort: () => undefined },
    config: { int4Group },
  });
  return {
    memory: new Uint8Array(memory.buffer),
    run: (name, args) => (instance.exports[name] as Twin)(...args),
  };
}
