/**
 * How large code will be at most, and what that means: an unconditional jump reaches 128 KB, a load from a literal pool
 * 256 KB back. Functions beyond that get islands of literals and traps in their middle and jump through a register.
 */

import type { MachineBlock, MachineFunction, MachineInst } from './machine.ts';
import { isLiteral } from './schedule.ts';

/** What a jump is trusted to reach: j reaches 131,068 bytes, padding and alignment take some. */
const COMFORTABLE_REACH = 120_000;
/** Code between two islands. */
export const ISLAND_DISTANCE = 50_000;

/** Upper bound of an instruction's size: branches may need a jump, far places in the frame an address. */
export function mostBytes({ op, operands, targets, trap }: MachineInst, frameAccess: number): number {
  if (trap || targets.length > 1 || op === 'j') return 6;
  return operands.some(({ kind }) => kind === 'frame') ? frameAccess : 3;
}

/** In a far function a literal stands near its use, and a jump is a literal, its load and the jump itself. */
export function mostBytesFar(inst: MachineInst): number {
  return mostBytes(inst, 9) + (isLiteral(inst) ? 4 : inst.targets.length > 0 ? 14 : 0);
}

/** Whether jumps of the function may be too long for one instruction. */
export function isFar(fn: MachineFunction): boolean {
  return sizeOf(fn.blocks) > COMFORTABLE_REACH;
}

function sizeOf(blocks: readonly MachineBlock[]): number {
  return blocks.reduce((sum, block) => sum + blockSize(block), 0);
}

const blockSize = ({ insts }: MachineBlock) => insts.reduce((sum, inst) => sum + mostBytesFar(inst), 0);

/** Whether a jump from the end of one block to the beginning of another is certain to reach. */
export function createReach(blocks: readonly MachineBlock[]): (from: number, to: number) => boolean {
  const starts = new Map<number, number>();
  const ends = new Map<number, number>();
  let at = 0;
  for (const block of blocks) {
    starts.set(block.id, at);
    at += blockSize(block);
    ends.set(block.id, at);
  }
  if (at <= COMFORTABLE_REACH) return () => true;
  return (from, to) =>
    Math.abs((starts.get(to) as number) - (ends.get(from) as number)) + ISLAND_BYTES < COMFORTABLE_REACH;
}

/** Traps, jump and padding of the islands on the way, at most. */
const ISLAND_BYTES = 1000;
