/**
 * Turns small branches into conditional moves: where both ways meet again at once, a taken branch (3 cycles) and a jump
 * cost more than computing both values.
 */
import { predecessors } from './graph.ts';
import { append, type Block, type Inst, type IrFunction, type Value } from './ir.ts';
import { effectOf } from './operations.ts';

/** Most values chosen, and most instructions computed for nothing. */
const MAX_SELECTS = 2;
const MAX_SPECULATED = 2;

/** Cheap instructions without effect. */
function isSpeculable(inst: Inst): boolean {
  return effectOf(inst.op) === 'pure' && !/^(fdiv|fsqrt|mulhs|mulhu|select|fselect)$/.test(inst.op);
}

interface Arm {
  /** The block in between, or undefined when the edge leads straight to the join. */
  readonly block: Block | undefined;
  readonly join: Block;
  readonly args: readonly Value[];
}

export function convertBranches(fn: IrFunction): boolean {
  const before = predecessors(fn.blocks);
  let changed = false;
  for (const block of fn.blocks) {
    if (block.end.kind !== 'branch') continue;
    const arms = block.end.edges.map(({ to, args }): Arm => {
      const between = before.get(to)?.length === 1 && to.end.kind === 'jump' && to.params.length === 0;
      if (!between || to.end.kind !== 'jump') return { block: undefined, join: to, args };
      return { block: to, join: to.end.edges[0].to, args: to.end.edges[0].args };
    });
    if (convert(fn, block, block.end.condition, arms)) changed = true;
  }
  return changed;
}

function convert(fn: IrFunction, block: Block, condition: Value, [yes, no]: Arm[]): boolean {
  // A block that joins itself is a loop of its own; a side that is the join has no block in between.
  const join = yes.join === no.join ? yes.join : undefined;
  if (!join || join === block || (!yes.block && !no.block && yes.args === no.args)) return false;
  const speculated = [...(yes.block?.insts ?? []), ...(no.block?.insts ?? [])];
  if (speculated.length > MAX_SPECULATED || !speculated.every(isSpeculable)) return false;
  const differing = join.params.filter((_, i) => yes.args[i] !== no.args[i]);
  if (differing.length > MAX_SELECTS || differing.length === 0) return false;
  for (const inst of speculated) {
    inst.block = block;
    block.insts.push(inst);
  }
  const args = join.params.map((param, i) => {
    if (yes.args[i] === no.args[i]) return yes.args[i];
    const { type } = fn.values[param];
    const op = type === 'f' ? 'fselect' : 'select';
    return append(fn, block, op, [condition, yes.args[i], no.args[i]], [type]).results[0];
  });
  block.end = { kind: 'jump', edges: [{ to: join, args }] };
  return true;
}
