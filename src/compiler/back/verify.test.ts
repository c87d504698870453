/** What the checks between the steps say of machine code that is wrong, and that they leave right code alone. */
import { describe, expect, it } from 'vitest';
import { type MachineFunction, type MachineInst, machineInst } from './machine.ts';
import { end, jump, machineBlock, machineFunction } from './test-machine.ts';
import { snapshot, verifyOrder, verifyRegisters, verifyReserved } from './verify.ts';

const set = (reg: number, value = 1) => machineInst('movi', 'di', [reg, value]);
const add = (to: number, one: number, other: number) => machineInst('add', 'dss', [to, one, other]);
const load = (to: number, base: number, offset: number) => machineInst('l32i', 'dsi', [to, base, offset]);
const store = (from: number, base: number, offset: number) =>
  machineInst('s32i', 'ssi', [from, base, offset]);

describe('registers', () => {
  const [fn, [a, b]] = machineFunction(2);
  const check =
    (blocks: MachineFunction['blocks'], stepped: MachineFunction['stepped'] = new Map()) =>
    () =>
      verifyRegisters({ ...fn, blocks, stepped }, 'a test');
  /** A hardware loop that steps the first register, with what stands behind it. */
  const loop = (behind: MachineInst[]) => [
    machineBlock(0, [set(a), set(b), jump()], 1),
    machineBlock(1, [add(a, a, b), machineInst('loopback', '', [])], 1, 2),
    machineBlock(2, [...behind, end()]),
  ];

  it('are written before they are read, whichever way leads there', () => {
    expect(check([machineBlock(0, [set(a), add(b, a, a), end()])])).not.toThrow();
    expect(check([machineBlock(0, [add(b, a, a), end()])])).toThrow(
      /after a test, f: v0 is read where nothing/,
    );
    const sometimes = (way: MachineInst[]) => [
      machineBlock(0, [set(b), machineInst('beqz', 's', [b])], 1, 2),
      machineBlock(1, [...way, jump()], 2),
      machineBlock(2, [add(b, a, b), end()]),
    ];
    expect(check(sometimes([set(a)]))).toThrow(/v0 is read/);
  });

  it('of the machine may come from outside', () => {
    expect(check([machineBlock(0, [add(a, 2, 3), end()])])).not.toThrow();
  });

  it('that a hardware loop steps are not wanted behind it', () => {
    const stepped = new Map([[1, [a]]]);
    expect(check(loop([store(b, 2, 0)]), stepped)).not.toThrow();
    expect(check(loop([store(a, 2, 0)]), stepped)).toThrow(
      /v0 is stepped at the end of the hardware loop at 1/,
    );
    expect(check(loop([store(a, 2, 0)]))).not.toThrow();
  });

  it('that are set aside are left alone', () => {
    const { blocks } = { blocks: [machineBlock(0, [add(2, 3, 4), end()])] };
    expect(() => verifyReserved({ ...fn, blocks }, [5])).not.toThrow();
    for (const reg of [2, 3, 4])
      expect(() => verifyReserved({ ...fn, blocks }, [9, reg])).toThrow(
        `block 0 uses a${reg}, which is set aside`,
      );
  });
});

it('a jump to a block that is gone is noticed', () => {
  const [fn] = machineFunction(0);
  expect(() => verifyRegisters({ ...fn, blocks: [machineBlock(0, [jump()], 4)] }, 'a test')).toThrow(
    /block 0 goes to 4, which is gone/,
  );
});

describe('another order', () => {
  const [fn, [a, b, c]] = machineFunction(3);
  const isTold = (insts: readonly MachineInst[], order: readonly number[]): string => {
    const ordered = { ...fn, blocks: [machineBlock(0, [...insts, end()])] };
    const before = snapshot(ordered);
    const [block] = ordered.blocks;
    block.insts = [...order.map((i) => insts[i]), block.insts[insts.length]];
    try {
      verifyOrder(ordered, before, 'a test');
      return '';
    } catch (error) {
      return (error as Error).message.split('\n')[0].replace(/^.* f: block 0:? /, '');
    }
  };
  it.each<[what: string, insts: MachineInst[], order: number[], told: string]>([
    ['of what has nothing to do with each other', [set(a), set(b), set(c)], [2, 0, 1], ''],
    ['that loses an instruction', [set(a), set(b)], [0], 'has other instructions than before'],
    ['that makes one twice', [set(a), set(b)], [0, 0], 'has other instructions than before'],
    ['that reads too early', [set(a), add(b, a, a)], [1, 0], `add reads register ${a} from elsewhere`],
    [
      'that reads what comes later',
      [set(a), add(b, a, a), set(a, 2)],
      [0, 2, 1],
      `add reads register ${a} from elsewhere`,
    ],
    ['that ends with another value', [set(a), set(a, 2)], [1, 0], `register ${a} ends with another value`],
    ['of loads', [load(a, 2, 0), load(b, 2, 0)], [1, 0], ''],
    ['of stores to places of their own', [store(3, 2, 0), store(4, 2, 4)], [1, 0], ''],
    ['of stores to one place', [store(3, 2, 0), store(4, 2, 0)], [1, 0], 's32i overtook s32i'],
    ['of a store and a load of it', [store(3, 2, 0), load(a, 2, 0)], [1, 0], 'l32i overtook s32i'],
    ['of what may be one place', [store(3, 2, 0), load(a, 4, 0)], [1, 0], 'l32i overtook s32i'],
    ['across a fence', [machineInst('memw', '', []), load(a, 2, 0)], [1, 0], 'l32i overtook memw'],
    [
      'of a check and a load',
      [{ ...machineInst('beqz', 's', [2]), trap: 5 }, load(a, 3, 0)],
      [1, 0],
      'l32i overtook beqz',
    ],
    [
      'of what a device sees',
      [
        { ...load(a, 2, 0), isVolatile: true },
        { ...load(b, 3, 0), isVolatile: true },
      ],
      [1, 0],
      'l32i overtook l32i',
    ],
  ])('%s', (_, insts, order, told) => {
    expect(isTold(insts, order)).toBe(told);
  });
});
