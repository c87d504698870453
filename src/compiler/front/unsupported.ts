/** Refuses what this compiler does not compile, naming the function and, from a source map, the line. */
import { UnsupportedModule } from '../errors.ts';
import {
  functionName,
  functionTypeOf,
  importCount,
  type ValueType,
  type WasmFunction,
  type WasmModule,
} from './module.ts';
import { createSourceLookup } from './sourcemap.ts';

export function refuseUnsupported(module: WasmModule, sourceMap: string | undefined): void {
  const lookup = sourceMap === undefined ? () => undefined : createSourceLookup(sourceMap);
  const imported = importCount(module, 'func');
  module.functions.forEach((fn, i) => {
    const found = module.refused.get(i) ?? findRefused(module, fn);
    if (!found) return;
    const position = lookup(found.at);
    const where = position
      ? ` (${position.file}:${position.line}:${position.column})`
      : ` (byte ${found.at})`;
    throw new UnsupportedModule(
      found.feature,
      `${functionName(module, imported + i)}${where} uses ${found.feature}, which is not supported; use ${advice[found.feature] ?? 'something else'}`,
    );
  });
  for (const { type } of module.globals) {
    const feature = refusedType(type);
    if (feature) throw new UnsupportedModule(feature, `a global has type ${type}, which is not supported`);
  }
}

const advice: Readonly<Record<string, string>> = {
  f64: 'f32',
  SIMD: 'scalar code or a kernel',
  atomics: 'xt.memw and plain loads and stores',
};

function refusedType(type: ValueType): string | undefined {
  return type === 'f64' ? 'f64' : type === 'v128' ? 'SIMD' : undefined;
}

function findRefused(module: WasmModule, fn: WasmFunction): { feature: string; at: number } | undefined {
  for (const type of [...fn.type.params, ...fn.type.results, ...fn.locals]) {
    const feature = refusedType(type);
    if (feature) return { feature, at: fn.at };
  }
  for (const { op, a, type, at } of fn.code) {
    if (op.signature.includes('d')) return { feature: 'f64', at };
    const called =
      op.name === 'call' ? functionTypeOf(module, a) : op.name === 'call_indirect' ? module.types[a] : type;
    if (!called) continue;
    for (const value of [...called.params, ...called.results]) {
      const feature = refusedType(value);
      if (feature) return { feature, at };
    }
  }
  return undefined;
}
