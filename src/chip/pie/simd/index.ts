/** One WebAssembly instance per vector unit: the names of `laneFunctions` and `accumulatorFunctions`. */
import { accumulatorFunctions } from './accumulate.ts';
import { type BodyPart, encodeModule, isBase, partsOf, type ValueType } from './encoder.ts';
import { laneFunctions } from './lanes.ts';

export type SimdFunctions = Record<string, (...offsets: number[]) => void>;

let compiled: WebAssembly.Module | undefined;

export function instantiateSimd(memory: WebAssembly.Memory): SimdFunctions {
  compiled ??= new WebAssembly.Module(
    encodeModule([...laneFunctions, ...accumulatorFunctions]) as BufferSource,
  );
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as SimdFunctions;
}

/** A function to be put into another one, at a call of its name. */
export interface Inline {
  readonly parameters: number;
  /** How many of them, the first, are places in the vector unit's state. */
  readonly places: number;
  readonly results: readonly ValueType[];
  /** Types of the locals that follow the parameters. */
  readonly locals: readonly ValueType[];
  readonly parts: readonly BodyPart[];
}

export { type BodyPart, isBase };

/** By name. */
export const simdInlines: ReadonlyMap<string, Inline> = new Map(
  [...laneFunctions, ...accumulatorFunctions].map((f) => [f.name, { ...f, parts: partsOf(f) }]),
);
