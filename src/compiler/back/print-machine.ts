/** The text form of machine code: one instruction a line, virtual registers as v0, v1, ... */
import {
  B0,
  B1,
  F0,
  FIRST_VIRTUAL,
  type MachineFunction,
  type MachineInst,
  type Operand,
} from './machine.ts';

export function printMachine(fn: MachineFunction): string {
  const lines = [`machine ${fn.name}`];
  for (const block of fn.blocks) {
    lines.push(`b${block.id}:  ; depth ${block.depth}`);
    for (const inst of block.insts) lines.push(`  ${printInst(inst)}`);
  }
  return `${lines.join('\n')}\n`;
}

function printInst(inst: MachineInst): string {
  const operands = inst.operands.map(printOperand);
  if (inst.trap) operands.push(`trap ${inst.trap}`);
  operands.push(...inst.targets.map((id) => `b${id}`));
  return `${inst.op} ${operands.join(', ')}`.trimEnd();
}

function printOperand(operand: Operand): string {
  switch (operand.kind) {
    case 'register':
      return printRegister(operand.reg);
    case 'immediate':
      return String(operand.value);
    case 'symbol':
      return `&${operand.name}${operand.addend ? `+${operand.addend}` : ''}`;
    case 'frame':
      return `[${operand.area} ${operand.offset}]`;
    case 'table':
      return '&table';
  }
}

export function printRegister(reg: number): string {
  if (reg >= FIRST_VIRTUAL) return `v${reg - FIRST_VIRTUAL}`;
  if (reg === B1) return 'b1';
  return reg === B0 ? 'b0' : reg >= F0 ? `f${reg - F0}` : `a${reg}`;
}
