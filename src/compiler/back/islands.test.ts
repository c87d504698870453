/** Where branches go that reach 128 bytes and are seldom taken, when what they lead to is further away. */
import { expect, it } from 'vitest';
import { planIslands } from './islands.ts';
import { type MachineBlock, type MachineInst, machineInst } from './machine.ts';

const ends = (op: string, targets: number[], format = '', parts: number[] = []): MachineInst => ({
  ...machineInst(op, format, parts),
  targets,
});
/** Seldom taken. */
const equal = (to: number, otherwise: number) => ends('beq', [to, otherwise], 'ss', [2, 3]);
const filler = (bytes: number) =>
  Array.from({ length: bytes / 3 }, () => machineInst('xor', 'dss', [2, 2, 3]));
const block = (id: number, bytes: number, end: MachineInst): MachineBlock => ({
  id,
  insts: [...filler(bytes), end],
  depth: 0,
  loop: -1,
});
const ret = () => ends('ret', []);

/** Blocks behind which the islands of each branch stand, by the branch's block. */
function islandsOf(order: readonly MachineBlock[]): (readonly [from: number, behind: number, to: number])[] {
  const plan = planIslands(order);
  return order.flatMap(({ id, insts }) =>
    insts.flatMap((inst) => {
      const island = plan.get(inst);
      if (!island) return [];
      return [
        [id, order[island.behind].id, 'block' in island.to ? island.to.block : island.to.trap] as const,
      ];
    }),
  );
}

/** 0 branches to 9 over 1, which returns; 2 to 9 or to 8; those lie far behind. */
const far = (second: number, between = 30, third = 150) => [
  block(0, 30, equal(9, 1)),
  block(1, 9, ret()),
  block(2, between, equal(second, 3)),
  block(3, third, ret()),
  block(8, 150, ret()),
  block(9, 30, ret()),
];

it('stand behind the nearest block that nothing runs on from, one for all branches nearby that go to one place', () => {
  expect(islandsOf(far(9))).toEqual([
    [0, 1, 9],
    [2, 1, 9],
  ]);
});

it('are others for other places, and where the first is out of reach', () => {
  expect(islandsOf(far(8))).toEqual([
    [0, 1, 9],
    [2, 1, 8],
  ]);
  expect(islandsOf(far(9, 120, 6))).toEqual([
    [0, 1, 9],
    [2, 3, 9],
  ]);
  expect(islandsOf(far(9, 120))).toEqual([[0, 1, 9]]);
});

it('lead to one trap or another', () => {
  const trapping = (trap: number): MachineInst => ({ ...machineInst('bltu', 'ss', [2, 3]), trap });
  const order = [
    block(0, 30, equal(2, 1)),
    block(1, 9, ret()),
    {
      ...block(2, 60, ret()),
      insts: [trapping(3), ...filler(9), trapping(5), ...filler(9), trapping(3), ret()],
    },
    block(3, 150, ret()),
  ];
  expect(islandsOf(order)).toEqual([
    [2, 1, 3],
    [2, 2, 5],
    [2, 1, 3],
  ]);
  expect(new Set(planIslands(order).values()).size).toBe(2);
});

it('are none where the target is near, nor in code that a branch reaches as a whole', () => {
  expect(islandsOf([block(0, 30, equal(9, 1)), block(1, 30, ret()), block(9, 300, ret())])).toEqual([]);
  expect(islandsOf([block(0, 30, equal(9, 1)), block(1, 60, ret()), block(9, 3, ret())])).toEqual([]);
});

it('are none for branches that reach further, nor for those that are taken as often as not', () => {
  const order = (branch: MachineInst) => [
    block(0, 30, branch),
    block(1, 9, ret()),
    block(2, 150, ret()),
    block(9, 3, ret()),
  ];
  expect(islandsOf(order(ends('beqz', [9, 1], 's', [2])))).toEqual([]);
  expect(islandsOf(order(ends('bne', [9, 1], 'ss', [2, 3])))).toEqual([]);
  expect(islandsOf(order(equal(9, 1)))).toEqual([[0, 1, 9]]);
  // Turned round it is the branch that is not taken.
  expect(islandsOf(order(ends('bne', [1, 9], 'ss', [2, 3])))).toEqual([[0, 1, 9]]);
});

it.each([
  ['mov', 'ds', [2, 3], 2],
  ['add', 'dss', [2, 3, 4], 2],
  ['xor', 'dss', [2, 3, 4], 3],
  ['movi', 'di', [2, -32], 2],
  ['movi', 'di', [2, -33], 3],
  ['movi', 'di', [2, 95], 2],
  ['movi', 'di', [2, 96], 3],
  ['addi', 'dsi', [2, 3, -1], 2],
  ['addi', 'dsi', [2, 3, 0], 3],
  ['addi', 'dsi', [2, 3, 1], 2],
  ['addi', 'dsi', [2, 3, 15], 2],
  ['addi', 'dsi', [2, 3, 16], 3],
  ['l32i', 'dsi', [2, 3, 0], 2],
  ['l32i', 'dsi', [2, 3, 60], 2],
  ['l32i', 'dsi', [2, 3, 64], 3],
  ['s32i', 'ssi', [2, 3, 60], 2],
  ['l16ui', 'dsi', [2, 3, 2], 3],
])('%s %s %j is taken for %i bytes', (op, format, parts, bytes) => {
  const far = (count: number) => [
    block(0, 0, equal(9, 1)),
    block(1, 0, ret()),
    {
      ...block(2, 0, ret()),
      insts: [...Array.from({ length: count }, () => machineInst(op, format, parts)), ret()],
    },
    block(9, 30, ret()),
  ];
  // Out of reach from 124 bytes on, four of them returns.
  const first = 120 / bytes;
  expect([far(first - 1), far(first)].map((order) => planIslands(order).size)).toEqual([0, 1]);
});
