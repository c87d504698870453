/** Which function calls which: the order in which functions are compiled, and what is known of calls through tables. */
import type { Losses } from './back/selector.ts';
import { functionTypeOf, importCount, typeKey, type WasmModule } from './front/module.ts';
import type { Linkage } from './linkage.ts';

export interface CallOrder {
  /** Functions by their number among those defined here: callees before their callers, but where they call in a circle. */
  readonly order: readonly number[];
  /** Those that another function calls. */
  readonly called: ReadonlySet<number>;
}

export function findCallOrder(module: WasmModule, linkage: Linkage): CallOrder {
  const imported = importCount(module, 'func');
  const callees = module.functions.map((_, i) =>
    calledBy(module, linkage, i).flatMap((index) => (index < imported ? [] : [index - imported])),
  );
  const order: number[] = [];
  const entered = new Set<number>();
  for (const first of callees.keys()) {
    if (entered.has(first)) continue;
    entered.add(first);
    // An explicit stack: chains of calls may be long.
    const stack = [{ at: first, next: 0 }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const callee = callees[top.at][top.next++];
      if (callee === undefined) {
        order.push(top.at);
        stack.pop();
      } else if (!entered.has(callee)) {
        entered.add(callee);
        stack.push({ at: callee, next: 0 });
      }
    }
  }
  const called = new Set(callees.flatMap((list, i) => list.filter((callee) => callee !== i)));
  return { order, called };
}

/** Indices of the functions that a function may call, as far as that is known. */
function calledBy(module: WasmModule, linkage: Linkage, i: number): number[] {
  const called = new Set<number>();
  for (const { op, a, b } of module.functions[i].code) {
    if (op.name === 'call') called.add(a);
    if (op.name !== 'call_indirect') continue;
    for (const index of reachable(module, linkage, b, typeKey(module.types[a]))) called.add(index);
  }
  return [...called];
}

/** What a call of a type through a closed table may reach. */
function reachable(module: WasmModule, linkage: Linkage, table: number, type: string): number[] {
  const slots = linkage.closedTable(table) ?? [];
  return slots.flatMap((index) =>
    index !== undefined && typeKey(functionTypeOf(module, index)) === type ? [index] : [],
  );
}

/** What is lost by a call: through a closed table, what any of its functions may lose. */
export function lossesKnown(module: WasmModule, linkage: Linkage): Losses {
  return (symbol) => {
    const dispatch = linkage.dispatches.get(symbol);
    if (!dispatch) return linkage.lossesOf(symbol);
    const all = new Set<number>();
    for (const index of dispatch.slots) {
      if (index === undefined || typeKey(functionTypeOf(module, index)) !== typeKey(dispatch.type)) continue;
      const losses = linkage.lossesOf(linkage.functionSymbol(index));
      if (!losses) return undefined;
      for (const reg of losses) all.add(reg);
    }
    return [...all];
  };
}
