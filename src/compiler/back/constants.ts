/**
 * Places the instructions that load constants. A constant used in a loop is loaded once before that (innermost) loop; one
 * used elsewhere right before its first use in each block. The allocator may still decide to load it again at each use.
 */
import {
  FIRST_VIRTUAL,
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
  machineInst,
  newRegister,
} from './machine.ts';

export function placeConstants(fn: MachineFunction): void {
  const originals = new Map(fn.constants);
  const byId = new Map(fn.blocks.map((block) => [block.id, block]));
  /** Copies of constants by the loop or block that they are made for. */
  const copies = new Map<string, number>();
  const preheaderLoads = new Map<number, MachineInst[]>();
  for (const block of fn.blocks) {
    const placed: MachineInst[] = [];
    for (const inst of block.insts) {
      for (const operand of inst.operands) {
        if (operand.kind !== 'register' || operand.role === 'def') continue;
        const value = originals.get(operand.reg);
        if (!value) continue;
        const preheader = fn.preheaders.get(block.loop);
        const key =
          preheader !== undefined ? `loop ${block.loop} ${operand.reg}` : `block ${block.id} ${operand.reg}`;
        let copy = copies.get(key);
        if (copy === undefined) {
          copy = newRegister(fn, fn.classes[operand.reg - FIRST_VIRTUAL]);
          copies.set(key, copy);
          fn.constants.set(copy, value);
          const load = loadConstant(fn, copy, inst.at);
          if (preheader === undefined) placed.push(...load);
          else {
            const loads = preheaderLoads.get(preheader);
            if (loads) loads.push(...load);
            else preheaderLoads.set(preheader, load);
          }
        }
        operand.reg = copy;
      }
      placed.push(inst);
    }
    block.insts = placed;
  }
  for (const [id, loads] of preheaderLoads) {
    const block = byId.get(id) as MachineBlock;
    const loop = block.insts.findIndex(({ op }) => op === 'loop');
    block.insts.splice(loop >= 0 ? loop : block.insts.length - 1, 0, ...loads);
  }
  for (const reg of originals.keys()) fn.constants.delete(reg);
}

/** Bits of the floats that const.s makes. */
const floatConstants: ReadonlyMap<number, number> = new Map([
  [0, 0],
  [0x3f800000, 1],
  [0x40000000, 2],
  [0x3f000000, 3],
]);

/** The instructions that put a constant into a register. */
export function loadConstant(fn: MachineFunction, reg: number, at: number): MachineInst[] {
  const value = fn.constants.get(reg);
  if (!value) throw new Error('internal: not a constant');
  const { imm, symbol } = value;
  if (fn.classes[reg - FIRST_VIRTUAL] === 'i') {
    if (symbol) return [machineInst('movi', 'do', [reg, { kind: 'symbol', name: symbol, addend: imm }], at)];
    return [machineInst('movi', 'di', [reg, imm], at)];
  }
  const special = floatConstants.get(imm);
  if (special !== undefined) return [machineInst('const.s', 'di', [reg, special], at)];
  const bits = newRegister(fn, 'i');
  fn.constants.set(bits, { imm, symbol: '' });
  return [machineInst('movi', 'di', [bits, imm], at), machineInst('wfr', 'ds', [reg, bits], at)];
}
