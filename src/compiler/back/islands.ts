/**
 * Branches that reach 128 bytes, to places further away: the assembler turns them round and jumps, which makes the usual way the
 * taken one. Where a branch is seldom taken it goes to a jump of its own instead, in a place nearby that nothing runs through.
 */
import { frequency } from './interference.ts';
import { type MachineBlock, type MachineInst, terminatorOf } from './machine.ts';
import { inverseBranch } from './select-branch.ts';

/** Where an island stands: behind the block, in order; it jumps to a block, or to a trap. */
export interface Island {
  readonly behind: number;
  readonly to: { readonly block: number } | { readonly trap: number };
}

/** Less than a branch's reach, as sizes are guessed. */
const REACH = 100;
/** From here on a branch will be out of reach. */
const FAR = 124;
const JUMP_BYTES = 3;

/** Conditions that seldom hold. */
const unlikely = new Set(['beq', 'beqi', 'ball', 'bt']);
/** They reach 2 KB. */
const farReaching = new Set(['beqz', 'bnez', 'bltz', 'bgez']);

/** The island that a branch goes to. `order`: the blocks as they will stand. */
export function planIslands(order: readonly MachineBlock[]): Map<MachineInst, Island> {
  const plan = new Map<MachineInst, Island>();
  const starts: number[] = [];
  let end = 0;
  for (const block of order) {
    starts.push(end);
    end += block.insts.reduce((sum, inst) => sum + usualBytes(inst), 0);
  }
  if (end < FAR) return plan;
  const index = new Map(order.map(({ id }, i) => [id, i]));
  const spots = deadEnds(order, index);
  const islands: Island[] = [];
  const islandAt = ({ behind }: Island) => starts[behind + 1] ?? end;
  order.forEach((block, i) => {
    let at = starts[i];
    for (const inst of block.insts) {
      at += usualBytes(inst);
      const to = seldomTaken(inst, block, order, i, index);
      if (!to) continue;
      const target = 'trap' in to ? end : starts[index.get(to.block) as number];
      if (Math.abs(target - at) < FAR) continue;
      const isNear = (place: number) => Math.abs(place - at) < REACH;
      let island = islands.find((known) => sameTarget(known.to, to) && isNear(islandAt(known)));
      if (!island) {
        const behind = nearest(spots, at, (spot) => starts[spot + 1] ?? end, REACH);
        if (behind === undefined) continue;
        island = { behind, to };
        islands.push(island);
      }
      plan.set(inst, island);
    }
  });
  return plan;
}

function sameTarget(a: Island['to'], b: Island['to']): boolean {
  if ('trap' in a) return 'trap' in b && a.trap === b.trap;
  return 'block' in b && a.block === b.block;
}

function nearest(
  spots: readonly number[],
  at: number,
  place: (spot: number) => number,
  reach: number,
): number | undefined {
  let best: number | undefined;
  let bestDistance = reach;
  for (const spot of spots) {
    const distance = Math.abs(place(spot) - at);
    if (distance < bestDistance) [best, bestDistance] = [spot, distance];
  }
  return best;
}

/** Blocks that nothing runs on behind, outside hardware loops. */
function deadEnds(order: readonly MachineBlock[], index: ReadonlyMap<number, number>): number[] {
  const inHardware = new Set<number>();
  order.forEach((block, i) => {
    const end = terminatorOf(block);
    if (end.op !== 'loopback') return;
    for (let k = index.get(end.targets[0]) as number; k < i; k++) inHardware.add(k);
  });
  return [...order.keys()].filter((i) => {
    if (inHardware.has(i)) return false;
    const end = terminatorOf(order[i]);
    const next = order[i + 1]?.id;
    if (end.op === 'ret' || end.op === 'jx' || end.op === 'trap') return true;
    return end.op !== 'loopback' && !end.targets.includes(next);
  });
}

/** Where a branch leads that will be there, and is seldom taken. */
function seldomTaken(
  inst: MachineInst,
  block: MachineBlock,
  order: readonly MachineBlock[],
  i: number,
  index: ReadonlyMap<number, number>,
): Island['to'] | undefined {
  if (inst.trap && inst.op !== 'trap') return farReaching.has(inst.op) ? undefined : { trap: inst.trap };
  if (inst.op === 'switch.limit') return { block: terminatorOf(block).targets.at(-1) as number };
  if (inst !== terminatorOf(block) || inst.targets.length !== 2 || !(inst.op in inverseBranch))
    return undefined;
  const [taken, fall] = inst.targets;
  const next = order[i + 1]?.id;
  if (farReaching.has(inst.op) || taken === fall) return undefined;
  const turned = taken === next;
  const to = turned ? fall : taken;
  const op = turned ? inverseBranch[inst.op] : inst.op;
  const target = order[index.get(to) as number];
  const leaves = frequency(target.depth) < frequency(block.depth);
  const other = order[index.get(turned ? taken : fall) as number];
  return leaves || (unlikely.has(op) && target.depth <= other.depth) ? { block: to } : undefined;
}

const narrowLoads = new Set(['l32i', 's32i']);

/** Bytes of an instruction as it will most likely be. */
function usualBytes({ op, operands, targets }: MachineInst): number {
  if (op === 'j' || targets.length > 1) return JUMP_BYTES;
  const value = operands.at(-1);
  const number =
    value?.kind === 'immediate' ? value.value : value?.kind === 'frame' ? value.offset : undefined;
  if (op === 'mov' || op === 'add' || op === 'ret') return 2;
  if (op === 'movi' && number !== undefined) return number >= -32 && number <= 95 ? 2 : 3;
  if (op === 'addi' && number !== undefined) return number === -1 || (number >= 1 && number <= 15) ? 2 : 3;
  if (narrowLoads.has(op) && number !== undefined) return number <= 60 ? 2 : 3;
  return 3;
}
