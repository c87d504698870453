/**
 * Imports that are not calls but single instructions: `mmio.*` for registers of the chip, `xt.*` for the core. Add a row
 * to add an intrinsic; its operation must be known to `ir.ts` (effect) and `select.ts` (machine instructions).
 */

import { UnlinkableModule } from '../errors.ts';
import { append, type Value } from '../middle/ir.ts';
import { type Builder, emit, here, int, popWord, push } from './builder.ts';
import { type FunctionType, type Import, typeKey } from './module.ts';

interface Intrinsic {
  /** `typeKey` of the import that it answers to. */
  readonly type: string;
  readonly build: (b: Builder, args: Value[]) => Value | undefined;
}

function inline(b: Builder, op: string, args: Value[], results: ('i' | 'f')[]): Value | undefined {
  return append(b.fn, here(b), op, args, results, { at: b.at }).results[0];
}

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  /** Volatile load, ordered after everything before it (memw). */
  'mmio.read32': { type: 'i32:i32', build: (b, args) => inline(b, 'mmio_load', args, ['i']) },
  /** Volatile store, ordered before everything after it (memw). */
  'mmio.write32': { type: 'i32 i32:', build: (b, args) => inline(b, 'mmio_store', args, []) },
  /** Cycles since reset, modulo 2^32. */
  'xt.ccount': { type: ':i32', build: (b) => inline(b, 'ccount', [], ['i']) },
  /** 0 or 1: bit 13 of PRID tells the cores apart. */
  'xt.core': {
    type: ':i32',
    build: (b) => emit(b, 'and', [emit(b, 'shr', [emit(b, 'prid', []), int(b, 13)]), int(b, 1)]),
  },
  'xt.memw': { type: ':', build: (b) => inline(b, 'memw', [], []) },
  'xt.extw': { type: ':', build: (b) => inline(b, 'extw', [], []) },
  'xt.isync': { type: ':', build: (b) => inline(b, 'isync', [], []) },
  /** accumulator + x * y, rounded once. */
  'xt.madd': { type: 'f32 f32 f32:f32', build: (b, args) => emit(b, 'fmadd', args) },
  /** accumulator - x * y, rounded once. */
  'xt.msub': { type: 'f32 f32 f32:f32', build: (b, args) => emit(b, 'fmsub', args) },
  /** High 32 bits of a product. */
  'xt.muluh': { type: 'i32 i32:i32', build: (b, args) => emit(b, 'mulhu', args) },
  'xt.mulsh': { type: 'i32 i32:i32', build: (b, args) => emit(b, 'mulhs', args) },
};

/** Translates a call of an intrinsic; false when the import is an ordinary function. */
export function buildIntrinsic(b: Builder, entry: Import, type: FunctionType): boolean {
  if (entry.module !== 'mmio' && entry.module !== 'xt') return false;
  const name = `${entry.module}.${entry.name}`;
  const intrinsic = intrinsics[name];
  if (!intrinsic)
    throw new UnlinkableModule(
      `the import ${name} is not an intrinsic of this compiler; it knows ${Object.keys(intrinsics).join(', ')}`,
    );
  if (intrinsic.type !== typeKey(type))
    throw new UnlinkableModule(
      `the import ${name} has the type (${typeKey(type)}), it must be (${intrinsic.type})`,
    );
  const args = type.params.map(() => popWord(b)).reverse();
  const result = intrinsic.build(b, args);
  if (type.results.length) push(b, type.results[0], [result as Value]);
  return true;
}
