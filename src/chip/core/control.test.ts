import { describe, expect, it } from 'vitest';
import { PS, SR } from './state.ts';
import { createTestMachine, DATA } from './test-machine.ts';

const VECTORS = 0x40390000;

/** A machine with its vectors at VECTORS: each holds `handler` (GNU syntax) and nothing more. */
function withVectors(source: string, handlers: Readonly<Record<number, string>>) {
  const machine = createTestMachine(source);
  machine.core.state.special[SR.vecbase] = VECTORS;
  for (const [offset, text] of Object.entries(handlers)) {
    const handler = createTestMachine(`start:\n${text}\n`, { code: VECTORS + Number(offset) });
    const start = handler.symbols.get('start')!;
    expect(start).toBe(VECTORS + Number(offset));
    const bytes = Uint8Array.from({ length: 64 }, (_, index) => handler.bus.read8(start + index));
    machine.bus.load(start, bytes);
  }
  return machine;
}

const run = (source: string, registers: Readonly<Record<number, number>> = {}) => {
  const machine = createTestMachine(source);
  for (const [index, value] of Object.entries(registers)) machine.setA(Number(index), value);
  return { machine, ...machine.run() };
};

describe('branches', () => {
  it('nest loops, leave them early and join again', () => {
    const { machine } = run(
      `
start:
  movi a2, 0
  movi a3, 10
1: movi a4, 10
2: beq a3, a4, 3f
  addi a2, a2, 1
  j 4f
3: addi a2, a2, 100
  bgei a2, 500, 9f
4: addi a4, a4, -1
  bnez a4, 2b
  addi a3, a3, -1
  bnez a3, 1b
9: ret
`.replace('bgei a2, 500, 9f', 'movi a5, 500\n  bge a2, a5, 9f'),
    );
    // Round k adds k - 1 ones, then 100, then the rest: the first 500 or more is met in round 5.
    expect(machine.a(2)).toBe(540);
  });

  it('enter a loop in its middle (irreducible flow)', () => {
    const { machine } = run(
      `
start:
  movi a2, 0
  beqz a3, 2f
1: addi a2, a2, 1
2: addi a2, a2, 10
  addi a4, a4, -1
  bnez a4, 1b
  ret
`,
      { 3: 0, 4: 5 },
    );
    expect(machine.a(2)).toBe(54);
  });

  it('jump through a register into the middle of translated code', () => {
    const { machine } = run(`
start:
  movi a2, 1
  beqz a3, 1f
  addi a2, a2, 5
1: addi a2, a2, 7
  bnez a4, 2f
  movi a4, 1
  mov a5, a0
  call0 3f
3: addi a0, a0, -15
  mov a6, a0
  mov a0, a5
  j 1b
2: ret
`);
    expect(machine.a(2)).toBe(15);
  });
});

describe('zero-overhead loops', () => {
  it('run the body as often as they say and cost nothing to close', () => {
    const body = '  add a2, a2, a3\n  addi a3, a3, 1\n';
    const { machine, cycles, instructions } = run(
      `start:\n  .balign 4\n  nop.n\n  loop a4, 1f\n${body}1: ret\n`,
      { 2: 0, 3: 0, 4: 100 },
    );
    expect(machine.a(2)).toBe(4950);
    // The label alignment puts ret where it is fetched at once: nop 1, loop 1, 200, ret 3.
    expect(instructions).toBe(203);
    expect(cycles).toBe(205);
    expect(machine.core.state.special[SR.lcount]).toBe(0);
  });

  it('skip the body for 0 (loopnez) and for negative counts (loopgtz)', () => {
    const source = (mnemonic: string) => `start:\n  ${mnemonic} a4, 1f\n  addi a2, a2, 1\n  nop\n1: ret\n`;
    expect(run(source('loopnez'), { 2: 0, 4: 0 }).machine.a(2)).toBe(0);
    expect(run(source('loopnez'), { 2: 0, 4: 3 }).machine.a(2)).toBe(3);
    expect(run(source('loopgtz'), { 2: 0, 4: -1 }).machine.a(2)).toBe(0);
    expect(run(source('loopgtz'), { 2: 0, 4: 1 }).machine.a(2)).toBe(1);
  });

  it('count 2^32 for loop 0', () => {
    const { machine } = run(
      'start:\n  loop a4, 1f\n  addi a2, a2, 1\n  beqi a2, 10, 2f\n  nop\n1: ret\n2: ret\n',
      { 2: 0, 4: 0 },
    );
    expect(machine.a(2)).toBe(10);
    expect(machine.core.state.special[SR.lcount]).toBe(-10);
  });

  it('survive a branch inside the body, a branch out and a call', () => {
    const { machine } = run(
      `
start:
  mov a9, a0
  movi a2, 0
  loop a4, 3f
  bbci a5, 0, 1f
  addi a2, a2, 10
1: addi a5, a5, 1
  mov a8, a2
  call0 f
  nop
3:
  mov a0, a9
  ret
  .balign 4
f: addi a2, a2, 1
  ret
`,
      { 4: 6, 5: 0 },
    );
    expect(machine.a(2)).toBe(36);
  });

  it('close a loop whose registers were written by hand', () => {
    const { machine } = run(
      `
start:
  movi a5, 3
  wsr.lcount a5
  movi a6, begin
  wsr.lbeg a6
  movi a6, end
  wsr.lend a6
  isync
begin:
  addi a2, a2, 1
  nop
end:
  ret
`,
      { 2: 0 },
    );
    expect(machine.core.state.special[SR.lcount]).toBe(0);
    expect(machine.a(2)).toBe(4);
  });

  it('do not loop back while an exception is being handled (PS.EXCM)', () => {
    const machine = createTestMachine('start:\n  loop a4, 1f\n  addi a2, a2, 1\n  nop\n1: ret\n', {
      ps: 0x50,
    });
    machine.setA(4, 5);
    machine.setA(2, 0);
    machine.run();
    expect(machine.a(2)).toBe(1);
  });
});

describe('calls', () => {
  it('give the return address and come back', () => {
    const { machine } = run(
      `
start:
  mov a9, a0
  call0 f
  mov a8, a0
  mov a0, a9
  ret
  .balign 4
f: addi a2, a2, 5
  ret
`,
      { 2: 1 },
    );
    expect(machine.a(2)).toBe(6);
    expect(machine.a(8)).toBe(machine.symbols.get('start')! + 6);
  });

  it('call through the register that gets the return address', () => {
    const machine = createTestMachine(
      'start:\n  mov a9, a0\n  mov a0, a3\n  callx0 a0\n  mov a0, a9\n  ret\n  .balign 4\nf: movi a2, 42\n  ret\n',
    );
    machine.setA(3, machine.symbols.get('f')!);
    machine.run();
    expect(machine.a(2)).toBe(42);
  });
});

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

describe('interrupts and timers', () => {
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

  it('interrupt a loop that never looks, from outside', () => {
    const machine = withVectors(`start:\n${enable('1')}1: j 1b\n`, { 832: '  movi a7, 55\n2: j 2b' });
    machine.core.runUntil(1000);
    machine.core.setInterruptLines(1);
    machine.core.runUntil(2000);
    expect(machine.a(7)).toBe(55);
  });

  it('count cycles in CCOUNT exactly', () => {
    const { machine } = run(
      'start:\n  .balign 4\n  rsr.ccount a2\n  nop\n  nop\n  quou a5, a6, a7\n  nop\n  rsr.ccount a3\n  ret\n',
      { 6: 291, 7: 7 },
    );
    expect(machine.a(3) - machine.a(2)).toBe(1 + 1 + 1 + 4 + 1);
  });
});

describe('special registers', () => {
  it('keep only the bits that exist', () => {
    const cases = [
      ['sar', 0x3f],
      ['br', 0xffff],
      ['cpenable', 0xff],
      ['windowstart', 0xffff],
      ['exccause', 0x3f],
      ['vecbase', 0xfffffc00],
      ['eps2', 0x70f3f],
      ['misc3', 0xffffffff],
      ['atomctl', 0x3f],
    ] as const;
    for (const [name, mask] of cases) {
      const machine = createTestMachine(`start:\n  wsr.${name} a2\n  rsr.${name} a3\n`);
      machine.setA(2, -1);
      machine.core.step();
      machine.core.step();
      expect(machine.core.state.special, name).toBeDefined();
      expect(machine.a(3) >>> 0, name).toBe(mask);
    }
  });

  it('exchange with xsr', () => {
    const { machine } = run('start:\n  wsr.misc0 a2\n  xsr.misc0 a3\n  rsr.misc0 a4\n  ret\n', {
      2: 11,
      3: 22,
    });
    expect([machine.a(3), machine.a(4)]).toEqual([11, 22]);
  });

  it('tell the cores apart', () => {
    expect(run('start:\n  rsr.prid a2\n  ret\n').machine.a(2)).toBe(0xcdcd);
  });

  it('refuse what cannot be simulated by name', () => {
    expect(() => run('start:\n  rer a2, a3\n  ret\n')).toThrow(/rer at 0x40378000 is not supported/);
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

  it('break by instruction', () => {
    const machine = withVectors('start:\n  break 1, 2\n', { 640: '  nop' });
    machine.core.step();
    expect(machine.core.state.pc).toBe(VECTORS + 0x280);
    expect(machine.core.state.special[SR.debugcause]).toBe(8);
  });
});

describe('memory', () => {
  it('takes unaligned scalar accesses in hardware', () => {
    const { machine } = run(
      'start:\n  s32i a3, a2, 0\n  l32i a4, a2, 0\n  l16ui a5, a2, 0\n  l16si a6, a2, 2\n  s16i a3, a2, 8\n  l8ui a7, a2, 9\n  ret\n',
      {
        2: DATA + 1,
        3: 0x89abcdef | 0,
      },
    );
    expect(machine.a(4)).toBe(0x89abcdef | 0);
    expect(machine.a(5)).toBe(0xcdef);
    expect(machine.a(6)).toBe(0xffff89ab | 0);
    expect(machine.a(7)).toBe(0xcd);
  });

  it('runs code that was written a moment ago', () => {
    // The first round executes movi a2, 1; the loop then stores movi a2, 7 over it.
    const { machine } = run(
      `
start:
  movi a6, 0
1: movi a2, 1
  nop
  add a6, a6, a2
  s8i a5, a4, 2
  memw
  isync
  addi a3, a3, -1
  bnez a3, 1b
  ret
`,
      { 3: 3, 4: 0x40378003, 5: 7 },
    );
    expect(machine.a(6)).toBe(1 + 7 + 7);
  });

  it('compares and stores at once', () => {
    const { machine } = run(
      'start:\n  wsr.scompare1 a3\n  mov a5, a4\n  s32c1i a5, a2, 0\n  mov a6, a4\n  s32c1i a6, a2, 0\n  ret\n',
      {
        2: DATA,
        3: 0,
        4: 99,
      },
    );
    expect([machine.a(5), machine.a(6), machine.word(DATA)]).toEqual([0, 99, 99]);
  });
});
