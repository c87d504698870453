/**
 * Cleaning up: folds again what became foldable, removes parameters that always get the same value, decides branches on
 * constants, and merges and skips blocks.
 */
import { fold } from './fold.ts';
import { reversePostOrder } from './graph.ts';
import { type Block, constantOf, type Edge, type Inst, type IrFunction, type Value } from './ir.ts';
import { renumber } from './loops.ts';
import { effectOf } from './operations.ts';

const MAX_ROUNDS = 20;

export function simplify(fn: IrFunction): void {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let changed = decideBranches(fn);
    const order = dropUnreachable(fn);
    const replaced = new Map<Value, Value>();
    findSameParams(fn, replaced);
    foldAgain(fn, order, replaced);
    if (replaced.size > 0) changed = true;
    substitute(fn, replaced);
    if (skipEmpty(fn)) changed = true;
    if (mergeChains(fn)) changed = true;
    if (!changed) break;
  }
  dropUnused(fn);
  renumber(fn);
}

/** Returns what is left in reverse post-order. */
function dropUnreachable(fn: IrFunction): readonly Block[] {
  const order = reversePostOrder(fn);
  if (order.length === fn.blocks.length) return order;
  const reachable = new Set(order);
  fn.blocks = fn.blocks.filter((block) => reachable.has(block));
  return order;
}

function decideBranches(fn: IrFunction): boolean {
  let changed = false;
  for (const block of fn.blocks) {
    const { end } = block;
    if (end.kind !== 'branch' && end.kind !== 'switch') continue;
    const known = end.kind === 'branch' ? truthOf(fn, end.condition) : constantOf(fn, end.condition);
    let edge: Edge | undefined;
    if (known !== undefined) {
      const index =
        end.kind === 'branch' ? (known !== 0 ? 0 : 1) : Math.min(known >>> 0, end.edges.length - 1);
      edge = end.edges[index];
    } else if (end.edges.every(({ to, args }) => to === end.edges[0].to && sameArgs(args, end.edges[0].args)))
      edge = end.edges[0];
    if (!edge) continue;
    block.end = { kind: 'jump', edges: [edge] };
    changed = true;
  }
  return changed;
}

/** A value of which at least is known whether it is 0. */
function truthOf(fn: IrFunction, value: Value): number | undefined {
  const { inst } = fn.values[value];
  const set = inst?.op === 'or' ? constantOf(fn, inst.args[1]) : undefined;
  return set ? 1 : constantOf(fn, value);
}

const sameArgs = (a: readonly Value[], b: readonly Value[]) => a.every((value, i) => value === b[i]);

/** The edges to each block that has parameters. */
function edgesWithArguments(fn: IrFunction): Map<Block, Edge[]> {
  const incoming = new Map<Block, Edge[]>();
  for (const block of fn.blocks) {
    for (const edge of block.end.edges) {
      if (edge.to.params.length === 0) continue;
      const list = incoming.get(edge.to);
      if (list) list.push(edge);
      else incoming.set(edge.to, [edge]);
    }
  }
  return incoming;
}

/** Parameters whose incoming values are all one value, or the parameter itself. */
function findSameParams(fn: IrFunction, replaced: Map<Value, Value>): void {
  const incoming = edgesWithArguments(fn);
  const [entry] = fn.blocks;
  for (const block of fn.blocks) {
    if (block === entry || block.params.length === 0) continue;
    const edges = incoming.get(block) ?? [];
    const keep = block.params.map((param, i) => {
      const source = edges.find(({ args }) => args[i] !== param)?.args[i];
      if (source === undefined || edges.some(({ args }) => args[i] !== param && args[i] !== source))
        return true;
      replaced.set(param, source);
      return false;
    });
    if (!keep.includes(false)) continue;
    block.params = block.params.filter((_, i) => keep[i]);
    for (const edge of edges) edge.args = edge.args.filter((_, i) => keep[i]);
  }
}

function resolve(replaced: ReadonlyMap<Value, Value>, value: Value): Value {
  let found = value;
  for (let next = replaced.get(found); next !== undefined; next = replaced.get(found)) found = next;
  return found;
}

function foldAgain(fn: IrFunction, order: readonly Block[], replaced: Map<Value, Value>): void {
  for (const block of order) {
    block.insts = block.insts.filter((inst) => {
      if (inst.args.some((arg) => replaced.has(arg)))
        inst.args = inst.args.map((arg) => resolve(replaced, arg));
      if (inst.op === 'trapif') {
        if (constantOf(fn, inst.args[0]) !== 0) return true;
        inst.settled = 'holds';
        return false;
      }
      return inst.results.length !== 1 || !foldInst(fn, inst, replaced);
    });
  }
}

/** Rewrites an instruction to its simplest form; true when it is another value altogether. */
function foldInst(fn: IrFunction, inst: Inst, replaced: Map<Value, Value>): boolean {
  for (let better = fold(fn, inst.op, inst.args); better; better = fold(fn, inst.op, inst.args)) {
    if ('value' in better) {
      replaced.set(inst.results[0], resolve(replaced, better.value));
      return true;
    }
    inst.op = better.op;
    inst.args = better.args.map((arg) => resolve(replaced, arg));
  }
  return false;
}

export function substitute(fn: IrFunction, replaced: ReadonlyMap<Value, Value>): void {
  if (replaced.size === 0) return;
  for (const block of fn.blocks) mapValues(block, (value) => resolve(replaced, value));
}

/** Replaces what the block's instructions and its end read. */
export function mapValues(block: Block, map: (value: Value) => Value): void {
  // Instructions may share a list: never changed in place.
  for (const inst of block.insts)
    if (inst.args.some((arg) => map(arg) !== arg)) inst.args = inst.args.map(map);
  mapEnd(block, map);
}

export function mapEnd({ end }: Block, map: (value: Value) => Value): void {
  for (const edge of end.edges) edge.args = edge.args.map(map);
  if (end.kind === 'branch' || end.kind === 'switch') end.condition = map(end.condition);
  if (end.kind === 'return') end.args = end.args.map(map);
}

/** Edges to a block that only jumps on go to where it jumps. */
function skipEmpty(fn: IrFunction): boolean {
  let changed = false;
  for (const block of fn.blocks) {
    for (const edge of block.end.edges) {
      const { to } = edge;
      if (to.insts.length > 0 || to.params.length > 0 || to.end.kind !== 'jump') continue;
      const [onward] = to.end.edges;
      // A table would get a block of moves per entry instead of one per target.
      if (onward.to === to || (block.end.kind === 'switch' && onward.args.length > 0)) continue;
      edge.to = onward.to;
      edge.args = [...onward.args];
      changed = true;
    }
  }
  if (changed) dropUnreachable(fn);
  return changed;
}

/** A block with one successor that has no other predecessor continues with it. */
function mergeChains(fn: IrFunction): boolean {
  const entries = new Map<Block, number>();
  for (const block of fn.blocks)
    for (const { to } of block.end.edges) entries.set(to, (entries.get(to) ?? 0) + 1);
  const gone = new Set<Block>();
  for (const block of fn.blocks) {
    if (gone.has(block)) continue;
    while (block.end.kind === 'jump') {
      const { to } = block.end.edges[0];
      if (to === block || to === fn.blocks[0] || entries.get(to) !== 1 || to.params.length > 0) break;
      // A header that nothing else leads to has lost its loop, and with it what set the hardware up.
      if (block.insts.at(-1)?.op === 'rounds') block.insts.pop();
      for (const inst of to.insts) inst.block = block;
      block.insts.push(...to.insts);
      block.end = to.end;
      gone.add(to);
    }
  }
  if (gone.size > 0) fn.blocks = fn.blocks.filter((block) => !gone.has(block));
  return gone.size > 0;
}

/** Removes instructions and parameters that nothing with an effect depends on. */
export function dropUnused(fn: IrFunction): void {
  const live = new Uint8Array(fn.values.length);
  const work: Value[] = [];
  const mark = (value: Value) => {
    if (live[value]) return;
    live[value] = 1;
    work.push(value);
  };
  const markAll = (values: readonly Value[]) => {
    for (const value of values) mark(value);
  };
  const incoming = edgesWithArguments(fn);
  for (const { end, insts } of fn.blocks) {
    if (end.kind === 'branch' || end.kind === 'switch') mark(end.condition);
    if (end.kind === 'return') markAll(end.args);
    for (const inst of insts) if (!isRemovable(inst)) markAll(inst.args);
  }
  for (let value = work.pop(); value !== undefined; value = work.pop()) {
    const info = fn.values[value];
    if (info.inst) markAll(info.inst.args);
    else if (info.block && info.block !== fn.blocks[0]) {
      const index = info.block.params.indexOf(value);
      for (const edge of incoming.get(info.block) ?? []) mark(edge.args[index]);
    }
  }
  for (const block of fn.blocks) {
    block.insts = block.insts.filter(
      (inst) => inst.results.some((value) => live[value]) || !isRemovable(inst),
    );
    if (block === fn.blocks[0] || block.params.length === 0) continue;
    if (block.params.every((param) => live[param])) continue;
    const keep = block.params.map((param) => live[param] !== 0);
    block.params = block.params.filter((_, i) => keep[i]);
    for (const edge of incoming.get(block) ?? []) edge.args = edge.args.filter((_, i) => keep[i]);
  }
}

function isRemovable(inst: Inst): boolean {
  const effect = effectOf(inst.op);
  return inst.op !== 'trapif' && (effect === 'pure' || effect === 'load' || effect === 'trap');
}
