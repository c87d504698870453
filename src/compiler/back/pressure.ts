/**
 * Functions with far more values than registers: those that wait longest for their cheapest uses go to memory before a
 * graph is built, which would grow with the square of what is alive at once.
 */
import { frequency } from './interference.ts';
import { addLive, clearLive, createLiveSet, type LiveSet, removeLive } from './live-set.ts';
import { isTracked, type Live, liveOut } from './liveness.ts';
import {
  classOf,
  defsOf,
  FIRST_VIRTUAL,
  type MachineBlock,
  type MachineFunction,
  usesOf,
} from './machine.ts';

/** Registers of a class alive at once; the graph colouring itself does well with up to a few times what there are. */
const LIMIT = 40;
/** Registers beyond that. */
const FAR_TOO_MANY = 100;

interface Values {
  /** How often each register is read or written, by the loops around it. */
  readonly costs: Float64Array;
  /** For how many instructions it lives, to the nearest block. */
  readonly spans: Float64Array;
}

/**
 * Registers to keep in memory, so that nowhere more than `LIMIT` of a class are alive; and what is alive at the ends of
 * the blocks as they are.
 */
export function overloaded(fn: MachineFunction): { readonly registers: number[]; readonly out: Live } {
  const size = FIRST_VIRTUAL + fn.classes.length;
  const isFloat = Uint8Array.from({ length: size }, (_, reg) => (classOf(fn, reg) === 'f' ? 1 : 0));
  const out = liveOut(fn);
  const live = createLiveSet(size);
  const counts = [0, 0];
  const add = (reg: number) => {
    if (live.place[reg] === 0) counts[isFloat[reg]]++;
    addLive(live, reg);
  };
  const drop = (reg: number) => {
    if (live.place[reg] !== 0) counts[isFloat[reg]]--;
    removeLive(live, reg);
  };
  /** Walks a block from its end; `visit` is told what is alive before each instruction. */
  const walk = (
    block: MachineBlock,
    kept: (reg: number) => boolean,
    visit: (used: readonly number[]) => void,
  ) => {
    clearLive(live);
    counts.fill(0);
    for (const reg of out.get(block.id) ?? []) if (kept(reg)) add(reg);
    for (let i = block.insts.length - 1; i >= 0; i--) {
      const inst = block.insts[i];
      const [defs, uses] = [defsOf(inst), usesOf(inst)];
      for (const reg of defs) drop(reg);
      for (const reg of uses) if (isTracked(reg) && kept(reg)) add(reg);
      visit(uses);
    }
  };
  let most = 0;
  for (const block of fn.blocks)
    walk(
      block,
      () => true,
      () => {
        most = Math.max(most, counts[0], counts[1]);
      },
    );
  if (most <= LIMIT) return { registers: [], out };
  const values = valueOfKeeping(fn, size, out);
  const spilled = new Set<number>();
  for (const block of [...fn.blocks].sort((a, b) => b.depth - a.depth))
    walk(
      block,
      (reg) => !spilled.has(reg),
      (used) => {
        for (const type of [0, 1]) {
          const mayGo = (reg: number) => isFloat[reg] === type && !used.includes(reg);
          while (counts[type] > LIMIT) {
            const regs = cheapest(live, values, mayGo, counts[type] - LIMIT);
            if (regs.length === 0) break;
            for (const reg of regs) {
              spilled.add(reg);
              drop(reg);
            }
          }
        }
      },
    );
  return { registers: [...spilled], out };
}

function valueOfKeeping(fn: MachineFunction, size: number, out: Live): Values {
  const costs = new Float64Array(size);
  const spans = new Float64Array(size).fill(1);
  for (const block of fn.blocks) {
    const weight = frequency(block.depth);
    for (const reg of out.get(block.id) ?? []) spans[reg] += block.insts.length;
    for (const inst of block.insts) {
      for (const reg of usesOf(inst)) costs[reg] += weight;
      for (const reg of defsOf(inst)) costs[reg] += weight;
    }
  }
  return { costs, spans };
}

/** One that costs least; where far too many are alive, as many as that at once, since each look is at all of them. */
function cheapest(
  live: LiveSet,
  { costs, spans }: Values,
  mayGo: (reg: number) => boolean,
  excess: number,
): number[] {
  const all = live.list.subarray(0, live.count);
  if (excess > FAR_TOO_MANY) {
    const candidates = [...all].filter((reg) => reg >= FIRST_VIRTUAL && mayGo(reg));
    return candidates.sort((a, b) => costs[a] / spans[a] - costs[b] / spans[b]).slice(0, excess);
  }
  let best = -1;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const reg of all) {
    if (reg < FIRST_VIRTUAL || !mayGo(reg)) continue;
    const cost = costs[reg] / spans[reg];
    if (cost < bestCost) [best, bestCost] = [reg, cost];
  }
  return best < 0 ? [] : [best];
}
