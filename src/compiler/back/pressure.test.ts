/** Which values go to memory before registers are allocated: no more than it takes, and those that wait longest for their cheapest uses. */
import { describe, expect, it } from 'vitest';
import { FIRST_VIRTUAL, type MachineInst, machineInst } from './machine.ts';
import { overloaded } from './pressure.ts';
import { end, machineBlock, machineFunction } from './test-machine.ts';

/** Defines `count` values, then reads each of them `reads(i)` times, in the same order. */
function functionOf(count: number, type: 'i' | 'f', reads: (index: number) => number = () => 1) {
  const [fn, registers] = machineFunction(count, type);
  const insts: MachineInst[] = [
    ...registers.map((reg) => machineInst('movi', 'di', [reg, 1])),
    ...registers.flatMap((reg, index) =>
      Array.from({ length: reads(index) }, () => machineInst('s32i', 'ssi', [reg, 1, 0])),
    ),
    end(),
  ];
  fn.blocks = [machineBlock(0, insts)];
  return fn;
}

describe('more values than anyone would write by hand', () => {
  it.each(['i', 'f'] as const)('are up to 40 of a class as they are (%s)', (type) => {
    expect(overloaded(functionOf(40, type)).registers).toEqual([]);
    expect(overloaded(functionOf(41, type)).registers).toHaveLength(1);
    expect(overloaded(functionOf(60, type)).registers).toHaveLength(20);
  });

  it('go where they are used least', () => {
    const { registers } = overloaded(functionOf(44, 'i', (index) => (index % 11 === 3 ? 1 : 5)));
    expect(registers.map((reg) => reg - FIRST_VIRTUAL).sort((a, b) => a - b)).toEqual([3, 14, 25, 36]);
  });

  it('go all at once where there are a hundred too many', () => {
    expect(overloaded(functionOf(200, 'i')).registers).toHaveLength(160);
  });
});
