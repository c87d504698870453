/** Which registers hold a value that is still wanted, at the end and at the beginning of each block. */
import { B0, defsOf, FIRST_VIRTUAL, type MachineFunction, SP, successors, usesOf } from './machine.ts';

/** The stack pointer, b0 and SAR are not allocated and need no liveness. */
export function isTracked(reg: number): boolean {
  return reg !== SP && (reg < B0 || reg >= FIRST_VIRTUAL);
}

/** Registers by block id. */
export type Live = ReadonlyMap<number, readonly number[]>;

/** Registers live at the end of each block. */
export function liveOut(fn: MachineFunction): Live {
  const { out, registers } = flow(fn);
  return membersOf(fn, out, registers);
}

/** Registers live at the beginning of each block. */
export function liveIn(fn: MachineFunction): Live {
  const { inputs, registers } = flow(fn);
  return membersOf(fn, inputs, registers);
}

type Bits = Uint32Array;

/**
 * The usual equations, by work list. Bits are given only to registers that some block reads before it writes them: most
 * live and die within one block.
 */
function flow(fn: MachineFunction): { inputs: Bits[]; out: Bits[]; registers: number[] } {
  const size = FIRST_VIRTUAL + fn.classes.length;
  const bitOf = new Int32Array(size).fill(-1);
  const registers: number[] = [];
  /** The block, counted from 1, that defined each register last. */
  const definedIn = new Int32Array(size);
  const exposed = fn.blocks.map((block, i) => {
    const defined: number[] = [];
    const used: number[] = [];
    for (const inst of block.insts) {
      for (const reg of usesOf(inst)) {
        if (definedIn[reg] === i + 1) continue;
        if (bitOf[reg] < 0) bitOf[reg] = registers.push(reg) - 1;
        used.push(bitOf[reg]);
      }
      for (const reg of defsOf(inst)) {
        if (definedIn[reg] !== i + 1) defined.push(reg);
        definedIn[reg] = i + 1;
      }
    }
    return { used, defined };
  });
  const words = (registers.length + 31) >>> 5;
  const empty = () => {
    const all = new Uint32Array(words * fn.blocks.length);
    return fn.blocks.map((_, i) => all.subarray(words * i, words * (i + 1)));
  };
  const [kept, inputs, out] = [empty(), empty(), empty()];
  exposed.forEach(({ used, defined }, i) => {
    for (const bit of used) inputs[i][bit >>> 5] |= 1 << (bit & 31);
    kept[i].fill(0xffffffff);
    for (const reg of defined) if (bitOf[reg] >= 0) kept[i][bitOf[reg] >>> 5] &= ~(1 << (bitOf[reg] & 31));
  });
  solve(fn, kept, inputs, out);
  return { inputs, out, registers };
}

function solve(
  fn: MachineFunction,
  kept: readonly Bits[],
  inputs: readonly Bits[],
  out: readonly Bits[],
): void {
  const position = new Map(fn.blocks.map(({ id }, i) => [id, i]));
  const next = fn.blocks.map((block) => successors(block).map((id) => position.get(id) as number));
  const before: number[][] = fn.blocks.map(() => []);
  next.forEach((list, i) => {
    for (const to of list) before[to]?.push(i);
  });
  const work = fn.blocks.map((_, i) => i);
  const waiting = new Uint8Array(work.length).fill(1);
  for (let i = work.pop(); i !== undefined; i = work.pop()) {
    waiting[i] = 0;
    const [result, input] = [out[i], inputs[i]];
    for (const to of next[i]) {
      const words = inputs[to];
      for (let w = 0; w < result.length; w++) result[w] |= words[w];
    }
    let changed = false;
    for (let w = 0; w < result.length; w++) {
      const value = (input[w] | (result[w] & kept[i][w])) >>> 0;
      if (value === input[w]) continue;
      input[w] = value;
      changed = true;
    }
    if (!changed) continue;
    for (const from of before[i]) {
      if (waiting[from]) continue;
      waiting[from] = 1;
      work.push(from);
    }
  }
}

const ascending = (a: number, b: number) => a - b;

function membersOf(fn: MachineFunction, sets: readonly Bits[], registers: readonly number[]): Live {
  return new Map(
    fn.blocks.map(({ id }, i) => {
      const members: number[] = [];
      const set = sets[i];
      for (let w = 0; w < set.length; w++)
        for (let bits = set[w]; bits !== 0; bits &= bits - 1)
          members.push(registers[w * 32 + 31 - Math.clz32(bits & -bits)]);
      return [id, members.sort(ascending)];
    }),
  );
}
