/**
 * Register allocation by graph colouring (Chaitin, Briggs): coalesce moves where that cannot cost a register, simplify,
 * colour optimistically, spill what got no colour and start again. Return address and callee-saved registers are values
 * like any other, copied on entry and back before return; keeping one in memory is just the cheapest spill there is.
 */
import { buildInterference, type Interference, type Move } from './interference.ts';
import {
  classOf,
  F0,
  FIRST_VIRTUAL,
  isMove,
  type MachineFunction,
  machineInst,
  moveOperands,
  newRegister,
  terminatorOf,
} from './machine.ts';
import { overloaded } from './pressure.ts';
import { spill } from './spill.ts';

const calleeSaved = [0, 12, 13, 14, 15];
/** Registers in the order of preference: those that need no saving first. */
const integerColours = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 12, 13, 14, 15];
/** Those that are free to lose; they take turns, so that the scheduler finds few registers reused at once. */
const cheapColours = new Set(integerColours.slice(0, 10));
const floatColours = Array.from({ length: 16 }, (_, i) => F0 + i);
const MAX_ROUNDS = 30;

export interface AllocationOptions {
  /** Kept free (scratch registers of large frames). */
  readonly reserved?: readonly number[];
  /** Use few registers: callers keep values in the others. */
  readonly frugal?: boolean;
}

/** Replaces virtual registers by real ones. */
export function allocateRegisters(
  fn: MachineFunction,
  { reserved = [], frugal = false }: AllocationOptions = {},
): void {
  keepSavedRegisters(fn, reserved);
  /** Registers made by spilling live for an instruction or two; spilling them again would not end. */
  const fixed = new Set<number>();
  const { registers: tooMany, out } = overloaded(fn);
  let live = tooMany.length === 0 ? out : undefined;
  if (tooMany.length > 0)
    for (const reg of spill(
      fn,
      tooMany.map((reg) => [reg]),
    ))
      fixed.add(reg);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const limits: Limits = { fixed, reserved, frugal, eager: isSmall(fn) };
    let colouring = colour(fn, buildInterference(fn, live), limits);
    // Merging whatever does not interfere saves most moves, unless registers run out.
    if (limits.eager && colouring.spilled.length > 0)
      colouring = colour(fn, buildInterference(fn, live), { ...limits, eager: false });
    if (colouring.spilled.length === 0) {
      rewrite(fn, colouring);
      return;
    }
    for (const reg of spill(fn, colouring.spilled)) fixed.add(reg);
    live = undefined;
  }
  throw new Error(`internal: registers of ${fn.name} could not be allocated`);
}

function keepSavedRegisters(fn: MachineFunction, reserved: readonly number[]): void {
  const saved = calleeSaved.filter((reg) => !reserved.includes(reg));
  const copies = saved.map((reg) => ({ reg, copy: newRegister(fn, 'i') }));
  fn.blocks[0].insts.unshift(...copies.map(({ reg, copy }) => machineInst('mov', 'ds', [copy, reg])));
  for (const block of fn.blocks) {
    const end = terminatorOf(block);
    if (end.op !== 'ret') continue;
    const restore = copies.map(({ reg, copy }) => machineInst('mov', 'ds', [reg, copy]));
    block.insts.splice(block.insts.length - 1, 0, ...restore);
    end.uses = [...end.uses, ...saved];
  }
}

interface Colouring {
  readonly alias: Int32Array;
  /** By register; -1 for none. */
  readonly colours: Int32Array;
  /** Groups of registers that got no colour, each with all its members. */
  readonly spilled: number[][];
}

interface Work {
  readonly fn: MachineFunction;
  readonly graph: Interference;
  readonly alias: Int32Array;
  readonly available: (reg: number) => readonly number[];
}

function find({ alias }: Work, reg: number): number {
  let root = reg;
  while (alias[root] !== root) root = alias[root];
  for (let at = reg; alias[at] !== root; ) [alias[at], at] = [root, alias[at]];
  return root;
}

interface Limits {
  readonly fixed: ReadonlySet<number>;
  readonly reserved: readonly number[];
  readonly frugal: boolean;
  /** Merge the sides of moves although that may make registers hard to colour. */
  readonly eager: boolean;
}

/** Colouring twice is for functions of so many registers. */
const isSmall = (fn: MachineFunction) => fn.classes.length < 2000;

function colour(
  fn: MachineFunction,
  graph: Interference,
  { fixed, reserved, frugal, eager }: Limits,
): Colouring {
  const integers = integerColours.filter((reg) => !reserved.includes(reg));
  const work: Work = {
    fn,
    graph,
    alias: Int32Array.from({ length: graph.neighbours.length }, (_, i) => i),
    available: (reg) => (classOf(fn, reg) === 'f' ? floatColours : integers),
  };
  coalesce(work, fixed, eager);
  const order = simplifyOrder(work, fixed);
  const colours = Int32Array.from({ length: graph.degrees.length }, (_, reg) => (isReal(reg) ? reg : -1));
  const partners = movePartners(work);
  const failed = new Set<number>();
  let turn = 0;
  const used = new Set<number>();
  for (const reg of order.reverse()) {
    const found = pickColour(work, reg, colours, partners.get(reg) ?? [], turn++, frugal ? used : undefined);
    if (found === undefined) failed.add(reg);
    else {
      colours[reg] = found;
      used.add(found);
    }
  }
  return { alias: work.alias, colours, spilled: groupsOf(work, failed) };
}

const isReal = (reg: number) => reg < FIRST_VIRTUAL;

/** Merges the two sides of moves, most frequent first, where the result stays easy to colour. */
function coalesce(work: Work, fixed: ReadonlySet<number>, eager: boolean): void {
  let moves = [...work.graph.moves].sort((a, b) => b.weight - a.weight);
  const { degrees, edges } = work.graph;
  for (let changed = true; changed; ) {
    changed = false;
    // What was hard to colour may have become easier; what interferes will not stop doing so.
    const again: Move[] = [];
    for (const move of moves) {
      const a = find(work, move.to);
      const b = find(work, move.from);
      if (a === b || (isReal(a) && isReal(b)) || edges.has(a, b)) continue;
      const swap = isReal(b) || (!isReal(a) && degrees[b] > Math.max(degrees[a], MOST_NEIGHBOURS));
      const into = swap ? b : a;
      const gone = swap ? a : b;
      if (fixed.has(gone) || fixed.has(into)) continue;
      if (!(eager && !isReal(into)) && !canMerge(work, into, gone)) {
        again.push(move);
        continue;
      }
      merge(work, into, gone);
      changed = true;
    }
    moves = again;
  }
}

/** Beyond so many neighbours Briggs's test, which looks at all of them, is not made. */
const MOST_NEIGHBOURS = 400;

/** George's test against a real register, Briggs's or George's between two virtual ones. */
function canMerge(work: Work, into: number, gone: number): boolean {
  const { neighbours, degrees, edges } = work.graph;
  const colours = work.available(gone);
  if (isReal(into) && !colours.includes(into)) return false;
  const isHard = (reg: number) => isReal(reg) || degrees[reg] >= colours.length;
  if (isReal(into)) {
    for (const reg of neighbours[gone])
      if (isThere(work, reg) && isHard(reg) && !isReal(reg) && !edges.has(into, reg)) return false;
    return true;
  }
  if (degrees[into] > MOST_NEIGHBOURS) {
    for (const reg of neighbours[gone])
      if (isThere(work, reg) && isHard(reg) && !edges.has(into, reg)) return false;
    return true;
  }
  let hard = 0;
  for (const reg of neighbours[into])
    if (
      isThere(work, reg) &&
      (isReal(reg) || degrees[reg] - (edges.has(gone, reg) ? 1 : 0) >= colours.length)
    )
      hard++;
  for (const reg of neighbours[gone]) if (isThere(work, reg) && isHard(reg) && !edges.has(into, reg)) hard++;
  return hard < colours.length;
}

/** Whether a register has not been merged into another one. */
const isThere = ({ alias }: Work, reg: number) => alias[reg] === reg;

function merge(work: Work, into: number, gone: number): void {
  const { neighbours, degrees, edges, costs } = work.graph;
  work.alias[gone] = into;
  for (const reg of neighbours[gone]) {
    if (!isThere(work, reg)) continue;
    if (edges.add(into, reg)) {
      neighbours[reg].push(into);
      neighbours[into].push(reg);
      degrees[into]++;
    } else degrees[reg]--;
  }
  neighbours[gone] = [];
  degrees[gone] = 0;
  costs[into] += costs[gone];
}

/** The order in which registers leave the graph: easy ones first, then the cheapest to spill for its degree. */
function simplifyOrder(work: Work, fixed: ReadonlySet<number>): number[] {
  const { neighbours, costs } = work.graph;
  const degrees = new Map<number, number>();
  for (let reg = FIRST_VIRTUAL; reg < neighbours.length; reg++)
    if (isThere(work, reg) && costs[reg] > 0) degrees.set(reg, work.graph.degrees[reg]);
  const order: number[] = [];
  const easy: number[] = [];
  const isEasy = (reg: number) => (degrees.get(reg) as number) < work.available(reg).length;
  for (const reg of degrees.keys()) if (isEasy(reg)) easy.push(reg);
  const remove = (reg: number) => {
    order.push(reg);
    degrees.delete(reg);
    for (const other of neighbours[reg]) {
      const degree = degrees.get(other);
      if (degree === undefined) continue;
      degrees.set(other, degree - 1);
      if (degree === work.available(other).length) easy.push(other);
    }
  };
  const spillCost = (reg: number) => {
    if (fixed.has(reg)) return Number.POSITIVE_INFINITY;
    const cheap = work.fn.constants.has(reg) ? 0.4 : 1;
    return (costs[reg] * cheap) / (degrees.get(reg) as number);
  };
  const cheapest = cheapestFirst(spillCost, (reg) => degrees.has(reg));
  while (degrees.size > 0) {
    const next = easy.pop();
    if (next !== undefined) {
      if (degrees.has(next)) remove(next);
      continue;
    }
    remove(cheapest.next(degrees.keys(), degrees.size));
  }
  return order;
}

/** In graphs of so many registers the costs, which change with the degrees, are looked at again only now and then. */
const LARGE_GRAPH = 2000;
const PICKS = 100;

/** Picks the register that is cheapest to spill. */
function cheapestFirst(
  cost: (reg: number) => number,
  isLeft: (reg: number) => boolean,
): { next(regs: Iterable<number>, count: number): number } {
  let sorted: number[] = [];
  return {
    next(regs, count) {
      if (count < LARGE_GRAPH) {
        let best = -1;
        let bestCost = Number.POSITIVE_INFINITY;
        for (const reg of regs) {
          const found = cost(reg);
          if (best < 0 || found < bestCost) [best, bestCost] = [reg, found];
        }
        return best;
      }
      for (;;) {
        const reg = sorted.pop();
        if (reg !== undefined && isLeft(reg)) return reg;
        if (reg !== undefined) continue;
        const costs = new Map([...regs].map((left) => [left, cost(left)]));
        sorted = [...costs.keys()]
          .sort((a, b) => (costs.get(a) as number) - (costs.get(b) as number))
          .slice(0, PICKS)
          .reverse();
      }
    },
  };
}

/** What each register is copied from or to, for choosing equal colours where they could not be merged. */
function movePartners(work: Work): Map<number, number[]> {
  const partners = new Map<number, number[]>();
  const add = (reg: number, other: number) => partners.set(reg, [...(partners.get(reg) ?? []), other]);
  for (const { to, from } of work.graph.moves) {
    const [a, b] = [find(work, to), find(work, from)];
    if (a === b) continue;
    add(a, b);
    add(b, a);
  }
  return partners;
}

function pickColour(
  work: Work,
  reg: number,
  colours: Int32Array,
  partners: readonly number[],
  turn: number,
  used: ReadonlySet<number> | undefined,
): number | undefined {
  // Real registers are numbered below 32.
  let taken = 0;
  for (const other of work.graph.neighbours[reg]) {
    const found = colours[other];
    if (found >= 0 && isThere(work, other)) taken |= 1 << found;
  }
  let liked = 0;
  for (const partner of partners) {
    const found = colours[find(work, partner)];
    if (found >= 0) liked |= 1 << found;
  }
  const free = work.available(reg).filter((candidate) => ((taken >>> candidate) & 1) === 0);
  const best = liked === 0 ? undefined : free.find((candidate) => ((liked >>> candidate) & 1) !== 0);
  if (best !== undefined) return best;
  const cheap = free.filter((candidate) => candidate >= F0 || cheapColours.has(candidate));
  const again = used ? cheap.filter((candidate) => used.has(candidate)) : cheap;
  return again[turn % again.length] ?? cheap[0] ?? free[0];
}

function groupsOf(work: Work, failed: ReadonlySet<number>): number[][] {
  const groups = new Map<number, number[]>([...failed].map((reg) => [reg, []]));
  for (let reg = FIRST_VIRTUAL; reg < work.alias.length; reg++) groups.get(find(work, reg))?.push(reg);
  return [...groups.values()];
}

function rewrite(fn: MachineFunction, { alias, colours }: Colouring): void {
  const root = (reg: number): number => (alias[reg] === reg ? reg : root(alias[reg]));
  const colourOf = (reg: number) => (colours[reg] < 0 ? undefined : colours[reg]);
  for (const block of fn.blocks) {
    for (const inst of block.insts) {
      for (const operand of inst.operands)
        if (operand.kind === 'register' && operand.reg >= FIRST_VIRTUAL)
          operand.reg = colourOf(root(operand.reg)) ?? deadRegister(fn, operand.reg);
    }
    block.insts = block.insts.filter(
      (inst) => !isMove(inst) || moveOperands(inst)[0] !== moveOperands(inst)[1],
    );
  }
}

function deadRegister(fn: MachineFunction, reg: number): never {
  throw new Error(`internal: register ${reg} of ${fn.name} was not allocated`);
}
