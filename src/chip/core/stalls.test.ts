/** Cycles that instructions keep others waiting, exactly, where no published figure shows them alone. */
import { describe, expect, it } from 'vitest';
import { createTestMachine } from './test-machine.ts';
import { bodyCycles, ladder, prepare, repeat } from './test-timing.ts';
import { divideStall } from './timing.ts';

describe('costs that no published figure shows alone, exactly', () => {
  /** Cycles of a body of 64 beyond one an instruction. */
  const extra = (lines: string) => bodyCycles(repeat(64, lines)) - 64 * lines.split('\n').length;

  it.each([
    [0, 1],
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 3],
    [6, 3],
    [31, 16],
    [32, 16],
  ])(
    'a quotient of %i bits keeps the divider for %i cycles more: two bits a cycle, rounded up',
    (bits, cycles) => {
      expect(divideStall(bits)).toBe(cycles);
    },
  );
  it('what the last instruction of a loop loads is waited for behind it, too', () => {
    const behindLoop = (line: string) =>
      bodyCycles(`  movi a15, 3\n  loop a15, 1f\n  nop\n  l32i a6, a2, 0\n1:\n  ${line}\n`);
    expect(behindLoop('add a7, a6, a6') - behindLoop('add a7, a4, a4')).toBe(1);
  });
  it.each([0, 1, 2, 3])(
    'a jump to a place %i bytes behind a fetch word costs a cycle more where the instruction reaches into the next',
    (place) => {
      const jumpTo = (target: string, bytes: number) =>
        bodyCycles(
          `  j 1f\n  .balign 4\n${'  .byte 0\n'.repeat(bytes)}1:\n  ${target}\n  j 2f\n  .balign 4\n2:\n`,
        );
      const extra = (target: string) => jumpTo(target, place) - jumpTo(target, 0);
      expect([extra('add.n a6, a4, a5'), extra('add a6, a4, a5')]).toEqual([
        Number(place + 2 > 4),
        Number(place + 3 > 4),
      ]);
    },
  );
  it('a negative quotient takes as long as a positive one', () => {
    const divisions = (line: string) => bodyCycles(repeat(64, line), '  neg a7, a5\n');
    expect(divisions('quos a6, a4, a7')).toBe(divisions('quos a6, a4, a5'));
  });
  it('an FP move, and a move between the files, keeps its reader waiting for one cycle', () => {
    expect(extra('mov.s f1, f2\n  add.s f0, f1, f1')).toBe(64);
    expect(extra('neg.s f1, f2\n  add.s f0, f1, f1')).toBe(64);
    expect(extra('wfr f1, a4\n  add.s f0, f1, f1')).toBe(64);
    expect(extra('rfr a6, f1\n  add a7, a6, a6')).toBe(128);
    expect(extra('mov.s f1, f2\n  nop\n  add.s f0, f1, f1')).toBe(0);
  });
  it('conversions and comparisons keep theirs as long as the table says', () => {
    expect(extra('float.s f1, a4, 0\n  add.s f0, f1, f1')).toBe(3 * 64);
    expect(extra('trunc.s a6, f1, 0\n  add a7, a6, a6')).toBe(4 * 64);
    expect(extra('oeq.s b0, f1, f2\n  movt a6, a4, b0')).toBe(2 * 64);
  });
  it('ten lone 128-bit stores cost 6 cycles, beside another 128-bit access nothing', () => {
    const stores = (line: string) => bodyCycles(repeat(10, line)) - 10 * line.split('\n').length;
    expect(stores('ee.vst.128.ip q0, a2, 0\n  nop')).toBe(6);
    expect(stores('ee.vld.128.ip q1, a2, 0\n  ee.vst.128.ip q0, a2, 0')).toBe(0);
  });
  it('a lone 128-bit store at the beginning of a block costs as any other', () => {
    const behindJump = (line: string) => bodyCycles(`  j 1f\n  .balign 4\n1:\n  ${line}\n  nop\n`);
    expect(behindJump('ee.vst.128.ip q0, a2, 0') - behindJump('nop')).toBe(1);
  });
  it('a branch that is not taken keeps the fetch buffer as it is: between literals it costs what an addition costs', () => {
    const literal = '  j 1f\n  .balign 4\nstart0: .word 1\n1:\n';
    const between = (line: string) => ladder(`l32r a6, start0\n  ${line}\n  add a7, a4, a5`, literal);
    const difference = between('beqz a4, . + 16') - between('add a7, a4, a5');
    expect(Math.abs(difference)).toBeLessThan(0.02); // what is cut into regions is not seen whole
    expect(between('add a7, a4, a5')).toBeGreaterThan(3);
  });
  it('the fetch buffer saves up what two words hold, however long narrow code gives it time', () => {
    const costBehind = (count: number) =>
      bodyCycles(
        `${repeat(count, 'add.n a6, a4, a5')}  .balign 4\n${repeat(8, 'l32r a6, start0')}`,
        '  j 1f\n  .balign 4\nstart0: .word 1\n1:\n',
      ) - count;
    expect([8, 16, 64].map(costBehind)).toEqual([13, 13, 13]);
  });
  it('memw waits until the write buffer is empty', () => {
    const machine = createTestMachine('start:\n  .balign 4\n  memw\n  memw\n  .balign 4\n  ret\n');
    const waits = [11, 0];
    machine.bus.fence = () => waits.shift()!;
    const first = machine.run().cycles;
    waits.push(0, 0);
    expect(first - machine.run().cycles).toBe(11);
  });
  it('memw asks for the write buffer once, and again after a write to a device', () => {
    const machine = createTestMachine('start:\n  memw\n  memw\n  s32i a3, a2, 0\n  memw\n  ret\n');
    let asked = 0;
    machine.bus.fence = () => ++asked;
    machine.bus.write = () => {
      machine.bus.stall = 0;
    };
    prepare(machine, { 2: 0x60000000 }).run();
    expect(asked).toBe(2);
  });
});
