/**
 * Instruction selection: intermediate form to Xtensa instructions over virtual registers. Blocks are walked from the last
 * to the first and bottom up, so a value that every user could take into its own instruction (an address offset, a
 * shifted addend, a comparison) is never made at all.
 */
import type { Block, Inst, IrFunction, Value } from '../middle/ir.ts';
import type { Loop, LoopInfo } from '../middle/loops.ts';
import { effectOf } from '../middle/operations.ts';
import type { MachineFunction, MachineInst } from './machine.ts';
import { selectBranch } from './select-branch.ts';
import { selectCall, selectEntry, selectReturn } from './select-call.ts';
import { floatRules } from './select-float.ts';
import { integerRules } from './select-integer.ts';
import { memoryRules } from './select-memory.ts';
import {
  constantRegister,
  isConstant,
  type Losses,
  moveOp,
  put,
  putConstant,
  type Rule,
  registerFor,
  type Selector,
  temporary,
  use,
} from './selector.ts';

const rules: Readonly<Record<string, Rule>> = {
  ...integerRules,
  ...floatRules,
  ...memoryRules,
  // Selected at the end of its block.
  rounds: () => {},
  call: selectCall,
  callx: selectCall,
};

export function selectFunction(fn: IrFunction, loops: LoopInfo, lossesOf: Losses): MachineFunction {
  const out: MachineFunction = {
    name: fn.name,
    symbol: fn.symbol,
    signature: fn.signature,
    blocks: [],
    classes: [],
    constants: new Map(),
    outgoing: 0,
    slots: 0,
    preheaders: new Map(loops.loops.map(({ header, preheader }) => [header.id, preheader.id])),
    stepped: new Map(),
  };
  const s: Selector = {
    fn,
    out,
    registers: new Map(),
    needed: new Set(),
    useCounts: countUses(fn),
    pending: [],
    at: 0,
    block: fn.blocks[0],
    hardwareLoop: hardwareLoops(loops),
    kept: new Map(),
    lossesOf,
  };
  const byId = new Map<number, MachineInst[]>();
  // Users before definitions: a definition dominates its users, and post-order visits dominators last.
  for (const block of [...loops.order].reverse()) byId.set(block.id, selectBlock(s, block));
  for (const block of fn.blocks) {
    const insts = byId.get(block.id);
    if (insts)
      out.blocks.push({
        id: block.id,
        insts,
        depth: block.depth,
        loop: loops.innermost(block)?.header.id ?? -1,
      });
  }
  return out;
}

function hardwareLoops(loops: LoopInfo): (block: Block) => Loop | undefined {
  const counted = new Set(loops.loops.filter(({ latches }) => latches[0].end.kind === 'loopback'));
  return (block) => {
    const loop = loops.innermost(block);
    return loop && counted.has(loop) ? loop : undefined;
  };
}

function countUses(fn: IrFunction): number[] {
  const counts = new Array<number>(fn.values.length).fill(0);
  const count = (values: readonly Value[]) => {
    for (const value of values) counts[value]++;
  };
  for (const { insts, end } of fn.blocks) {
    for (const inst of insts) count(inst.args);
    for (const edge of end.edges) count(edge.args);
    if (end.kind === 'branch' || end.kind === 'switch') count([end.condition]);
    if (end.kind === 'return') count(end.args);
  }
  return counts;
}

function selectBlock(s: Selector, block: Block): MachineInst[] {
  const reversed: MachineInst[] = [];
  const flush = () => {
    for (const inst of s.pending.reverse()) reversed.push(inst);
    s.pending = [];
  };
  s.block = block;
  selectEnd(s, block);
  flush();
  for (const inst of [...block.insts].reverse()) {
    const effect = effectOf(inst.op);
    const removable = effect === 'pure' || effect === 'load' || (effect === 'trap' && inst.op !== 'trapif');
    if (removable && !inst.results.some((value) => s.needed.has(value))) continue;
    s.at = inst.at;
    selectInst(s, inst);
    flush();
  }
  for (const param of block.params) {
    const kept = s.kept.get(param);
    if (kept !== undefined) put(s, moveOp(s, kept), 'ds', kept, registerFor(s, param));
  }
  flush();
  if (block === s.fn.blocks[0]) {
    selectEntry(s, block);
    flush();
  }
  return reversed.reverse();
}

function selectInst(s: Selector, inst: Inst): void {
  if (inst.op === 'trapif') {
    selectBranch(s, inst.args[0], true).trap = inst.imm;
    return;
  }
  const rule = rules[inst.op];
  if (!rule) throw new Error(`internal: no selection rule for ${inst.op}`);
  rule(s, inst, inst.results.length ? registerFor(s, inst.results[0]) : -1);
}

function selectEnd(s: Selector, block: Block): void {
  const { end } = block;
  switch (end.kind) {
    case 'jump':
      copyArguments(s, end.edges[0].args, end.edges[0].to);
      selectRounds(s, block);
      put(s, 'j', '').targets = [end.edges[0].to.id];
      return;
    case 'branch':
      // Critical edges were split: an edge with arguments leaves a block with one successor.
      selectBranch(s, end.condition, true).targets = end.edges.map(({ to }) => to.id);
      return;
    case 'loopback':
      copyArguments(s, end.edges[0].args, end.edges[0].to);
      s.out.stepped.set(
        end.edges[0].to.id,
        end.edges[0].to.params.map((param) => registerFor(s, param)),
      );
      put(s, 'loopback', '').targets = end.edges.map(({ to }) => to.id);
      return;
    case 'switch':
      selectSwitch(
        s,
        end.condition,
        end.edges.map(({ to }) => to.id),
        block.id,
      );
      return;
    case 'return':
      selectReturn(s, end.args);
      return;
    case 'trap': {
      const inst = put(s, 'trap', '');
      inst.trap = end.code;
      return;
    }
  }
}

/** Nothing may stand between the loop instruction and the loop. */
function selectRounds(s: Selector, block: Block): void {
  const inst = block.insts.at(-1);
  if (inst?.op === 'rounds') put(s, 'loop', 'si', use(s, inst.args[0]), inst.imm);
}

/** Jump through a table of addresses; anything beyond it goes to the last target. */
function selectSwitch(s: Selector, condition: Value, targets: number[], block: number): void {
  const index = use(s, condition);
  const limit = constantRegister(s, targets.length - 1);
  const [table, slot, address] = [temporary(s), temporary(s), temporary(s)];
  put(s, 'switch.limit', 'ss', index, limit);
  put(s, 'movi', 'do', table, { kind: 'table', block });
  put(s, 'addx4', 'dss', slot, index, table);
  put(s, 'l32i', 'dsi', address, slot, 0);
  put(s, 'jx', 's', address).targets = targets;
}

/** Parallel copy of an edge's arguments into the target's parameters, one move at a time. */
function copyArguments(s: Selector, args: readonly Value[], to: Block): void {
  let moves = args.map((value, i) => ({ to: registerFor(s, to.params[i]), value, from: -1 }));
  moves = moves.filter((move, i) => s.registers.get(args[i]) !== move.to && args[i] !== to.params[i]);
  for (const move of moves) move.from = isConstant(s, move.value) ? -1 : use(s, move.value);
  const copies = moves.filter(({ from }) => from >= 0);
  while (copies.length > 0) {
    const free = copies.findIndex((move) => !copies.some(({ from }) => from === move.to));
    if (free >= 0) {
      const [move] = copies.splice(free, 1);
      put(s, moveOp(s, move.to), 'ds', move.to, move.from);
      continue;
    }
    // Only cycles are left: save one source and read the copy from now on.
    const saved = temporary(s, s.fn.values[copies[0].value].type);
    const { from } = copies[0];
    put(s, moveOp(s, saved), 'ds', saved, from);
    for (const move of copies) if (move.from === from) move.from = saved;
  }
  for (const move of moves) if (move.from < 0) putConstant(s, move.to, move.value);
}
