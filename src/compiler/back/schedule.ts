/**
 * Orders the instructions of each block so that results are not waited for (list scheduling by the longest path to the
 * block's end). Runs before register allocation, where registers do not stand in the way yet, and after it.
 */
import { frequency } from './interference.ts';
import { latency } from './latency.ts';
import {
  B0,
  defsOf,
  FIRST_VIRTUAL,
  isMove,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
  moveOperands,
  SP,
  usesOf,
} from './machine.ts';

const barriers = new Set('call0 callx0 memw extw isync rsr.ccount loop switch.limit'.split(' '));
const loads: Readonly<Record<string, number>> = { l8ui: 1, l16ui: 2, l16si: 2, l32i: 4, lsi: 4, lsx: 4 };
const stores: Readonly<Record<string, number>> = { s8i: 1, s16i: 2, s32i: 4, ssi: 4, ssx: 4 };

interface Node {
  readonly inst: MachineInst;
  readonly successors: { readonly to: number; readonly delay: number }[];
  waiting: number;
  /** First cycle in which it does not have to wait. */
  ready: number;
  /** Cycles from its issue to the end of the block at best. */
  path: number;
}

export function schedule(fn: MachineFunction): void {
  for (const block of fn.blocks) scheduleBlock(block);
}

/** Longer pieces are cut, as the work grows with the square of their length. */
const MOST_AT_ONCE = 500;

/** Barriers cut a block into pieces; the last instruction stays where it is. */
function scheduleBlock(block: MachineBlock): void {
  const result: MachineInst[] = [];
  let piece: MachineInst[] = [];
  const end = block.insts[block.insts.length - 1];
  for (const inst of block.insts) {
    if (inst !== end && !isBarrier(inst)) {
      piece.push(inst);
      if (piece.length === MOST_AT_ONCE) {
        result.push(...schedulePiece(piece, inst));
        piece = [];
      }
      continue;
    }
    // What the barrier itself reads counts for the order before it.
    result.push(...schedulePiece(piece, inst), inst);
    piece = [];
  }
  block.insts = result;
}

/** Argument registers may not be filled early: before allocation that would tie them up. */
function isBarrier(inst: MachineInst): boolean {
  if (barriers.has(inst.op) || inst.trap || inst.isVolatile) return true;
  const virtual = inst.operands.some(
    (operand) => operand.kind === 'register' && operand.reg >= FIRST_VIRTUAL,
  );
  return virtual && [...usesOf(inst), ...defsOf(inst)].some((reg) => reg < B0 && reg !== SP);
}

function schedulePiece(piece: readonly MachineInst[], last: MachineInst): MachineInst[] {
  if (piece.length < 2) return [...piece];
  const nodes = buildGraph(piece, last);
  const order: MachineInst[] = [];
  const ready = nodes.filter(({ waiting }) => waiting === 0);
  for (let cycle = 0; ready.length > 0; cycle++) {
    const next = choose(ready, cycle);
    ready.splice(ready.indexOf(next), 1);
    cycle = Math.max(cycle, next.ready);
    order.push(next.inst);
    for (const { to, delay } of next.successors) {
      const node = nodes[to];
      node.ready = Math.max(node.ready, cycle + delay);
      if (--node.waiting === 0) ready.push(node);
    }
  }
  return order;
}

/** Of those that need not wait the one with the longest way to go; if all must, the one that waits least. */
function choose(ready: readonly Node[], cycle: number): Node {
  let best = ready[0];
  for (const node of ready) {
    const [wait, bestWait] = [Math.max(node.ready - cycle, 0), Math.max(best.ready - cycle, 0)];
    if (wait < bestWait || (wait === bestWait && node.path > best.path)) best = node;
  }
  return best;
}

/**
 * A new value that a move puts into the place of an old one (a loop's counter) is made after the old one's last use, so
 * that both can share a register and the move goes away.
 */
function keepUpdatesLate(
  nodes: readonly Node[],
  order: (from: number, to: number, delay: number) => void,
): void {
  nodes.forEach(({ inst }, at) => {
    if (!isMove(inst)) return;
    const [to, from] = moveOperands(inst);
    const made = nodes.findIndex((node) => defsOf(node.inst).includes(from));
    if (made < 0 || made > at) return;
    for (let i = 0; i < made; i++) if (usesOf(nodes[i].inst).includes(to)) order(i, made, 0);
  });
}

export interface Access {
  readonly index: number;
  readonly isStore: boolean;
  readonly width: number;
  /** Base register with a count of its definitions, or the stack frame. */
  readonly base: string;
  readonly offset: number | undefined;
}

function buildGraph(piece: readonly MachineInst[], last: MachineInst): Node[] {
  const nodes = piece.map((inst): Node => ({ inst, successors: [], waiting: 0, ready: 0, path: 1 }));
  const defined = new Map<number, number>();
  const used = new Map<number, number[]>();
  const versions = new Map<number, number>();
  const accesses: Access[] = [];
  const order = (from: number, to: number, delay: number) => {
    nodes[from].successors.push({ to, delay });
    nodes[to].waiting++;
  };
  piece.forEach((inst, i) => {
    for (const reg of usesOf(inst)) {
      const from = defined.get(reg);
      if (from !== undefined) order(from, i, latency(piece[from].op, inst.op, isLiteral(piece[from])));
      used.set(reg, [...(used.get(reg) ?? []), i]);
    }
    for (const reg of defsOf(inst)) {
      for (const from of used.get(reg) ?? []) if (from !== i) order(from, i, 0);
      const from = defined.get(reg);
      if (from !== undefined && from !== i) order(from, i, 1);
    }
    const access = accessOf(inst, i, versions);
    if (access) {
      for (const other of accesses) if (mayConflict(other, access)) order(other.index, i, 0);
      accesses.push(access);
    }
    for (const reg of defsOf(inst)) {
      defined.set(reg, i);
      used.set(reg, []);
      versions.set(reg, (versions.get(reg) ?? 0) + 1);
    }
  });
  keepUpdatesLate(nodes, order);
  const wanted = usesOf(last);
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i];
    if (defsOf(node.inst).some((reg) => wanted.includes(reg)))
      node.path = latency(node.inst.op, last.op, isLiteral(node.inst));
    for (const { to, delay } of node.successors) node.path = Math.max(node.path, delay + nodes[to].path);
  }
  return nodes;
}

/** Constants that do not fit movi come from the literal pool. */
export function isLiteral({ op, operands }: MachineInst): boolean {
  if (op !== 'movi') return false;
  const [, value] = operands;
  return value.kind !== 'immediate' || value.value < -2048 || value.value > 2047;
}

export function accessOf(
  inst: MachineInst,
  index: number,
  versions: ReadonlyMap<number, number>,
): Access | undefined {
  const isStore = inst.op in stores;
  const width = stores[inst.op] ?? loads[inst.op];
  if (width === undefined) return undefined;
  const [, base, offset] = inst.operands;
  if (offset.kind === 'frame')
    return { index, isStore, width, base: `frame ${offset.area}`, offset: offset.offset };
  const known = base.kind === 'register' && offset.kind === 'immediate';
  if (!known) return { index, isStore, width, base: '', offset: undefined };
  return { index, isStore, width, base: `${base.reg} ${versions.get(base.reg) ?? 0}`, offset: offset.value };
}

export function mayConflict(a: Access, b: Access): boolean {
  if (!a.isStore && !b.isStore) return false;
  // Nothing else reaches the stack frame.
  const [inFrame, otherInFrame] = [a.base.startsWith('frame'), b.base.startsWith('frame')];
  if (inFrame !== otherInFrame) return false;
  if (a.base !== b.base) return !inFrame;
  if (a.offset === undefined || b.offset === undefined) return true;
  return a.offset < b.offset + b.width && b.offset < a.offset + a.width;
}

export interface Estimate {
  /** By the same model, blocks weighted by the loops around them. */
  readonly cycles: number;
  /** Of these, spent waiting for results. */
  readonly stalls: number;
}

export function estimate(fn: MachineFunction): Estimate {
  let total = 0;
  let issued = 0;
  for (const { insts, depth } of fn.blocks) {
    const ready = new Map<number, { cycle: number; from: MachineInst }>();
    let cycle = 0;
    for (const inst of insts) {
      for (const reg of usesOf(inst)) {
        const result = ready.get(reg);
        if (result)
          cycle = Math.max(cycle, result.cycle + latency(result.from.op, inst.op, isLiteral(result.from)));
      }
      for (const reg of defsOf(inst)) ready.set(reg, { cycle, from: inst });
      cycle++;
    }
    const weight = frequency(depth);
    total += cycle * weight;
    issued += insts.length * weight;
  }
  return { cycles: total, stalls: total - issued };
}
