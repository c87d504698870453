/** A bare machine for tests of the vector and floating-point units: registers, a sparse memory, one instruction at a time. */
import { createFpuState, type FpuState } from '../fpu/index.ts';
import { createPieState, type EmitContext, emitPie, type PieState, pieBindings } from './index.ts';

export interface TestMachine {
  readonly ar: Int32Array;
  /** SAR in element 0. */
  readonly special: Int32Array;
  readonly fpu: FpuState;
  readonly pie: PieState;
  /** Bytes by address; absent ones are zero. */
  readonly memory: Map<number, number>;
  /** Executes a vector instruction; operands in table order. */
  execute(name: string, operands: readonly number[], pc?: number): void;
}

export function createTestMachine(): TestMachine {
  const ar = new Int32Array(16);
  const special = new Int32Array(1);
  const fpu = createFpuState();
  const pie = createPieState();
  const memory = new Map<number, number>();
  const load = (address: number, bytes: number) => {
    let value = 0;
    for (let i = 0; i < bytes; i++) value |= (memory.get((address + i) >>> 0) ?? 0) << (8 * i);
    return value;
  };
  const store = (address: number, value: number) => {
    for (let i = 0; i < 4; i++) memory.set((address + i) >>> 0, (value >>> (8 * i)) & 255);
  };
  const bindings = { ...pieBindings(pie), ar, special, fr: fpu.bits, load, store };
  const cache = new Map<string, (...values: unknown[]) => void>();

  return {
    ar,
    special,
    fpu,
    pie,
    memory,
    execute(name, operands, pc = 0x40370000) {
      const text = emitPie(name, operands, testContext(pc));
      if (text === undefined) throw new Error(`${name} is not a vector instruction`);
      let run = cache.get(text);
      if (!run) {
        run = new Function(...Object.keys(bindings), `'use strict'; {${text}}`) as typeof run & {};
        cache.set(text, run);
      }
      run(...Object.values(bindings));
    },
  };
}

const testContext = (pc: number): EmitContext => ({
  pc,
  ar: (index) => `ar[${index}]`,
  setAr: (index, value) => `ar[${index}] = ${value}`,
  fr: (index) => `fr[${index}]`,
  setFr: (index, value) => `fr[${index}] = ${value}`,
  sar: 'special[0]',
  load8: (address) => `load(${address}, 1)`,
  load16: (address) => `load(${address}, 2)`,
  loadWords: (address, targets) =>
    targets.map((target, i) => `${target} = load(${address} + ${4 * i}, 4);`).join(''),
  storeWords: (address, values) =>
    values.map((value, i) => `store(${address} + ${4 * i}, ${value});`).join(''),
  warnUnaligned: true,
});
