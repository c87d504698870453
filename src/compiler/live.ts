/** Which functions the program can come to: the others need not be compiled. */
import { functionTypeOf, importCount, typeKey, type WasmModule } from './front/module.ts';
import type { Linkage } from './linkage.ts';
import type { IrFunction, Value } from './middle/ir.ts';

/**
 * Functions by their number among those defined here: those behind exports of these symbols, those that data refers to, and what they lead to.
 * @param bodyOf a function after optimisation, without the calls that are known not to happen
 */
export function findLive(
  module: WasmModule,
  linkage: Linkage,
  roots: readonly string[] | 'exports',
  bodyOf: (i: number) => IrFunction,
): Set<number> {
  const imported = importCount(module, 'func');
  const bySymbol = new Map<string, number>();
  module.functions.forEach((_, i) => {
    bySymbol.set(linkage.functionSymbol(imported + i), i);
    bySymbol.set(linkage.referenceSymbol(imported + i), i);
  });
  const isRoot = (name: string): boolean => roots === 'exports' || roots.includes(name);
  const exported = module.exports.filter(({ kind, name }) => kind === 'func' && isRoot(name));
  const waiting = [...exported.map(({ index }) => index), ...referredFunctions(module)].map(
    (index) => index - imported,
  );
  const live = new Set<number>();
  for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
    if (i < 0 || live.has(i)) continue;
    live.add(i);
    for (const symbol of symbolsIn(bodyOf(i))) {
      const called = bySymbol.get(symbol);
      if (called !== undefined) waiting.push(called);
      const dispatch = linkage.dispatches.get(symbol);
      for (const index of dispatch?.slots ?? [])
        if (index !== undefined && typeKey(functionTypeOf(module, index)) === typeKey(dispatch!.type))
          waiting.push(index - imported);
    }
  }
  return live;
}

/** Indices of the functions that segments, globals and code refer to as values, code that nothing leads to included. */
export function referredFunctions(module: WasmModule): Set<number> {
  const code = [
    ...module.elements.flatMap(({ items }) => items),
    ...module.globalInits.map(({ init }) => init),
    ...module.functions.map((fn) => fn.code),
  ];
  const referred = new Set<number>();
  for (const list of code) for (const { op, a } of list) if (op.name === 'ref.func') referred.add(a);
  return referred;
}

/** Functions called, tables called through, and whatever else its instructions name. */
function symbolsIn({ blocks, values }: IrFunction): Set<string> {
  const symbols = new Set<string>();
  const note = (value: Value): void => void symbols.add(values[value].symbol);
  for (const { insts, end } of blocks) {
    for (const { symbol, args } of insts) {
      symbols.add(symbol);
      args.forEach(note);
    }
    for (const { args } of end.edges) args.forEach(note);
    if ('args' in end) end.args.forEach(note);
    if ('condition' in end) note(end.condition);
  }
  return symbols;
}
