/** Calls of compiled functions with typed values, by the calling convention. */
import { placeArguments, placeResults } from '../back/abi.ts';
import type { FunctionType, ValueType } from '../front/module.ts';
import { abiType, wordsOf } from '../middle/ir.ts';
import type { Extern } from './instantiate.ts';
import type { Machine } from './machine.ts';

/** A value as its 32-bit words, low first: one for i32, f32 (its bits) and references, two for i64. */
export interface TypedValue {
  readonly type: ValueType;
  readonly words: readonly number[];
}

/** Calls an exported function; throws a Trap if it traps. */
export function invoke(
  machine: Machine,
  fn: Extern & { kind: 'func' },
  args: readonly TypedValue[],
): TypedValue[] {
  const { type } = fn;
  const places = placeArguments(type.params.map(abiType));
  const registers: number[] = [0, 0, 0, 0, 0, 0];
  const stack: number[] = new Array(places.stackBytes / 4).fill(0);
  args
    .flatMap(({ words }) => words)
    .forEach((word, i) => {
      const place = places.words[i];
      if ('reg' in place) registers[place.reg - 2] = word;
      else stack[place.stack / 4] = word;
    });
  const results = placeResults(type.results.map(abiType));
  const outcome = machine.call(fn.address, registers, stack, results.stackBytes / 4);
  const words = results.words.map((place) =>
    'reg' in place ? outcome.registers[place.reg - 2] : outcome.stack[place.stack / 4],
  );
  return splitResults(type, words);
}

function splitResults(type: FunctionType, words: readonly number[]): TypedValue[] {
  let next = 0;
  return type.results.map((result) => {
    const count = wordsOf(result).length;
    next += count;
    return { type: result, words: words.slice(next - count, next) };
  });
}
