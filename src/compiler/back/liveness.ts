/** Which registers hold a value that is still wanted, at the end of each block. */
import {
  B0,
  defsOf,
  FIRST_VIRTUAL,
  type MachineBlock,
  type MachineFunction,
  SP,
  successors,
  usesOf,
} from './machine.ts';

/** A set of small numbers. */
export interface BitSet {
  readonly words: Uint32Array;
}

export function createBitSet(size: number): BitSet {
  return { words: new Uint32Array((size + 31) >>> 5) };
}

export const hasBit = ({ words }: BitSet, i: number): boolean => ((words[i >>> 5] >>> (i & 31)) & 1) !== 0;
export function setBit({ words }: BitSet, i: number): void {
  words[i >>> 5] |= 1 << (i & 31);
}
export function clearBit({ words }: BitSet, i: number): void {
  words[i >>> 5] &= ~(1 << (i & 31));
}
export function forEachBit({ words }: BitSet, visit: (i: number) => void): void {
  for (let w = 0; w < words.length; w++) {
    for (let bits = words[w]; bits !== 0; bits &= bits - 1) visit(w * 32 + 31 - Math.clz32(bits & -bits));
  }
}

/** The stack pointer, b0 and SAR are not allocated and need no liveness. */
export function isTracked(reg: number): boolean {
  return reg !== SP && (reg < B0 || reg >= FIRST_VIRTUAL);
}

/** Registers live at the end of each block, by block id. */
export function liveOut(fn: MachineFunction): Map<number, BitSet> {
  return flow(fn).out;
}

/** Registers live at the beginning of each block, by block id. */
export function liveIn(fn: MachineFunction): Map<number, BitSet> {
  return flow(fn).inputs;
}

function flow(fn: MachineFunction): { inputs: Map<number, BitSet>; out: Map<number, BitSet> } {
  const size = FIRST_VIRTUAL + fn.classes.length;
  const used = new Map<number, BitSet>();
  const defined = new Map<number, BitSet>();
  const out = new Map<number, BitSet>();
  for (const block of fn.blocks) {
    const [uses, defs] = [createBitSet(size), createBitSet(size)];
    for (const inst of block.insts) {
      for (const reg of usesOf(inst)) if (!hasBit(defs, reg)) setBit(uses, reg);
      for (const reg of defsOf(inst)) setBit(defs, reg);
    }
    used.set(block.id, uses);
    defined.set(block.id, defs);
    out.set(block.id, createBitSet(size));
  }
  const inputs = new Map(fn.blocks.map(({ id }) => [id, { words: (used.get(id) as BitSet).words.slice() }]));
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = fn.blocks.length - 1; i >= 0; i--)
      if (update(fn.blocks[i], used, defined, inputs, out)) changed = true;
  }
  return { inputs, out };
}

function update(
  block: MachineBlock,
  used: ReadonlyMap<number, BitSet>,
  defined: ReadonlyMap<number, BitSet>,
  inputs: ReadonlyMap<number, BitSet>,
  out: ReadonlyMap<number, BitSet>,
): boolean {
  const result = (out.get(block.id) as BitSet).words;
  const input = (inputs.get(block.id) as BitSet).words;
  const [uses, defs] = [(used.get(block.id) as BitSet).words, (defined.get(block.id) as BitSet).words];
  let changed = false;
  for (const id of successors(block)) {
    const { words } = inputs.get(id) as BitSet;
    for (let w = 0; w < words.length; w++) result[w] |= words[w];
  }
  for (let w = 0; w < result.length; w++) {
    const value = (uses[w] | (result[w] & ~defs[w])) >>> 0;
    if (value !== input[w]) {
      input[w] = value;
      changed = true;
    }
  }
  return changed;
}
