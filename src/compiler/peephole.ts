/** Small repairs of selected code, before registers are allocated. */
import { B0, defsOf, type MachineFunction, type MachineInst } from './machine.ts';

/** Removes a float comparison whose answer b0 holds already: two values chosen by one comparison. */
export function dropRepeatedComparisons(fn: MachineFunction): void {
  for (const block of fn.blocks) {
    let last: MachineInst | undefined;
    block.insts = block.insts.filter((inst) => {
      const defs = defsOf(inst);
      if (!defs.includes(B0)) {
        if (last?.operands.some((operand) => operand.kind === 'register' && defs.includes(operand.reg)))
          last = undefined;
        return true;
      }
      if (last && isSame(last, inst)) return false;
      last = inst;
      return true;
    });
  }
}

function isSame(a: MachineInst, b: MachineInst): boolean {
  return (
    a.op === b.op &&
    a.operands.every((operand, i) => {
      const other = b.operands[i];
      return operand.kind === 'register' && other.kind === 'register' && operand.reg === other.reg;
    })
  );
}
