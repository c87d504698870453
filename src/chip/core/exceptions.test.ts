import { describe, expect, it } from 'vitest';
import { PAGE_SHIFT } from '../bus/pages.ts';
import { PS, SR } from './state.ts';
import { DATA, runProgram as run, VECTORS, withVectors } from './test-machine.ts';

describe('exceptions', () => {
  const skip = '  rsr.epc1 a14\n  addi a14, a14, 3\n  wsr.epc1 a14\n  rsr.exccause a15\n  rfe';

  it('come for illegal instructions, system calls, division by zero, with cause and address', () => {
    for (const [line, cause] of [
      ['ill', 0],
      ['syscall', 1],
      ['quos a2, a3, a4', 6],
      ['remu a2, a3, a4', 6],
    ] as const) {
      const machine = withVectors(`start:\n  ${line}\n  movi a5, 9\n  ret\n`, { 832: skip });
      machine.setA(4, 0);
      machine.setA(2, 1234);
      machine.run();
      expect(machine.a(15), line).toBe(cause);
      expect(machine.a(2), line).toBe(1234);
      expect(machine.a(5), line).toBe(9);
    }
  });

  it('come for memory that is not there, and leave the registers as they were', () => {
    for (const [line, cause] of [
      ['l32i a2, a3, 4', 28],
      ['s32i a2, a3, 4', 29],
      ['lsip f1, a3, 4', 28],
      ['ee.vld.128.ip q1, a3, 16', 28],
      ['l32ai a2, a4, 0', 9],
      ['s32c1i a2, a4, 0', 9],
    ] as const) {
      const machine = withVectors(`start:\n  addi a7, a7, 1\n  ${line}\n  addi a7, a7, 1\n  ret\n`, {
        832: skip,
      });
      machine.setA(2, 0x5555);
      machine.setA(3, 0x1000);
      machine.setA(4, DATA + 2);
      machine.setA(7, 0);
      machine.run();
      expect(machine.a(15), line).toBe(cause);
      expect(machine.a(3), line).toBe(0x1000);
      expect(machine.a(2), line).toBe(0x5555);
      expect(machine.a(7), line).toBe(2);
      expect(machine.core.state.special[SR.excvaddr] >>> 0, line).toBe(
        cause === 9 ? DATA + 2 : line.includes(', 4') && !line.includes('lsip') ? 0x1004 : 0x1000,
      );
    }
  });

  it('leave memory as it was where the end of an unaligned store has none', () => {
    const END_OF_MEMORY = 0x3fd00000;
    for (const [line, bytes] of [
      ['s32i a2, a3, 0', 4],
      ['s16i a2, a3, 0', 2],
    ] as const) {
      for (let inside = 1; inside < bytes; inside++) {
        const machine = withVectors(`start:\n  ${line}\n  ret\n`, { 832: skip });
        machine.setWord(END_OF_MEMORY - 4, 0x11223344);
        machine.setA(2, 0x55667788);
        machine.setA(3, END_OF_MEMORY - inside);
        machine.run();
        expect(machine.a(15), line).toBe(29);
        expect(machine.word(END_OF_MEMORY - 4), `${line}, ${inside} bytes inside`).toBe(0x11223344);
      }
    }
  });

  it('come for disabled coprocessors, and not for enabled ones', () => {
    for (const [line, cause] of [
      ['add.s f0, f1, f2', 32],
      ['wfr f0, a2', 32],
      ['ee.zero.q q0', 35],
      ['rur.fcr a2', 32],
      ['rur.accx_0 a2', 35],
    ] as const) {
      const machine = withVectors(`start:\n  ${line}\n  nop\n  ret\n`, { 832: skip });
      machine.core.state.special[SR.cpenable] = 0;
      machine.core.stateChanged();
      machine.run();
      expect(machine.a(15), line).toBe(cause);
    }
  });

  it('go to the kernel vector without PS.UM, to the double exception vector inside an exception', () => {
    const machine = withVectors('start:\n  ill\n', { 768: 'ill' });
    machine.core.state.special[SR.ps] = 0;
    machine.core.stateChanged();
    machine.core.step();
    expect(machine.core.state.pc).toBe(VECTORS + 0x300);
    machine.core.step();
    expect(machine.core.state.pc).toBe(VECTORS + 0x3c0);
    expect(machine.core.state.special[SR.depc] >>> 0).toBe(VECTORS + 0x300);
  });

  it('take 7 cycles for a system call and 5 for rfe (ALICE)', () => {
    const source = (line: string) =>
      `start:\n  .balign 4\n  ${line}\n  .byte 0xf0, 0x20, 0, 0xf0, 0x20, 0\n  ret\n`;
    const handler = '  rfe';
    const machine = withVectors(source('syscall'), { 832: handler });
    machine.core.step();
    expect(machine.core.cycles).toBe(7);
    machine.core.step();
    expect(machine.core.cycles - 7).toBe(5);
  });
});

describe('returns', () => {
  it.each([
    ['rfe', 5, 0x40020],
    ['rfde', 5, 0x40030],
    ['rfi 3', 4, 0x40321],
    ['rfwo', 4, 0x40020],
    ['rfwu', 5, 0x40020],
  ])('%s takes %i cycles to an instruction in one fetch word, and PS is 0x%x', (line, cycles, ps) => {
    const machine = withVectors(`start:\n  .balign 4\n  ${line}\n`, {});
    const { special } = machine.core.state;
    special[SR.ps] |= PS.excm;
    special[SR.eps2 + 1] = 0x40321;
    for (const register of [SR.epc1, SR.epc1 + 2, SR.depc]) special[register] = VECTORS;
    machine.core.stateChanged();
    machine.core.step();
    expect([machine.core.state.pc, machine.core.cycles, special[SR.ps]]).toEqual([VECTORS, cycles, ps]);
  });
});

describe('interrupts and timers', () => {
  it.each([
    ['level 1', 1 << 7, 832],
    ['level 3', 1 << 29, 448],
  ])(
    'enter the handler of %s 6 cycles after the last instruction (taken as an exception, INF)',
    (_, line, vector) => {
      const machine = withVectors('start:\n  nop\n  nop\n  ret\n', { [vector]: '  nop' });
      const { special } = machine.core.state;
      special[SR.ps] &= ~PS.intlevel;
      special[SR.intenable] = line;
      special[SR.interrupt] = line;
      machine.core.stateChanged();
      const start = machine.core.cycles;
      machine.core.step();
      expect(machine.core.state.pc).toBe(VECTORS + vector);
      expect([machine.core.cycles - start, machine.core.instructions]).toEqual([6, 0]);
      machine.core.step();
      expect(machine.core.state.pc).toBe(VECTORS + vector + 3);
      expect([machine.core.cycles - start, machine.core.instructions]).toEqual([7, 1]);
    },
  );

  const enable = (mask: string) => `  movi a3, ${mask}\n  wsr.intenable a3\n  rsil a3, 0\n`;

  it('take a software interrupt of level 1 and of level 3', () => {
    const machine = withVectors(
      `start:\n${enable('0x80')}  movi a4, 0x80\n  wsr.intset a4\n  nop\n  nop\n  ret\n`,
      { 832: '  addi a7, a7, 1\n  movi a8, 0x80\n  wsr.intclear a8\n  rsr.exccause a9\n  rfe' },
    );
    machine.setA(7, 0);
    machine.run();
    expect(machine.a(7)).toBe(1);
    expect(machine.a(9)).toBe(4);

    const third = withVectors(
      `start:\n  movi a3, 1\n  slli a3, a3, 29\n  wsr.intenable a3\n  wsr.intset a3\n  nop\n  ret\n`,
      {
        448: '  addi a7, a7, 1\n  rsr.ps a8\n  wsr.intclear a3\n  rfi 3',
      },
    );
    third.setA(7, 0);
    third.run();
    expect(third.a(7)).toBe(1);
    expect(third.a(8) & 0x1f).toBe(0x13);
    expect(third.core.state.special[SR.ps]).toBe(0x40020);
  });

  it('mask by level: rsil keeps a level-1 interrupt waiting', () => {
    const machine = withVectors(
      `start:\n  movi a3, 0x80\n  wsr.intenable a3\n  rsil a4, 1\n  wsr.intset a3\n  addi a6, a6, 1\n  wsr.ps a4\n  addi a6, a6, 1\n  ret\n`,
      { 832: '  mov a7, a6\n  movi a8, 0x80\n  wsr.intclear a8\n  rfe' },
    );
    machine.setA(6, 0);
    machine.run();
    expect(machine.a(7)).toBe(1);
    expect(machine.a(6)).toBe(2);
  });

  it('wake WAITI by a timer at its time, with no work in between', () => {
    const machine = withVectors(
      `start:\n  movi a3, 0x40\n  wsr.intenable a3\n  rsr.ccount a4\n  l32i a5, a2, 0\n  add a5, a4, a5\n  wsr.ccompare0 a5\n  waiti 0\n  rsr.ccount a6\n  ret\n`,
      { 832: '  movi a8, 0\n  wsr.intenable a8\n  rsr.interrupt a9\n  rfe' },
    );
    machine.setA(2, DATA);
    machine.setWord(DATA, 1_000_000);
    const { instructions } = machine.run();
    expect(machine.a(6) - machine.a(4)).toBeGreaterThanOrEqual(1_000_000);
    expect(machine.a(6) - machine.a(4)).toBeLessThan(1_000_040);
    expect(machine.a(9) & 0x40).toBe(0x40);
    expect(instructions).toBeLessThan(20);
  });

  it("come from outside on lines of which some hold a level and some keep an edge; others are the core's own", () => {
    const machine = withVectors('start: ret\n', {});
    const { core } = machine;
    const shown = (lines: number) => {
      core.setInterruptLines(lines);
      return core.state.special[SR.interrupt] >>> 0;
    };
    const own = [6, 7, 11, 15, 16, 29].reduce((mask, line) => mask | (1 << line), 0);
    expect([shown(-1), shown(0), shown(0x100)]).toEqual([~own >>> 0, 0x50400400, 0x50400500]);
  });

  it.each([
    [0, 6],
    [1, 15],
    [2, 16],
  ])('timer %i sets line %i at its match, and a new one to compare with clears it', (timer, line) => {
    const machine = withVectors(`start:\n1: j 1b\n`, {});
    const { core } = machine;
    const { special } = core.state;
    for (const index of [0, 1, 2]) special[SR.ccompare0 + index] = index === timer ? 500 : 100_000;
    core.stateChanged();
    core.runUntil(480);
    expect(special[SR.interrupt]).toBe(0);
    core.runUntil(600);
    expect(special[SR.interrupt]).toBe(1 << line);
    const writing = withVectors(`start:\n  wsr.ccompare${timer} a2\n  ret\n`, {});
    const all = (1 << 6) | (1 << 15) | (1 << 16);
    writing.core.state.special[SR.interrupt] = all;
    writing.setA(2, 1_000_000);
    writing.run();
    expect(writing.core.state.special[SR.interrupt]).toBe(all & ~(1 << line));
  });

  it('interrupt a loop that never looks, from outside', () => {
    const machine = withVectors(`start:\n${enable('1')}1: j 1b\n`, { 832: '  movi a7, 55\n2: j 2b' });
    machine.core.runUntil(1000);
    machine.core.setInterruptLines(1);
    machine.core.runUntil(2000);
    expect(machine.a(7)).toBe(55);
  });

  it('count on from what CCOUNT is set to, late in a slice, too', () => {
    const { machine } = run(
      `start:\n${'  nop\n'.repeat(40)}  movi a2, 1000\n  wsr.ccount a2\n  rsr.ccount a3\n  ret\n`,
    );
    expect(machine.a(3)).toBe(1001);
  });

  it('count cycles in CCOUNT exactly', () => {
    const { machine } = run(
      'start:\n  .balign 4\n  rsr.ccount a2\n  nop\n  nop\n  quou a5, a6, a7\n  nop\n  rsr.ccount a3\n  ret\n',
      { 6: 291, 7: 7 },
    );
    expect(machine.a(3) - machine.a(2)).toBe(1 + 1 + 1 + 4 + 1);
  });
});

describe('debug registers', () => {
  it('break before an instruction, on a store, and after counted steps', () => {
    const source = 'start:\n  movi a3, 1\n  s32i a3, a2, 0\n  movi a4, 2\n  ret\n';
    const armed = (set: (special: Int32Array) => void) => {
      const machine = withVectors(source, { 640: '  nop' });
      machine.setA(2, DATA);
      set(machine.core.state.special);
      machine.core.stateChanged();
      for (let step = 0; step < 4 && machine.core.state.pc < VECTORS; step++) machine.core.step();
      expect(machine.core.state.special[SR.ps] & (PS.intlevel | PS.excm)).toBe(0x16);
      return machine.core.state.special;
    };
    const start = 0x40378000;
    const instruction = armed((special) => {
      special[SR.ibreaka0] = start + 6;
      special[SR.ibreakenable] = 1;
    });
    expect(instruction[SR.epc1 + 5]).toBe(start + 6);
    expect(instruction[SR.debugcause] & 2).toBe(2);
    const store = armed((special) => {
      special[SR.dbreaka0] = DATA;
      special[SR.dbreakc0] = 0x8000003c | 0;
    });
    expect(store[SR.epc1 + 5]).toBe(start + 3);
    expect(store[SR.debugcause] & 4).toBe(4);
    const steps = armed((special) => {
      special[SR.icount] = -3;
      special[SR.icountlevel] = 1;
    });
    expect(steps[SR.epc1 + 5]).toBe(start + 6);
    expect(steps[SR.debugcause] & 1).toBe(1);
  });

  it.each([0, 1])('break on stores to wherever breakpoint %i points, and nowhere else', (index) => {
    const skipStore = '  addi a13, a13, 1\n  rsr.epc6 a14\n  addi a14, a14, 3\n  wsr.epc6 a14\n  rfi 6';
    const source = `start:
  wsr.dbreaka${index} a2
  wsr.dbreakc${index} a6
  s32i a3, a2, 0
  wsr.dbreaka${index} a4
  s32i a3, a2, 4
  s32i a3, a4, 0
  s32i a3, a4, 4
  wsr.dbreakc${index} a5
  s32i a3, a4, 8
  ret
`;
    const machine = withVectors(source, { 640: skipStore });
    const far = DATA + 0x3000;
    for (const [register, value] of [
      [2, DATA],
      [3, 77],
      [4, far],
      [5, 0],
      [6, 0x8000003c | 0],
    ] as const)
      machine.setA(register, value);
    machine.run();
    expect(machine.a(13)).toBe(2);
    const words = (at: number) => [0, 4, 8].map((offset) => machine.word(at + offset));
    expect(words(DATA)).toEqual([0, 77, 0]);
    expect(words(far)).toEqual([0, 77, 77]);
    // Nobody watches these pages any more.
    const { storeMap, writable } = machine.bus.memory;
    for (const address of [DATA, far]) {
      const page = address >>> PAGE_SHIFT;
      expect(storeMap[page], address.toString(16)).toBe(writable[page]);
    }
  });

  it.each(['break 1, 2', '.byte 0x2d, 0xf1 # break.n 1'])(
    'go past %s where the level is that of a debugger',
    (line) => {
      const machine = withVectors(`start:\n  rsil a3, 6\n  ${line}\n  movi a5, 9\n  ret\n`, { 640: '  ill' });
      machine.run();
      expect(machine.a(5)).toBe(9);
    },
  );

  it.each([0, 1])('break on loads from where breakpoint %i points, not on stores', (index) => {
    const machine = withVectors('start:\n  s32i a3, a2, 0\n  l32i a4, a2, 4\n  l32i a4, a2, 0\n', {
      640: '  nop',
    });
    const { special } = machine.core.state;
    special[SR.dbreaka0 + index] = DATA;
    special[SR.dbreakc0 + index] = 0x4000003c;
    machine.core.stateChanged();
    machine.setA(2, DATA);
    for (let step = 0; step < 3; step++) machine.core.step();
    expect(machine.core.state.pc).toBe(VECTORS + 0x280);
    expect([special[SR.epc1 + 5], special[SR.debugcause]]).toEqual([0x40378006, 4 | (index << 8)]);
  });

  it('break by instruction', () => {
    const machine = withVectors('start:\n  break 1, 2\n', { 640: '  nop' });
    machine.core.step();
    expect(machine.core.state.pc).toBe(VECTORS + 0x280);
    expect(machine.core.state.special[SR.debugcause]).toBe(8);
  });
});
