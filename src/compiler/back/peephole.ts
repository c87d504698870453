/** Small repairs of selected code, before registers are allocated. */
import { B0, defsOf, type MachineFunction, type MachineInst, SAR } from './machine.ts';

/**
 * Removes float comparisons whose answer b0 holds already (two values chosen by one comparison) and shift counts that SAR
 * holds already (both words of a 64-bit shift).
 */
export function dropRepeatedState(fn: MachineFunction): void {
  for (const block of fn.blocks) {
    for (const state of [B0, SAR]) block.insts = dropRepeated(block.insts, state);
  }
}

function dropRepeated(insts: readonly MachineInst[], state: number): MachineInst[] {
  let last: MachineInst | undefined;
  return insts.filter((inst) => {
    const defs = defsOf(inst);
    if (!defs.includes(state)) {
      const changed = last?.operands.some(
        (operand) => operand.kind === 'register' && defs.includes(operand.reg),
      );
      // Callees may use both as they like.
      if (changed || inst.op.startsWith('call')) last = undefined;
      return true;
    }
    if (last && isSame(last, inst)) return false;
    last = inst;
    return true;
  });
}

function isSame(a: MachineInst, b: MachineInst): boolean {
  return (
    a.op === b.op &&
    a.operands.every((operand, i) => {
      const other = b.operands[i];
      if (operand.kind === 'register') return other.kind === 'register' && operand.reg === other.reg;
      return operand.kind === 'immediate' && other.kind === 'immediate' && operand.value === other.value;
    })
  );
}
