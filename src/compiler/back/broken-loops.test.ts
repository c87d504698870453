/** Hardware loops that cannot be laid out keep their branches: their body lies right behind them, in one piece, and within reach. */
import { expect, it } from 'vitest';
import { brokenLoops } from './emit.ts';
import { type MachineInst, machineInst } from './machine.ts';
import { end, jump, machineBlock, machineFunction } from './test-machine.ts';

const set = machineInst('movi', 'di', [2, 1]);
const setUp = () => machineInst('loop', 'si', [3, 7]);
const body = (...insts: MachineInst[]) => machineBlock(1, [...insts, machineInst('loopback', '', [])], 1, 2);
const before = (...insts: MachineInst[]) => machineBlock(0, insts, 1);
const other = () => machineBlock(3, [set, jump()], 1);
const after = () => machineBlock(2, [end()]);
const many = (count: number) => Array.from({ length: count }, () => set);

it.each([
  ['whole', [before(setUp(), jump()), body(set), after()], []],
  ['as long as the hardware reaches', [before(setUp(), jump()), body(...many(78)), after()], []],
  [
    'longer in two blocks',
    [
      before(setUp(), jump()),
      machineBlock(1, [...many(40), jump()], 3),
      machineBlock(3, [...many(40), machineInst('loopback', '', [])], 1, 2),
      after(),
    ],
    [7],
  ],
  ['longer', [before(setUp(), jump()), body(...many(79)), after()], [7]],
  ['not behind its beginning', [body(set), before(setUp(), jump()), after()], [7]],
  ['with something before it', [before(setUp(), jump()), other(), body(set), after()], [7]],
  ['set up too early', [before(setUp(), set, jump()), body(set), after()], [7]],
  ['without an end', [before(setUp(), jump()), after()], [7]],
  ['none', [before(jump()), after()], []],
])('%s', (_, blocks, broken) => {
  const [fn] = machineFunction(0);
  expect(brokenLoops({ ...fn, blocks })).toEqual(broken);
});
