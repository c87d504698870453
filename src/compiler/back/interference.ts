/** The interference graph: which registers must not be the same. */
import { addLive, clearLive, createLiveSet, removeLive } from './live-set.ts';
import { isTracked, liveOut } from './liveness.ts';
import {
  classOf,
  defsOf,
  FIRST_VIRTUAL,
  isMove,
  type MachineFunction,
  moveOperands,
  usesOf,
} from './machine.ts';

export interface Move {
  readonly to: number;
  readonly from: number;
  /** How often it runs, guessed from the loops around it. */
  readonly weight: number;
}

export interface Interference {
  readonly neighbours: Set<number>[];
  readonly moves: Move[];
  /** Cost of keeping each register in memory instead. */
  readonly costs: Float64Array;
}

/** How often code at a loop depth runs, relative to code outside loops. */
export function frequency(depth: number): number {
  return 8 ** Math.min(depth, 6);
}

export function buildInterference(fn: MachineFunction): Interference {
  const size = FIRST_VIRTUAL + fn.classes.length;
  const neighbours = Array.from({ length: size }, () => new Set<number>());
  const moves: Move[] = [];
  const costs = new Float64Array(size);
  const out = liveOut(fn);
  const live = createLiveSet(size);
  const isFloat = Uint8Array.from({ length: size }, (_, reg) => (classOf(fn, reg) === 'f' ? 1 : 0));
  const connect = (a: number, b: number) => {
    if (a === b || isFloat[a] !== isFloat[b]) return;
    neighbours[a].add(b);
    neighbours[b].add(a);
  };
  for (const block of fn.blocks) {
    const weight = frequency(block.depth);
    // A block of nothing but moves goes away with them, and with it a jump.
    const edgeFactor = block.insts.slice(0, -1).every(isMove) ? 4 : 1;
    clearLive(live);
    for (const reg of out.get(block.id) ?? []) addLive(live, reg);
    for (let i = block.insts.length - 1; i >= 0; i--) {
      const inst = block.insts[i];
      const [defs, uses] = [defsOf(inst).filter(isTracked), usesOf(inst).filter(isTracked)];
      const move = isMove(inst) ? moveOperands(inst) : undefined;
      if (move) moves.push({ to: move[0], from: move[1], weight: weight * edgeFactor });
      for (const def of defs) {
        // The two sides of a move may share a register even while both live: they hold the same value.
        for (let k = 0; k < live.count; k++) if (live.list[k] !== move?.[1]) connect(def, live.list[k]);
        for (const other of defs) connect(def, other);
      }
      for (const reg of defs) {
        removeLive(live, reg);
        costs[reg] += weight;
      }
      for (const reg of uses) {
        addLive(live, reg);
        costs[reg] += weight;
      }
    }
  }
  return { neighbours, moves, costs };
}
