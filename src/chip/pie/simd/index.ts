/** One WebAssembly instance per vector unit: the names of `laneFunctions` and `accumulatorFunctions`. */
import { accumulatorFunctions } from './accumulate.ts';
import { encodeModule } from './encoder.ts';
import { laneFunctions } from './lanes.ts';

export type SimdFunctions = Record<string, (...offsets: number[]) => void>;

let compiled: WebAssembly.Module | undefined;

export function instantiateSimd(memory: WebAssembly.Memory): SimdFunctions {
  compiled ??= new WebAssembly.Module(
    encodeModule([...laneFunctions, ...accumulatorFunctions]) as BufferSource,
  );
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as SimdFunctions;
}
