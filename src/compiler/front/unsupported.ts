/** What this compiler does not compile: which functions, why, and from where they can be reached. */
import { UnsupportedModule } from '../errors.ts';
import {
  functionName,
  functionTypeOf,
  importCount,
  typeKey,
  type ValueType,
  type WasmFunction,
  type WasmModule,
} from './module.ts';
import { createSourceLookup } from './sourcemap.ts';

export interface Unsupported {
  /** Number among the functions defined in the module. */
  readonly index: number;
  readonly name: string;
  /** In one or two words: "f64", "SIMD". */
  readonly feature: string;
  /** `cosine (math.ts:12:3) uses f64`. */
  readonly what: string;
  /** Exported functions from which calls may lead to it. */
  readonly exports: readonly string[];
  /** One such way, function by function; empty where nothing in the module leads to it. */
  readonly way: readonly string[];
}

/** Every function of the module that cannot be compiled. */
export function findUnsupported(module: WasmModule, sourceMap: string | undefined): Unsupported[] {
  const lookup = sourceMap === undefined ? () => undefined : createSourceLookup(sourceMap);
  const imported = importCount(module, 'func');
  const found = module.functions.flatMap((fn, i) => {
    const refused = module.refused.get(i) ?? findRefused(module, fn);
    return refused ? [{ index: i, ...refused }] : [];
  });
  if (found.length === 0) return [];
  const ways = waysThrough(module);
  return found.map(({ index, feature, at }) => {
    const position = lookup(at);
    const where = position ? `${position.file}:${position.line}:${position.column}` : `byte ${at}`;
    const name = functionName(module, imported + index);
    const reached = ways.flatMap(({ root, to }) => (to.has(imported + index) ? [root] : []));
    return {
      index,
      name,
      feature,
      what: `${name} (${where}) uses ${feature}`,
      exports: reached.filter((root) => root !== START),
      way: shortestWay(module, ways, imported + index),
    };
  });
}

/** Throws for the first function that cannot be compiled and can be reached. */
export function refuseUnsupported(found: readonly Unsupported[]): void {
  const first = found.find(({ way }) => way.length > 0);
  if (first) throw new UnsupportedModule(first.feature, refusal(first));
}

/** One sentence: what, why, how it comes into the program, what to do. */
export function refusal({ what, feature, way }: Unsupported): string {
  const through = way.length > 1 ? `; it is called through ${way.join(' > ')}` : '';
  return `${what}, which is not supported${through}; use ${advice[feature] ?? 'something else'}`;
}

const advice: Readonly<Record<string, string>> = {
  f64: 'f32 (in AssemblyScript Mathf instead of Math, and f32 constants)',
  SIMD: 'scalar code or a kernel',
  atomics: 'xt.memw and plain loads and stores',
  'tail calls': 'plain calls',
};

export function refusedType(type: ValueType): string | undefined {
  return type === 'f64' ? 'f64' : type === 'v128' ? 'SIMD' : undefined;
}

function findRefused(module: WasmModule, fn: WasmFunction): { feature: string; at: number } | undefined {
  for (const type of [...fn.type.params, ...fn.type.results, ...fn.locals]) {
    const feature = refusedType(type);
    if (feature) return { feature, at: fn.at };
  }
  for (const { op, a, type, at } of fn.code) {
    if (op.signature.includes('d')) return { feature: 'f64', at };
    for (const value of typesOf(module, op.name, a, type)) {
      const feature = refusedType(value);
      if (feature) return { feature, at };
    }
  }
  return undefined;
}

/** The value types that an instruction has to do with by its immediates. */
function typesOf(
  module: WasmModule,
  name: string,
  index: number,
  type: { params: readonly ValueType[]; results: readonly ValueType[] } | undefined,
): readonly ValueType[] {
  if (name.startsWith('global.')) return [module.globals[index].type];
  const called =
    name === 'call' ? functionTypeOf(module, index) : name === 'call_indirect' ? module.types[index] : type;
  return called ? [...called.params, ...called.results] : [];
}

const START = 'the start function';

interface Way {
  readonly root: string;
  /** Every function that can be reached from the root, with the one before it. */
  readonly to: ReadonlyMap<number, number>;
}

/** What can be reached from each exported function and from the start function. */
function waysThrough(module: WasmModule): Way[] {
  const imported = importCount(module, 'func');
  const indirect = indirectTargets(module);
  const callees = module.functions.map((fn) =>
    fn.code.flatMap(({ op, a }): number[] => {
      if (op.name === 'call' || op.name === 'ref.func') return [a];
      return op.name === 'call_indirect' ? (indirect.get(typeKey(module.types[a])) ?? []) : [];
    }),
  );
  const from = (start: number): Map<number, number> => {
    const before = new Map([[start, start]]);
    const queue = [start];
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      for (const callee of callees[next - imported] ?? []) {
        if (before.has(callee)) continue;
        before.set(callee, next);
        queue.push(callee);
      }
    return before;
  };
  const roots = module.exports.flatMap(({ kind, name, index }) =>
    kind === 'func' ? [{ root: name, index }] : [],
  );
  if (module.start !== undefined) roots.push({ root: START, index: module.start });
  return roots.map(({ root, index }) => ({ root, to: from(index) }));
}

/** Functions whose reference lies in a table or may get there, by type. */
function indirectTargets(module: WasmModule): Map<string, number[]> {
  const targets = new Map<string, number[]>();
  for (const { items } of module.elements)
    for (const item of items)
      for (const { op, a } of item) {
        if (op.name !== 'ref.func') continue;
        const key = typeKey(functionTypeOf(module, a));
        targets.set(key, [...(targets.get(key) ?? []), a]);
      }
  return targets;
}

function shortestWay(module: WasmModule, ways: readonly Way[], target: number): string[] {
  let best: string[] = [];
  for (const { to } of ways) {
    if (!to.has(target)) continue;
    const names: string[] = [];
    for (let at = target; ; at = to.get(at) as number) {
      names.unshift(functionName(module, at));
      if (to.get(at) === at) break;
    }
    if (best.length === 0 || names.length < best.length) best = names;
  }
  return best;
}
