/** Code as the translator reads it, ahead of its execution: bytes, decoded instructions, literals. */

import { instructionLength } from '../../xtensa/index.ts';
import { type Bus, BusFault, PAGE_SHIFT } from '../bus/index.ts';
import { decodeInstruction, type Instruction, straddles } from './decode.ts';
import { STRADDLE } from './timing.ts';
import type { Source } from './translate.ts';

export interface Code extends Source {
  /** Arena offset of code at `pc`, or -1. */
  offset(pc: number): number;
  /** Cycles that a transfer to `pc` costs because the instruction there crosses a fetch word. */
  straddle(pc: number): number;
  /** The instruction at `pc` is about to be executed: what the bus throws when it is read counts. */
  begin(pc: number): void;
}

export function createCode(bus: Bus, warnUnaligned: boolean): Code {
  const { memory } = bus;
  const { loadMap, view } = memory;
  /** Start of the region that is being translated. */
  let translating = 0;
  /** A region looks at its neighbours' instructions, too. */
  const decoded = new Map<number, Instruction>();
  memory.onInvalidate(() => decoded.clear());

  const offset = (pc: number): number => {
    if (bus.isExecutable && !bus.isExecutable(pc)) return -1;
    const delta = loadMap[pc >>> PAGE_SHIFT];
    if (delta !== 0) return (pc + delta) | 0;
    return bus.peek ? bus.peek(pc >>> 0) : -1;
  };
  const byteAt = (pc: number): number => {
    const at = offset(pc);
    return at === -1 ? -1 : view.getUint8(at);
  };
  const markCode = ({ pc, next }: Instruction) => {
    const first = offset(pc);
    const last = offset((next - 1) >>> 0);
    // Pages that lie side by side in the address space may not do so in the arena.
    if (last - first === next - 1 - pc) memory.markCode(first, next - pc);
    else for (let byte = pc; byte < next; byte++) memory.markCode(offset(byte), 1);
  };
  const read = (pc: number): Instruction | undefined => {
    if (byteAt(pc) < 0) return undefined;
    const instruction = decodeInstruction(pc, byteAt);
    if (byteAt((instruction.next - 1) >>> 0) < 0) return undefined;
    decoded.set(pc, instruction);
    // What is known must be forgotten when its bytes change.
    markCode(instruction);
    return instruction;
  };

  return {
    offset,
    decode(pc) {
      try {
        return decoded.get(pc) ?? read(pc);
      } catch (error) {
        // The translator looks ahead: what the bus says to that counts only where execution really is.
        if (error instanceof BusFault || pc !== translating) return undefined;
        throw error;
      }
    },
    constantOffset(address) {
      // A literal behind a cache costs time; one in instruction RAM does not, though only `peek` knows its place.
      if ((address & 3) !== 0 || bus.isCachedCode(address >>> 0)) return undefined;
      const at = offset(address);
      return at === -1 ? undefined : at;
    },
    isCached: (pc) => bus.isCachedCode(pc >>> 0),
    fetchLine: bus.fetchLine,
    warnUnaligned,
    straddle(pc) {
      if ((pc & 3) === 0) return 0;
      return straddles(pc, instructionLength(Math.max(byteAt(pc), 0))) ? STRADDLE : 0;
    },
    begin(pc) {
      translating = pc;
    },
  };
}
