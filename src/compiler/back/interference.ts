/** The interference graph: which registers must not be the same. */
import { addLive, clearLive, createLiveSet, removeLive } from './live-set.ts';
import { isTracked, type Live, liveOut } from './liveness.ts';
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
  /** What each register was found to interfere with; those that were merged into others since are still in it. */
  readonly neighbours: number[][];
  /** Number of neighbours that were not merged into others. */
  readonly degrees: Int32Array;
  readonly edges: EdgeSet;
  readonly moves: Move[];
  /** Cost of keeping each register in memory instead. */
  readonly costs: Float64Array;
}

/** Pairs of registers, in no order. */
export interface EdgeSet {
  has(a: number, b: number): boolean;
  /** Whether the pair is a new one. */
  add(a: number, b: number): boolean;
}

/** Up to so many registers a bit for every pair takes less than a table of those that are there: 128 KB at most. */
const MOST_IN_BITS = 1024;

const createEdgeSet = (registers: number): EdgeSet =>
  registers <= MOST_IN_BITS ? createEdgeBits(registers) : createEdgeTable(registers);

function createEdgeBits(registers: number): EdgeSet {
  const bits = new Int32Array((registers * registers + 31) >>> 5);
  const placeOf = (a: number, b: number) => (a < b ? a * registers + b : b * registers + a);
  return {
    has(a, b) {
      const place = placeOf(a, b);
      return (bits[place >>> 5] & (1 << (place & 31))) !== 0;
    },
    add(a, b) {
      const place = placeOf(a, b);
      const bit = 1 << (place & 31);
      if ((bits[place >>> 5] & bit) !== 0) return false;
      bits[place >>> 5] |= bit;
      return true;
    },
  };
}

/** A hash table, open addressing: far smaller and faster than a set for each register. */
function createEdgeTable(registers: number): EdgeSet {
  let keys = new Float64Array(1024).fill(-1);
  let count = 0;
  const place = (table: Float64Array, key: number, hash: number) => {
    let at = hash & (table.length - 1);
    while (table[at] !== -1 && table[at] !== key) at = (at + 1) & (table.length - 1);
    return at;
  };
  const hashOf = (low: number, high: number) => {
    const mixed = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b);
    return mixed ^ (mixed >>> 15);
  };
  const grow = () => {
    const larger = new Float64Array(4 * keys.length).fill(-1);
    for (const key of keys) {
      if (key === -1) continue;
      const low = Math.floor(key / registers);
      larger[place(larger, key, hashOf(low, key - low * registers))] = key;
    }
    keys = larger;
  };
  return {
    has(a, b) {
      const low = a < b ? a : b;
      const high = a < b ? b : a;
      const key = low * registers + high;
      return keys[place(keys, key, hashOf(low, high))] === key;
    },
    add(a, b) {
      const low = a < b ? a : b;
      const high = a < b ? b : a;
      const key = low * registers + high;
      const at = place(keys, key, hashOf(low, high));
      if (keys[at] === key) return false;
      keys[at] = key;
      if (++count * 2 > keys.length) grow();
      return true;
    },
  };
}

/** How often code at a loop depth runs, relative to code outside loops. */
export function frequency(depth: number): number {
  return 8 ** Math.min(depth, 6);
}

/** `out`: what is alive at the ends of the blocks, where that is known already. */
export function buildInterference(fn: MachineFunction, out: Live = liveOut(fn)): Interference {
  const size = FIRST_VIRTUAL + fn.classes.length;
  const neighbours = Array.from({ length: size }, (): number[] => []);
  const degrees = new Int32Array(size);
  const edges = createEdgeSet(size);
  const moves: Move[] = [];
  const costs = new Float64Array(size);
  const live = createLiveSet(size);
  const isFloat = Uint8Array.from({ length: size }, (_, reg) => (classOf(fn, reg) === 'f' ? 1 : 0));
  const connect = (a: number, b: number) => {
    if (a === b || isFloat[a] !== isFloat[b] || !edges.add(a, b)) return;
    neighbours[a].push(b);
    neighbours[b].push(a);
    degrees[a]++;
    degrees[b]++;
  };
  for (const block of fn.blocks) {
    const weight = frequency(block.depth);
    // A block of nothing but moves goes away with them, and with it a jump.
    const last = block.insts.length - 1;
    const edgeFactor = block.insts.every((inst, i) => i === last || isMove(inst)) ? 4 : 1;
    clearLive(live);
    for (const reg of out.get(block.id) ?? []) addLive(live, reg);
    for (let i = block.insts.length - 1; i >= 0; i--) {
      const inst = block.insts[i];
      const defs = defsOf(inst).filter(isTracked);
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
      for (const reg of usesOf(inst)) {
        if (!isTracked(reg)) continue;
        addLive(live, reg);
        costs[reg] += weight;
      }
    }
  }
  return { neighbours, degrees, edges, moves, costs };
}
