/**
 * Finds the code that belongs together: from one entry, everything reachable by branches and jumps, up to a limit,
 * cut into basic blocks.
 */
import type { Instruction } from './decode.ts';

/** Where control may go inside a region after an instruction. */
export interface Flow {
  /** Address of the branch or jump target, or of the end of a skipped loop. */
  readonly target: number | undefined;
  /** Execution may run on to the next instruction. */
  readonly fallsThrough: boolean;
  /** A loop instruction: address behind the last instruction of the body. */
  readonly loopEnd: number | undefined;
  /** Must be the first instruction of a region. */
  readonly mustBeFirst: boolean;
}

export interface Block {
  readonly start: number;
  readonly instructions: readonly Instruction[];
  /** Address behind the last instruction. */
  readonly end: number;
}

export interface Region {
  readonly entry: number;
  readonly blocks: ReadonlyMap<number, Block>;
  /** Loop ends reached by running on: address to the address where the body starts (where known). */
  readonly loops: ReadonlyMap<number, number>;
}

/** LBEG and LEND of a hardware loop that is running as a region is entered. */
export interface ActiveLoop {
  readonly begin: number;
  readonly end: number;
}

export interface GraphLimits {
  readonly instructions: number;
}

/**
 * @param decode the instruction at an address, or undefined when it cannot be fetched
 * @param flowOf how an instruction passes control on
 */
export function findRegion(
  entry: number,
  decode: (pc: number) => Instruction | undefined,
  flowOf: (instruction: Instruction) => Flow,
  activeLoop: ActiveLoop | undefined,
  limits: GraphLimits,
): Region {
  const instructions = new Map<number, Instruction>();
  const leaders = new Set([entry]);
  const loops = new Map<number, number>();
  const pending = [entry];
  if (activeLoop) loops.set(activeLoop.end, activeLoop.begin);

  const visit = (from: number) => {
    for (let pc = from; instructions.size < limits.instructions; ) {
      if (instructions.has(pc)) return;
      const instruction = decode(pc);
      if (!instruction) return;
      const flow = flowOf(instruction);
      if (flow.mustBeFirst && pc !== entry) return;
      instructions.set(pc, instruction);
      if (flow.loopEnd !== undefined) {
        loops.set(flow.loopEnd, instruction.next);
        leaders.add(instruction.next);
        leaders.add(flow.loopEnd);
      }
      if (flow.target !== undefined) {
        leaders.add(flow.target);
        pending.push(flow.target);
      }
      if (flow.target !== undefined || !flow.fallsThrough) leaders.add(instruction.next);
      if (!flow.fallsThrough) return;
      pc = instruction.next;
    }
  };
  while (pending.length > 0 && instructions.size < limits.instructions) visit(pending.shift()!);

  if (activeLoop) {
    leaders.add(activeLoop.end);
    leaders.add(activeLoop.begin);
    visit(activeLoop.begin);
  }

  const blocks = new Map<number, Block>();
  for (const start of leaders) {
    const run: Instruction[] = [];
    let pc = start;
    for (let next = instructions.get(pc); next; next = instructions.get(pc)) {
      run.push(next);
      pc = next.next;
      if (leaders.has(pc) || loops.has(pc) || !flowOf(next).fallsThrough || flowOf(next).target !== undefined)
        break;
    }
    if (run.length > 0) blocks.set(start, { start, instructions: run, end: pc });
  }
  return { entry, blocks, loops };
}
