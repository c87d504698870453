/** The module "spectest" that the official test suite imports. */
import { type FunctionType, typeKey, type ValueType } from '../front/module.ts';
import type { Exports, Extern, Store } from './instantiate.ts';

const prints: Readonly<Record<string, readonly ValueType[]>> = {
  print: [],
  print_i32: ['i32'],
  print_i64: ['i64'],
  print_f32: ['f32'],
  print_f64: ['f64'],
  print_i32_f32: ['i32', 'f32'],
  print_f64_f64: ['f64', 'f64'],
};

/** Initial words of the constant globals: 666 as integer, 666.6 as float. */
const globals: Readonly<Record<string, readonly [ValueType, ...number[]]>> = {
  global_i32: ['i32', 666],
  global_i64: ['i64', 666, 0],
  global_f32: ['f32', 0x4426a666],
  global_f64: ['f64', 0xcccccccd | 0, 0x4084d4cc],
};

const TABLE = { min: 10, max: 20 };
const MEMORY = { min: 1, max: 2 };

export function createSpectest(store: Store): Exports {
  const { machine } = store;
  const exports = new Map<string, Extern>();
  const words = (values: readonly number[]): number => {
    const address = machine.reserve('data', 4 * values.length, 8);
    values.forEach((value, i) => {
      machine.setWord(address + 4 * i, value);
    });
    return address;
  };
  const nothing = machine.symbols.get('host.nothing') as number;
  for (const [name, params] of Object.entries(prints)) {
    const type: FunctionType = { params, results: [] };
    exports.set(name, {
      kind: 'func',
      address: nothing,
      reference: words([nothing, numberOf(store, type)]),
      type,
    });
  }
  for (const [name, [type, ...values]] of Object.entries(globals))
    exports.set(name, {
      kind: 'global',
      address: words(values),
      type: { kind: 'global', type, mutable: false },
    });
  const elements = words(new Array(TABLE.max).fill(0));
  const table = words([elements, TABLE.min, TABLE.max]);
  exports.set('table', {
    kind: 'table',
    address: table,
    type: { kind: 'table', element: 'funcref', ...TABLE },
  });
  const { base } = machine.setAside(MEMORY.max, MEMORY.max);
  const size = words([MEMORY.min * 65536, MEMORY.max]);
  exports.set('memory', { kind: 'memory', address: size, base, type: { kind: 'memory', ...MEMORY } });
  return exports;
}

function numberOf({ typeIds }: Store, type: FunctionType): number {
  const key = typeKey(type);
  const id = typeIds.get(key) ?? typeIds.size + 1;
  typeIds.set(key, id);
  return id;
}
