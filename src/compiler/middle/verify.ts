/**
 * What must hold between any two passes. A pass that breaks a rule is named at once, instead of by a wrong result far
 * behind it. Run after every pass in tests, and with `verify` of the compile options.
 */
import { dominates, dominators, reversePostOrder } from './graph.ts';
import { type Block, type Edge, guardsOf, type Inst, type IrFunction, type Value } from './ir.ts';
import { operations } from './operations.ts';
import { printFunction } from './print.ts';

export function verifyFunction(fn: IrFunction, pass: string): void {
  const fail = (where: string, what: string): never => {
    throw new Error(`internal error: after ${pass}, ${fn.name}, ${where}: ${what}\n${printFunction(fn)}`);
  };
  verifyShape(fn, fail);
  verifyUses(fn, fail);
}

type Fail = (where: string, what: string) => never;

/** Blocks, edges and instructions by themselves. */
function verifyShape(fn: IrFunction, fail: Fail): void {
  const blocks = new Set(fn.blocks);
  // A pass may leave what nothing reaches any more to the next clean-up.
  for (const block of reversePostOrder(fn)) {
    const where = `b${block.id}`;
    for (const param of block.params)
      if (fn.values[param].block !== block) fail(where, `parameter %${param} belongs to another block`);
    block.insts.forEach((inst, i) => {
      if (inst.block !== block) fail(where, `instruction ${i} (${inst.op}) says that it is elsewhere`);
      verifyInst(fn, inst, (what) => fail(`${where}, instruction ${i} (${inst.op})`, what));
    });
    const rounds = block.insts.findIndex(({ op }) => op === 'rounds');
    if (rounds >= 0 && (rounds !== block.insts.length - 1 || block.end.kind !== 'jump'))
      fail(where, 'something stands between the set-up of a hardware loop and the loop');
    for (const edge of block.end.edges as Edge[]) {
      if (!blocks.has(edge.to)) fail(where, `an edge leads to b${edge.to.id}, which is gone`);
      if (edge.to === fn.blocks[0]) fail(where, 'an edge leads to the entry');
      verifyClasses(fn, edge.args, edge.to.params, (what) => fail(`${where}, edge to b${edge.to.id}`, what));
    }
  }
}

function verifyClasses(
  fn: IrFunction,
  args: readonly Value[],
  params: readonly Value[],
  fail: (what: string) => never,
): void {
  if (args.length !== params.length) fail(`${args.length} arguments for ${params.length} parameters`);
  args.forEach((arg, i) => {
    if (fn.values[arg]?.type !== fn.values[params[i]].type) fail(`argument ${i} has the wrong class`);
  });
}

function verifyInst(fn: IrFunction, inst: Inst, fail: (what: string) => never): void {
  const known = operations.get(inst.op);
  if (!known) fail('no such operation');
  for (const value of inst.results)
    if (fn.values[value].inst !== inst) fail(`%${value} says that another instruction makes it`);
  const { args, result } = known as NonNullable<typeof known>;
  if (args === undefined) return;
  const classes = inst.args.map((arg) => fn.values[arg]?.type ?? '?').join('');
  if (classes !== args) fail(`takes "${args}", has "${classes}"`);
  const results = inst.results.map((value) => fn.values[value].type).join('');
  if (results !== (result ?? '')) fail(`gives "${result ?? ''}", has "${results}"`);
}

/** Every use behind its definition, every checked access behind its checks. */
function verifyUses(fn: IrFunction, fail: Fail): void {
  const order = reversePostOrder(fn);
  const idom = dominators(order);
  const params = new Set(order.flatMap((block) => block.params));
  const position = new Map<Inst, number>();
  for (const block of order) block.insts.forEach((inst, i) => void position.set(inst, i));
  const home = (value: Value): { block: Block; at: number } | undefined => {
    const { kind, block, inst } = fn.values[value] ?? {};
    if (kind === 'const' || kind === 'symbol') return undefined;
    if (block) return { block, at: params.has(value) ? -1 : Number.NaN };
    return inst && { block: inst.block, at: position.get(inst) ?? Number.NaN };
  };
  const isBefore = (from: { block: Block; at: number }, block: Block, at: number): boolean =>
    from.block === block ? from.at < at : !Number.isNaN(from.at) && dominates(idom, from.block, block);
  for (const block of order) {
    const check = (values: readonly Value[], at: number, where: string) => {
      for (const value of values) {
        const from = home(value);
        if (from && !isBefore(from, block, at)) fail(where, `%${value} is not defined on every way here`);
      }
    };
    block.insts.forEach((inst, at) => {
      check(inst.args, at, `b${block.id}, instruction ${at} (${inst.op})`);
      for (const guard of guardsOf(inst)) {
        const from = { block: guard.block, at: position.get(guard) ?? Number.NaN };
        if (!isBefore(from, block, at))
          fail(`b${block.id}, instruction ${at} (${inst.op})`, 'its check does not stand before it');
      }
    });
    const { end } = block;
    const last = block.insts.length;
    for (const { args } of end.edges) check(args, last, `b${block.id}, an edge`);
    if (end.kind === 'branch' || end.kind === 'switch') check([end.condition], last, `b${block.id}, its end`);
    if (end.kind === 'return') check(end.args, last, `b${block.id}, its return`);
  }
}
