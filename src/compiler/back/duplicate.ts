/**
 * A jump to a few instructions that end with another jump, or with a branch, costs more than a copy of them: in loops the copy takes
 * the jump's place. Runs on real registers, where a copy needs no thought.
 */
import { type MachineBlock, type MachineFunction, type MachineInst, terminatorOf } from './machine.ts';

/** Instructions copied at most, besides the last one; outside loops only what returns at once. */
const MOST_COPIED = 4;
const MOST_OUTSIDE = 2;
/** Copies of copies come to an end. */
const ROUNDS = 2;

const bound = new Set(['loop', 'loopback', 'switch.limit', 'trap', 'jx']);

export function duplicateTails(fn: MachineFunction): void {
  for (let round = 0; round < ROUNDS; round++) {
    const byId = new Map(fn.blocks.map((block) => [block.id, block]));
    const counted = new Set(
      fn.blocks.flatMap((block) =>
        terminatorOf(block).op === 'loopback' ? [terminatorOf(block).targets[0]] : [],
      ),
    );
    let changed = false;
    fn.blocks.forEach((block, i) => {
      const end = terminatorOf(block);
      if (end.op !== 'j') return;
      const target = byId.get(end.targets[0]) as MachineBlock;
      // The loop hardware reaches 256 bytes, and sets out from one place.
      if (counted.has(block.loop) || counted.has(target.loop) || block.insts.some(({ op }) => op === 'loop'))
        return;
      if (target === fn.blocks[i + 1] || target === block || !isWorthIt(block, target)) return;
      block.insts = [...block.insts.slice(0, -1), ...target.insts.map(copy)];
      changed = true;
    });
    if (!changed) return;
  }
}

function isWorthIt(block: MachineBlock, { insts }: MachineBlock): boolean {
  const end = insts[insts.length - 1];
  if (insts.some(({ op }) => bound.has(op))) return false;
  if (block.depth > 0) return insts.length - 1 <= MOST_COPIED;
  return end.op === 'ret' && insts.length - 1 <= MOST_OUTSIDE;
}

function copy(inst: MachineInst): MachineInst {
  return { ...inst, operands: inst.operands.map((operand) => ({ ...operand })), targets: [...inst.targets] };
}
