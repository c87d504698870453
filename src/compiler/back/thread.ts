/**
 * Jump threading: a block that leaves a number in a register and jumps to where, a few instructions later, a branch or a switch
 * looks at it, gets a copy of those instructions without the question. State machines in a loop then go from state to state
 * instead of through their switch. Runs on virtual registers, which may be written in several places, so that a copy needs no thought.
 */
import {
  defsOf,
  isMove,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
  moveOperands,
  terminatorOf,
} from './machine.ts';

/** Instructions copied for one jump, branches on the way whose answer is not known, and copies in one function. */
const MOST_COPIED = 14;
const MOST_OPEN = 3;
const MOST_GROWTH = 400;

/** A stretch of the way: what is copied, and how it ends. */
interface Stretch {
  readonly from: MachineBlock;
  readonly insts: readonly MachineInst[];
  /** A branch whose answer is not known, and which of its ways is followed. */
  readonly open?: { readonly branch: MachineInst; readonly side: 0 | 1 };
}

interface Way {
  readonly stretches: readonly Stretch[];
  /** Where the last question that was answered leads. */
  readonly to: number;
  readonly answered: number;
}

type Numbers = Map<number, number>;

interface Walk {
  readonly fn: MachineFunction;
  readonly byId: ReadonlyMap<number, MachineBlock>;
  readonly before: ReadonlyMap<number, MachineBlock | undefined>;
  /** Headers of hardware loops, which are left as they are. */
  readonly counted: ReadonlySet<number>;
  /** The only ways into loops: constants of a loop are made there, so they are not passed by. */
  readonly preheaders: ReadonlySet<number>;
}

/** Whether anything changed. */
export function threadJumps(fn: MachineFunction): boolean {
  const byId = new Map(fn.blocks.map((block) => [block.id, block]));
  const counted = new Set(
    fn.blocks.map(terminatorOf).flatMap(({ op, targets }) => (op === 'loopback' ? [targets[0]] : [])),
  );
  const preheaders = new Set(fn.preheaders.values());
  const walk: Walk = { fn, byId, before: onlyPredecessors(fn), counted, preheaders };
  let nextId = Math.max(...byId.keys()) + 1;
  let growth = 0;
  const blocks: MachineBlock[] = [];
  for (const block of fn.blocks) {
    blocks.push(block);
    const end = terminatorOf(block);
    if (end.op !== 'j' || growth > MOST_GROWTH) continue;
    if (block.depth === 0 && !preheaders.has(block.id)) continue;
    if (counted.has(block.loop) || block.insts.some(({ op }) => op === 'loop')) continue;
    const way = follow(walk, end.targets[0], numbersBehind(walk, block), 0, 0, new Set([block.id]));
    if (!way || way.answered === 0) continue;
    const copies = copyWay(way, nextId);
    nextId += copies.length;
    growth += copies.reduce((sum, { insts }) => sum + insts.length, 0);
    end.targets = [copies[0].id];
    blocks.push(...copies);
  }
  if (growth === 0) return false;
  fn.blocks = blocks;
  dropUnreachable(fn);
  return true;
}

/** By block, the only block that leads to it. */
function onlyPredecessors(fn: MachineFunction): ReadonlyMap<number, MachineBlock | undefined> {
  const before = new Map<number, MachineBlock | undefined>();
  for (const block of fn.blocks)
    for (const id of terminatorOf(block).targets) before.set(id, before.has(id) ? undefined : block);
  return before;
}

/** Blocks looked back for numbers. */
const MOST_BEFORE = 4;

/** Registers with known numbers behind a block. */
function numbersBehind(walk: Walk, block: MachineBlock): Numbers {
  const numbers: Numbers = new Map();
  const way = [block];
  for (let at = walk.before.get(block.id); at && way.length < MOST_BEFORE; at = walk.before.get(at.id))
    way.unshift(at);
  for (const { insts } of way) for (const inst of insts) note(walk, numbers, inst);
  return numbers;
}

function note(walk: Walk, numbers: Numbers, inst: MachineInst): void {
  const [to, from] = inst.operands;
  const value =
    inst.op === 'movi' && from.kind === 'immediate'
      ? from.value
      : isMove(inst)
        ? numberIn(walk, numbers, moveOperands(inst)[1])
        : undefined;
  for (const reg of defsOf(inst)) numbers.delete(reg);
  if (value !== undefined && to.kind === 'register') numbers.set(to.reg, value);
}

function numberIn({ fn }: Walk, numbers: Numbers, reg: number): number | undefined {
  const constant = fn.constants.get(reg);
  return constant && !constant.symbol ? constant.imm : numbers.get(reg);
}

/** The way from a block on that answers most questions with what is known. */
function follow(
  walk: Walk,
  id: number,
  known: Numbers,
  size: number,
  open: number,
  seen: ReadonlySet<number>,
): Way | undefined {
  const block = walk.byId.get(id);
  if (!block || seen.has(id) || walk.preheaders.has(id) || walk.counted.has(block.loop)) return undefined;
  const end = terminatorOf(block);
  const question = block.insts.findIndex(({ op }) => op === 'switch.limit');
  const body = block.insts.slice(0, question >= 0 ? question : -1);
  // Moves mostly go away when registers are allocated.
  const length = size + body.filter((inst) => !isMove(inst)).length;
  if (length > MOST_COPIED || body.some(isBound)) return undefined;
  const numbers = new Map(known);
  for (const inst of body) note(walk, numbers, inst);
  const here: Stretch = { from: block, insts: body };
  const onward = new Set([...seen, id]);
  const go = (to: number, answered: number): Way | undefined => {
    const rest = follow(walk, to, numbers, length, open, onward);
    if (rest && rest.answered > 0)
      return { stretches: [here, ...rest.stretches], to: rest.to, answered: rest.answered + answered };
    return answered > 0 ? { stretches: [here], to, answered } : undefined;
  };
  if (question >= 0) {
    const index = numberOf(walk, numbers, block.insts[question], 0);
    if (index === undefined) return undefined;
    return go(end.targets[Math.min(index >>> 0, end.targets.length - 1)], 1);
  }
  if (end.op === 'j') return go(end.targets[0], 0);
  if (end.targets.length !== 2) return undefined;
  const answer = answerOf(walk, numbers, end);
  if (answer !== undefined) return go(end.targets[answer ? 0 : 1], 1);
  if (open === MOST_OPEN || !(end.op in conditions || end.op === 'bt' || end.op === 'bf')) return undefined;
  let best: Way | undefined;
  for (const side of [1, 0] as const) {
    const rest = follow(walk, end.targets[side], numbers, length + 1, open + 1, onward);
    if (!rest || rest.answered <= (best?.answered ?? 0)) continue;
    const stretch: Stretch = { from: block, insts: body, open: { branch: end, side } };
    best = { ...rest, stretches: [stretch, ...rest.stretches] };
  }
  return best;
}

/** Not to be copied: calls, set-up and ends of hardware loops. */
const isBound = ({ op }: MachineInst) =>
  op.startsWith('call') || op === 'loop' || op === 'loopback' || op === 'trap';

function numberOf(walk: Walk, numbers: Numbers, inst: MachineInst, operand: number): number | undefined {
  const found = inst.operands[operand];
  if (found?.kind === 'immediate') return found.value;
  return found?.kind === 'register' ? numberIn(walk, numbers, found.reg) : undefined;
}

type Condition = (a: number, b: number) => boolean;

const comparisons: Readonly<Record<string, Condition>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  ge: (a, b) => a >= b,
};
const unsigned: Readonly<Record<string, Condition>> = {
  ltu: (a, b) => a >>> 0 < b >>> 0,
  geu: (a, b) => a >>> 0 >= b >>> 0,
};

/** By branch; those with z have one operand. */
const conditions: Readonly<Record<string, Condition>> = Object.fromEntries([
  ...Object.entries({ ...comparisons, ...unsigned }).flatMap(([name, holds]) => [
    [`b${name}`, holds],
    [`b${name.replace('u', '')}${name.endsWith('u') ? 'u' : ''}i`, holds],
  ]),
  ...Object.entries(comparisons).map(([name, holds]) => [`b${name}z`, (a: number) => holds(a, 0)]),
]);

function answerOf(walk: Walk, numbers: Numbers, branch: MachineInst): boolean | undefined {
  const holds = conditions[branch.op];
  if (!holds) return undefined;
  const a = numberOf(walk, numbers, branch, 0);
  const b = branch.op.endsWith('z') ? 0 : numberOf(walk, numbers, branch, 1);
  return a === undefined || b === undefined ? undefined : holds(a | 0, b | 0);
}

/** The blocks of a copied way; the first one is where the jump now goes. */
function copyWay({ stretches, to }: Way, firstId: number): MachineBlock[] {
  const blocks: MachineBlock[] = [];
  let insts: MachineInst[] = [];
  const close = (from: MachineBlock, end: MachineInst) => {
    blocks.push({ id: firstId + blocks.length, insts: [...insts, end], depth: from.depth, loop: from.loop });
    insts = [];
  };
  for (const { from, insts: copied, open } of stretches) {
    insts.push(...copied.map(copyInst));
    if (!open) continue;
    const end = copyInst(open.branch);
    end.targets[open.side] = firstId + blocks.length + 1;
    close(from, end);
  }
  const { from } = stretches[stretches.length - 1];
  close(from, {
    op: 'j',
    operands: [],
    uses: [],
    defs: [],
    targets: [to],
    trap: 0,
    at: terminatorOf(from).at,
  });
  return blocks;
}

function copyInst(inst: MachineInst): MachineInst {
  return { ...inst, operands: inst.operands.map((operand) => ({ ...operand })), targets: [...inst.targets] };
}

function dropUnreachable(fn: MachineFunction): void {
  const byId = new Map(fn.blocks.map((block) => [block.id, block]));
  const reached = new Set([fn.blocks[0].id]);
  const work = [fn.blocks[0]];
  for (let block = work.pop(); block; block = work.pop())
    for (const id of terminatorOf(block).targets) {
      const next = byId.get(id);
      if (!next || reached.has(id)) continue;
      reached.add(id);
      work.push(next);
    }
  fn.blocks = fn.blocks.filter(({ id }) => reached.has(id));
}
