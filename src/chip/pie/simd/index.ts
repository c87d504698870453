/** One WebAssembly instance per vector unit: the names of `laneFunctions` and `accumulatorFunctions`. */
import { accumulatorFunctions } from './accumulate.ts';
import {
  type Code,
  callFunction,
  encodeModule,
  get,
  i32x4,
  splat,
  v128,
  type WasmFunction,
} from './encoder.ts';
import { laneFunctions } from './lanes.ts';

export type SimdFunctions = Record<string, (...offsets: number[]) => void>;

/** Stores four words in parameters `first` … as one vector at the address in parameter `first - 1`. */
function storeParameters(first: number): Code {
  const vector = [1, 2, 3].reduce<Code>(
    (built, lane) => i32x4.replace(lane, built, get(first + lane)),
    splat.i32(get(first)),
  );
  return v128.store(get(first - 1), 0, vector);
}

/** (q, word0, word1, word2, word3): one store of 16 bytes, which a vector load right behind it can be served from. */
const loadWords: WasmFunction = {
  name: 'load',
  parameters: 5,
  results: [],
  locals: [],
  body: storeParameters(1),
};

const fused = /^(accx|qacc|qaccBroadcast)_/;

/** Multiply-accumulate, then load: its parameters, then those of `load`. Name: with `_load` behind. */
const withLoad = ({ name, parameters }: WasmFunction, index: number): WasmFunction => ({
  name: `${name}_load`,
  parameters: parameters + 5,
  results: [],
  locals: [],
  body: [
    ...callFunction(index, ...Array.from({ length: parameters }, (_, i) => get(i))),
    ...storeParameters(parameters + 1),
  ],
});

const simple = [...laneFunctions, ...accumulatorFunctions];
const functions = [
  ...simple,
  ...simple.flatMap((f, index) => (fused.test(f.name) ? [withLoad(f, index)] : [])),
  loadWords,
];

let compiled: WebAssembly.Module | undefined;

export function instantiateSimd(memory: WebAssembly.Memory): SimdFunctions {
  compiled ??= new WebAssembly.Module(encodeModule(functions) as BufferSource);
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as SimdFunctions;
}
