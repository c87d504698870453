/** Machine form to assembler: stack frame, order of jumps, traps, tables. */
import {
  type AR,
  type Assembler,
  aRegisters,
  b0,
  b1,
  fRegisters,
  type Label,
  type Register,
  type WordValue,
} from '../../xtensa/index.ts';
import type { Linkage } from '../linkage.ts';
import { traps } from '../middle/ir.ts';
import { frameSize, hasLargeFrame, MAX_OFFSET, SCRATCH } from './frame.ts';
import { type Island, planIslands } from './islands.ts';
import {
  B0,
  B1,
  F0,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
  type Operand,
} from './machine.ts';
import { createReach, ISLAND_DISTANCE, isFar, mostBytes, mostBytesFar } from './reach.ts';
import { inverseBranch } from './select-branch.ts';

/** The loop hardware's reach, less what alignment and a closing nop may add. */
const MAX_LOOP_BYTES = 240;

interface Emitter {
  readonly asm: Assembler;
  readonly fn: MachineFunction;
  readonly linkage: Linkage;
  readonly labels: Map<number, Label>;
  readonly traps: Map<number, Label>;
  /** Ends of hardware loops by header. */
  readonly loopEnds: Map<number, Label>;
  readonly tables: { label: Label; targets: readonly number[] }[];
  /** Branches that go to a jump nearby, and the labels of those jumps. */
  readonly islands: ReadonlyMap<MachineInst, Island>;
  readonly islandLabels: Map<Island, Label>;
  readonly frame: number;
  /** Whether a jump from the end of one block to another block is certain to reach. */
  readonly reaches: (from: number, to: number) => boolean;
  readonly isFar: boolean;
  /** Bytes since the last island, at most; and whether a hardware loop is open, into which none may come. */
  sinceIsland: number;
  inLoop: boolean;
}

export function emitFunction(asm: Assembler, fn: MachineFunction, linkage: Linkage): void {
  const { blocks } = fn;
  const far = isFar(fn);
  const e: Emitter = {
    asm,
    fn,
    linkage,
    labels: new Map(fn.blocks.map(({ id }) => [id, asm.label(`block${id}`)])),
    traps: new Map(),
    loopEnds: new Map(),
    tables: [],
    islands: far ? new Map() : planIslands(blocks),
    islandLabels: new Map(),
    frame: frameSize(fn),
    reaches: createReach(blocks),
    isFar: far,
    sinceIsland: 0,
    inLoop: false,
  };
  asm.function(fn.symbol);
  emitPrologue(e);
  const startsLoop = loopStarts(blocks);
  blocks.forEach((block, i) => {
    // A jump lands without an extra cycle where its instruction lies in one fetch word.
    const counted = i > 0 && isCounted(blocks[i - 1]);
    if (block.depth > 0 && i > 0 && !counted && startsLoop.has(block.id)) asm.alignTarget();
    asm.place(e.labels.get(block.id) as Label);
    block.insts.forEach((inst, k) => {
      if (e.isFar) keepInReach(e, inst);
      if (k < block.insts.length - 1) emitInst(e, inst, block.id);
      else emitEnd(e, inst, block, blocks[i + 1]);
    });
    for (const [island, label] of islandsBehind(e, i)) emitIsland(e, island, label);
  });
  emitTraps(e);
  for (const { label, targets } of e.tables) {
    asm.align(4);
    asm.place(label);
    asm.word(...targets.map((id) => e.labels.get(id) as Label));
  }
}

function islandsBehind({ asm, islands, islandLabels }: Emitter, block: number): Map<Island, Label> {
  const found = new Map<Island, Label>();
  for (const island of islands.values())
    if (island.behind === block && !found.has(island))
      found.set(island, islandLabel(asm, islandLabels, island));
  return found;
}

function islandLabel(asm: Assembler, labels: Map<Island, Label>, island: Island): Label {
  const label = labels.get(island) ?? asm.label('island');
  labels.set(island, label);
  return label;
}

function emitIsland(e: Emitter, { to }: Island, label: Label): void {
  e.asm.place(label);
  e.asm.j('trap' in to ? trapLabel(e, to.trap) : (e.labels.get(to.block) as Label));
}

/** Where a branch goes: to its target, or to the jump nearby that was planned for it. */
function destination(e: Emitter, inst: MachineInst, target: Label): Label {
  const island = e.islands.get(inst);
  return island ? islandLabel(e.asm, e.islandLabels, island) : target;
}

/** Whether a block sets up the loop hardware for the block behind it. */
function isCounted({ insts }: MachineBlock): boolean {
  return insts.length > 1 && insts[insts.length - 2].op === 'loop';
}

/** Numbers of the hardware loops that cannot be laid out: too long, or not in one piece. */
export function brokenLoops(fn: MachineFunction): number[] {
  const { blocks } = fn;
  const broken: number[] = [];
  blocks.forEach(({ insts }, i) => {
    const loop = insts.find(({ op }) => op === 'loop');
    if (!loop) return;
    const header = insts[insts.length - 1].targets[0];
    const end = blocks.findIndex((block) => {
      const last = block.insts[block.insts.length - 1];
      return last.op === 'loopback' && last.targets[0] === header;
    });
    const body = blocks.slice(i + 1, end + 1);
    const whole = end > i && body[0].id === header && insts[insts.length - 2] === loop;
    if (!whole || body.reduce((sum, block) => sum + loopBytes(fn, block), 0) > MAX_LOOP_BYTES)
      broken.push(loop.operands[1].kind === 'immediate' ? loop.operands[1].value : 0);
  });
  return broken;
}

function loopBytes(fn: MachineFunction, { insts }: MachineBlock): number {
  const frameAccess = hasLargeFrame(fn) ? 9 : 3;
  return insts.reduce((sum, inst) => sum + mostBytes(inst, frameAccess), 0);
}

/** Literals and traps must be in reach of what uses them: in far functions they come every so often, jumped over. */
function keepInReach(e: Emitter, inst: MachineInst): void {
  e.sinceIsland += mostBytesFar(inst);
  if (inst.op === 'loop') e.inLoop = true;
  if (inst.op === 'loopback') e.inLoop = false;
  if (e.sinceIsland < ISLAND_DISTANCE || e.inLoop || inst.op === 'loopback') return;
  e.sinceIsland = 0;
  const over = e.asm.label('over_island');
  e.asm.j(over);
  emitTraps(e);
  e.traps.clear();
  e.asm.literals();
  e.asm.place(over);
}

/** A jump from the end of a block, through a register where it may be too long. */
function jump({ asm, labels, reaches }: Emitter, from: number, to: number): void {
  const target = labels.get(to) as Label;
  if (reaches(from, to)) return void asm.j(target);
  const scratch = address(SCRATCH);
  asm.movi(scratch, target);
  asm.jx(scratch);
}

/** Blocks that a jump back from a later one (or themselves) leads to. */
function loopStarts(blocks: readonly MachineBlock[]): Set<number> {
  const seen = new Set<number>();
  const starts = new Set<number>();
  for (const { id, insts } of blocks) {
    seen.add(id);
    for (const target of insts[insts.length - 1].targets) if (seen.has(target)) starts.add(target);
  }
  return starts;
}

function register(reg: number): Register {
  if (reg === B1) return b1;
  return reg === B0 ? b0 : reg >= F0 ? fRegisters[reg - F0] : aRegisters[reg];
}

const address = (reg: number): AR => aRegisters[reg];
const sp = address(1);

function emitPrologue(e: Emitter): void {
  const { asm, frame, linkage } = e;
  if (linkage.checked) {
    const [limit, bottom] = [address(8), address(9)];
    asm.movi(limit, 'stack.limit');
    asm.l32i(limit, limit, 0);
    asm.movi(bottom, -frame);
    asm.add(bottom, bottom, sp);
    asm.bltu(bottom, limit, trapLabel(e, traps['call stack exhausted']));
  }
  adjustStack(e, -frame);
}

function adjustStack({ asm }: Emitter, bytes: number): void {
  if (bytes === 0) return;
  const low = (bytes << 24) >> 24;
  const high = bytes - low;
  if (high !== 0 && high >= -32768 && high <= 32512) asm.addmi(sp, sp, high);
  else if (high !== 0) {
    asm.movi(address(8), high);
    asm.add(sp, sp, address(8));
  }
  if (low !== 0) asm.addi(sp, sp, low);
}

function operandValue(e: Emitter, operand: Operand, block: number): Register | WordValue {
  switch (operand.kind) {
    case 'register':
      return register(operand.reg);
    case 'immediate':
      return operand.value;
    case 'symbol':
      e.linkage.mentioned.add(operand.name);
      return operand.addend
        ? { operator: '+', left: { symbol: operand.name }, right: operand.addend }
        : operand.name;
    case 'table':
      return tableLabel(e, block);
    case 'frame':
      return frameOffset(e, operand);
  }
}

function frameOffset({ fn, frame }: Emitter, { area, offset }: Operand & { kind: 'frame' }): number {
  if (area === 'outgoing') return offset;
  return area === 'slot' ? fn.outgoing + offset : frame + offset;
}

function tableLabel(e: Emitter, block: number): Label {
  const label = e.asm.label('table');
  const { insts } = e.fn.blocks.find(({ id }) => id === block) as MachineBlock;
  e.tables.push({ label, targets: insts[insts.length - 1].targets.slice(0, -1) });
  return label;
}

function trapLabel(e: Emitter, code: number): Label {
  let label = e.traps.get(code);
  if (!label) e.traps.set(code, (label = e.asm.label(`trap${code}`)));
  return label;
}

function emitInst(e: Emitter, inst: MachineInst, block: number): void {
  if (inst.trap) {
    e.asm.emit(
      inst.op,
      ...inst.operands.map((operand) => operandValue(e, operand, block)),
      destination(e, inst, trapLabel(e, inst.trap)),
    );
    return;
  }
  const frame = inst.operands.find((operand) => operand.kind === 'frame');
  if (frame && frameOffset(e, frame) > MAX_OFFSET) emitFarFrame(e, inst, frameOffset(e, frame));
  else if (inst.op === 'switch.limit') emitLimit(e, inst, block);
  else if (inst.op === 'loop') emitLoop(e, inst, block);
  else if (inst.op === 'mov')
    e.asm.mov(register(firstRegister(inst)) as AR, register(secondRegister(inst)) as AR);
  else e.asm.emit(inst.op, ...inst.operands.map((operand) => operandValue(e, operand, block)));
}

const registerAt = (inst: MachineInst, index: number): number => {
  const operand = inst.operands[index];
  return operand.kind === 'register' ? operand.reg : -1;
};
const firstRegister = (inst: MachineInst) => registerAt(inst, 0);
const secondRegister = (inst: MachineInst) => registerAt(inst, 1);

function emitFarFrame({ asm }: Emitter, inst: MachineInst, offset: number): void {
  const scratch = address(SCRATCH);
  asm.movi(scratch, offset);
  asm.add(scratch, scratch, sp);
  asm.emit(inst.op, register(firstRegister(inst)), scratch, 0);
}

function emitLoop(e: Emitter, inst: MachineInst, block: number): void {
  const { insts } = e.fn.blocks.find(({ id }) => id === block) as MachineBlock;
  const end = e.asm.label('loop_end');
  e.loopEnds.set(insts[insts.length - 1].targets[0], end);
  e.asm.loop(address(firstRegister(inst)), end);
}

/** The last instruction of a hardware loop may not be a branch, and branches to its end would leave the loop. */
function emitLoopback(
  e: Emitter,
  inst: MachineInst,
  block: MachineBlock,
  next: MachineBlock | undefined,
): void {
  const { asm, loopEnds } = e;
  const last = block.insts[block.insts.length - 2];
  if (!last || last.trap) asm.nop();
  asm.place(loopEnds.get(inst.targets[0]) as Label);
  if (inst.targets[1] !== next?.id) jump(e, block.id, inst.targets[1]);
}

/** An index beyond the table goes to the last target. */
function emitLimit(e: Emitter, inst: MachineInst, block: number): void {
  const { insts } = e.fn.blocks.find(({ id }) => id === block) as MachineBlock;
  const last = insts[insts.length - 1].targets.at(-1) as number;
  const [index, limit] = [address(firstRegister(inst)), address(secondRegister(inst))];
  if (e.reaches(block, last))
    return void e.asm.bgeu(index, limit, destination(e, inst, e.labels.get(last) as Label));
  const inside = e.asm.label('inside');
  e.asm.bltu(index, limit, inside);
  jump(e, block, last);
  e.asm.place(inside);
}

function emitEnd(e: Emitter, inst: MachineInst, block: MachineBlock, next: MachineBlock | undefined): void {
  const { asm } = e;
  const values = () => inst.operands.map((operand) => operandValue(e, operand, block.id));
  if (inst.op === 'ret') {
    adjustStack(e, e.frame);
    asm.ret();
  } else if (inst.op === 'loopback') emitLoopback(e, inst, block, next);
  else if (inst.op === 'trap') asm.j(trapLabel(e, inst.trap));
  else if (inst.op === 'jx') asm.emit('jx', ...values());
  else if (inst.op === 'j') {
    if (inst.targets[0] !== next?.id) jump(e, block.id, inst.targets[0]);
  } else {
    const [taken, fall] = inst.targets;
    if (taken === fall) {
      if (taken !== next?.id) jump(e, block.id, taken);
    } else if (taken === next?.id) branch(e, inst, inverseBranch[inst.op], values(), block.id, fall);
    else {
      branch(e, inst, inst.op, values(), block.id, taken);
      if (fall !== next?.id) jump(e, block.id, fall);
    }
  }
}

/** A conditional branch; beyond the reach of a jump, the opposite one over a jump through a register. */
function branch(
  e: Emitter,
  inst: MachineInst,
  op: string,
  values: readonly (Register | WordValue)[],
  from: number,
  to: number,
): void {
  const { asm } = e;
  if (e.reaches(from, to))
    return void asm.emit(op, ...values, destination(e, inst, e.labels.get(to) as Label));
  const over = asm.label('over_jump');
  asm.emit(inverseBranch[op], ...values, over);
  jump(e, from, to);
  asm.place(over);
}

/** What traps call, with their number in a2. */
export function handlerSymbol(linkage: Linkage): string {
  const symbol = linkage.options.trapSymbol ?? '__wasm_trap';
  linkage.mentioned.add(symbol);
  return symbol;
}

/** One stub per kind of trap and function: the return address in a0 tells the function. */
function emitTraps({ asm, traps: labels, linkage }: Emitter): void {
  const [code, handler] = [address(2), address(3)];
  const symbol = labels.size > 0 ? handlerSymbol(linkage) : '';
  for (const [number, label] of labels) {
    asm.place(label);
    asm.movi(code, number);
    asm.movi(handler, symbol);
    asm.callx0(handler);
  }
}
