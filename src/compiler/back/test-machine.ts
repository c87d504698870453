/** For tests of the back end's passes: machine code by hand. */
import {
  type MachineBlock,
  type MachineFunction,
  type MachineInst,
  machineInst,
  newRegister,
} from './machine.ts';

/** A function without blocks yet, with so many registers of a class. */
export function machineFunction(
  count: number,
  type: 'i' | 'f' = 'i',
): [fn: MachineFunction, registers: number[]] {
  const fn: MachineFunction = {
    name: 'f',
    symbol: 'f',
    signature: { params: [], results: [] },
    blocks: [],
    classes: [],
    constants: new Map(),
    outgoing: 0,
    slots: 0,
    preheaders: new Map(),
    stepped: new Map(),
  };
  return [fn, Array.from({ length: count }, () => newRegister(fn, type))];
}

/** With the ids of the blocks that the last one may go to. */
export const machineBlock = (id: number, insts: MachineInst[], ...targets: number[]): MachineBlock => {
  insts[insts.length - 1].targets = targets;
  return { id, insts, depth: 0, loop: -1 };
};

export const jump = (): MachineInst => machineInst('j', '', []);
export const end = (): MachineInst => machineInst('ret', '', []);
