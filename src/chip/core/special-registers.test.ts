/** What special registers keep of what is written to them. Bits: Xtensa ISA reference manual, chapter 5, with the configuration's options. */
import { expect, it } from 'vitest';
import { createTestMachine } from './test-machine.ts';

const names = (text: string) => text.split(' ');
const KEPT: readonly (readonly [mask: number, names: readonly string[]])[] = [
  [0, names('configid0 debugcause')],
  [1, names('memctl')],
  [3, names('ibreakenable')],
  [0xf, names('windowbase icountlevel')],
  [0x3f, names('sar atomctl exccause')],
  [0xff, names('cpenable')],
  [0xffff, names('br windowstart')],
  [0x70f3f, names('eps2 eps3 eps4 eps5 eps6 eps7')],
  [0xc000003f, names('dbreakc0 dbreakc1')],
  [0xfffffc00, names('vecbase')],
  [0xffffffff, names('lbeg lend lcount scompare1 acclo m0 m1 m2 m3 ibreaka0 ibreaka1 dbreaka0 dbreaka1')],
  [0xffffffff, names('epc1 epc2 epc3 epc4 epc5 epc6 epc7 depc excvaddr intenable icount')],
  [0xffffffff, names('excsave1 excsave2 excsave3 excsave4 excsave5 excsave6 excsave7')],
  [0xffffffff, names('ccompare0 ccompare1 ccompare2 misc0 misc1 misc2 misc3 ddr')],
];

/** What is read after `value` was written. */
function readBack(name: string, value: number): number {
  const machine = createTestMachine(`start:\n  wsr.${name} a2\n  rsr.${name} a3\n  j .\n`);
  machine.setA(2, value);
  machine.core.step();
  machine.core.step();
  return machine.a(3) >>> 0;
}

it.each(KEPT.flatMap(([mask, list]) => list.map((name) => [name, mask] as const)))(
  '%s keeps the bits %i',
  (name, mask) => {
    for (const value of [0xffffffff, 0x55555555, 0xaaaaaaaa, 0])
      expect(readBack(name, value), value.toString(16)).toBe((value & mask) >>> 0);
  },
);

it('acchi is a byte with its sign', () => {
  expect([0xff, 0x7f, 0x180].map((value) => readBack('acchi', value))).toEqual([
    0xffffffff, 0x7f, 0xffffff80,
  ]);
});
