import { describe, expect, it } from 'vitest';
import { assembleText } from '../../xtensa/index.ts';
import { createFlatBus } from '../bus/flat-bus.ts';
import { createCore } from './core.ts';
import { SR } from './state.ts';
import { CODE, createTestMachine, DATA, runProgram as run } from './test-machine.ts';
import { slotOf } from './wasm/dispatch.ts';

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

  it('loop back where their body is entered in its middle, first as none is on, then in one', () => {
    const { machine, cycles } = run(
      `
start:
  movi a6, middle
  movi a7, again
  movi a2, 0
  jx a6
again:
  movi a7, last
  loop a4, end
  jx a6
middle:
  addi a2, a2, 1
end:
  jx a7
last:
  ret
`,
      { 4: 5 },
    );
    expect(machine.a(2)).toBe(1 + 5);
    const spent = [...machine.core.cyclesByCode().values()].reduce((sum, spent) => sum + spent, 0);
    expect(spent).toBe(cycles + 1); // the simulator call that ends it
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
    expect(createCore({ bus: createFlatBus(0x10000), core: 1 }).state.special[SR.prid]).toBe(0xabab);
  });

  it('refuse what cannot be simulated by name', () => {
    expect(() => run('start:\n  rfdo 0\n')).toThrow(/rfdo at 0x40378000 is not supported/);
  });

  it('reads external registers as they are without a debugger', () => {
    expect(run('start:\n  movi a2, -1\n  wer a2, a3\n  rer a2, a3\n  ret\n').machine.a(2)).toBe(0);
  });
});

describe('one step', () => {
  it('leaves what follows as it would be without', () => {
    const executed = (steps: number) => {
      const machine = createTestMachine('start:\n1: l32i a3, a2, 0\n  add a4, a3, a3\n  j 1b\n');
      machine.setA(2, DATA);
      for (let step = 0; step < steps; step++) machine.core.step();
      machine.core.runUntil(6_000);
      return machine.core.instructions;
    };
    expect(Math.abs(executed(3) - executed(0))).toBeLessThanOrEqual(3);
  });
});

describe('cycles by the code that spent them', () => {
  it('add up to all, also of code that is written over', () => {
    const { machine, cycles } = run(
      'start:\n  mov a9, a0\n1: call0 f\n  addi a3, a3, -1\n  bnez a3, 1b\n  mov a0, a9\n  ret\n  .balign 4\nf: ret\n',
      { 3: 100 },
    );
    const spent = () => [...machine.core.cyclesByCode().values()].reduce((sum, cycles) => sum + cycles, 0);
    expect(spent()).toBe(cycles + 1); // the simulator call that ends it
    // The return leads to an instruction across two fetch words.
    expect(machine.core.cyclesByCode().get(machine.symbols.get('f')!)).toBe(4 * 100);
    machine.bus.load(CODE, new Uint8Array(3));
    expect(spent()).toBe(cycles + 1);
  });

  it('are told apart where two pieces of code take turns in one slot', () => {
    const AWAY = 0x4002;
    const { machine, cycles } = run(
      `start:
  mov a9, a0
  movi a4, f
  movi a5, f + ${AWAY}
1: callx0 a4
  callx0 a5
  addi a3, a3, -1
  bnez a3, 1b
  mov a0, a9
  ret
  .balign 16
f: ret
  .org f + ${AWAY}
  nop
  ret
`,
      { 3: 50 },
    );
    const by = machine.core.cyclesByCode();
    const first = machine.symbols.get('f')!;
    expect(slotOf(first, 0)).toBe(slotOf(first + AWAY, 0));
    expect([...by.values()].reduce((sum, spent) => sum + spent, 0)).toBe(cycles + 1);
    // The other executes one more, and is across two fetch words.
    expect([first, first + AWAY].map((at) => by.get(at)! / 50)).toEqual([3, 5]);
  });
});

describe('a simcall', () => {
  it('reads and writes the registers that are visible where it stands', () => {
    const bus = createFlatBus(0x100000);
    bus.load(CODE, assembleText('simcall', { exact: true }).sections[0].bytes);
    const core = createCore({
      bus,
      core: 0,
      simcall(registers, pc) {
        registers.set(5, registers.get(3) + pc);
        return CODE + 64;
      },
    });
    core.state.special[SR.windowbase] = 3;
    core.state.special[SR.windowstart] = 1 << 3;
    core.state.ar[4 * 3 + 3] = 7;
    core.state.pc = CODE;
    core.stateChanged();
    core.step();
    expect(core.state.ar[4 * 3 + 5]).toBe(CODE + 7);
    expect(core.state.pc).toBe(CODE + 64);
  });
});
