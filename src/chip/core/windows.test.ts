import { describe, expect, it } from 'vitest';
import { builtInCode } from '../exec/handlers.ts';
import { SR } from './state.ts';
import { CODE, createTestMachine, HALT, STACK } from './test-machine.ts';

const VECTORS = 0x40390000;

/** A machine whose window vectors are the standard handlers. */
function windowed(source: string) {
  const machine = createTestMachine(source);
  machine.bus.load(VECTORS, builtInCode());
  machine.core.state.special[SR.vecbase] = VECTORS;
  machine.core.state.special[SR.windowstart] = 1;
  machine.setWord(STACK - 12, STACK + 128);
  return machine;
}

/** sum(n) = n + sum(n - 1), with the frames of each call size. */
const recursion = (size: 4 | 8 | 12) => `
start:
  mov a${size + 2}, a2
  mov a3, a0
  call${size} sum
  mov a2, a${size + 2}
  mov a0, a3
  ret
  .balign 4
sum:
  entry a1, 64
  movi a3, 77
  beqz a2, 1f
  addi a${size + 2}, a2, -1
  call${size} sum
  add a2, a2, a${size + 2}
1:
  movi a4, 77
  bne a3, a4, bad
  retw
bad:
  ill
`;

describe('register windows', () => {
  for (const size of [4, 8, 12] as const) {
    it(`survive recursion 200 deep through call${size}, spilling and reloading`, () => {
      const machine = windowed(recursion(size));
      machine.setA(2, 200);
      machine.run();
      expect(machine.a(2)).toBe((200 * 201) / 2);
      expect(machine.core.state.special[SR.windowbase]).toBe(0);
      expect(machine.core.state.special[SR.windowstart]).toBe(1);
    });
  }

  it('mix frame sizes', () => {
    const machine = windowed(`
start:
  mov a10, a2
  mov a3, a0
  call8 f
  mov a2, a10
  mov a0, a3
  ret
  .balign 4
f:
  entry a1, 48
  beqz a2, 1f
  addi a6, a2, -1
  call4 g
  add a2, a2, a6
1: retw
  .balign 4
g:
  entry a1, 48
  beqz a2, 1f
  addi a14, a2, -1
  call12 f
  add a2, a2, a14
1: retw
`);
    machine.setA(2, 101);
    machine.run();
    expect(machine.a(2)).toBe((101 * 102) / 2);
  });

  it('cost 7.5 cycles on average for call8, entry and retw.n without a spill (ALICE: 7.5)', () => {
    const calls = Array.from({ length: 64 }, () => '  call8 f\n').join('');
    const machine = windowed(
      `start:\n  mov a3, a0\n${calls}  mov a0, a3\n  ret\n  .balign 4\nf: entry a1, 32\n  retw.n\n`,
    );
    const { cycles, instructions } = machine.run();
    expect(instructions).toBe(3 + 3 * 64);
    // mov, mov and ret cost 1 + 1 + 3.
    expect((cycles - 5) / 64).toBeGreaterThanOrEqual(7.25);
    expect((cycles - 5) / 64).toBeLessThanOrEqual(7.75);
  });

  it('cost 35 cycles for an overflow and an underflow of 8 registers (ALICE: 35)', () => {
    const chain = (depth: number) => {
      const functions = Array.from(
        { length: depth },
        (_, index) =>
          `  .balign 4\nframe${index}: entry a1, 32\n${index + 1 < depth ? `  call8 frame${index + 1}\n` : ''}  retw.n\n`,
      );
      const machine = windowed(
        `start:\n  mov a3, a0\n  call8 frame0\n  mov a0, a3\n  ret\n${functions.join('')}`,
      );
      return machine.run().cycles;
    };
    // Eight frames of 8 registers are in the file at once; each further one spills one and reloads it.
    const perFrame = (chain(24) - chain(12)) / 12;
    expect(perFrame - 7.5).toBeGreaterThanOrEqual(34);
    expect(perFrame - 7.5).toBeLessThanOrEqual(36);
  });

  it('refuse entry without windows and retw to a frame that never was', () => {
    const machine = windowed('start: entry a1, 32\n');
    machine.core.state.special[SR.ps] = 0x20;
    machine.core.stateChanged();
    machine.core.step();
    expect(machine.core.state.pc).toBe(VECTORS + 0x340);
    expect([machine.core.state.special[SR.exccause], machine.core.state.special[SR.epc1]]).toEqual([0, CODE]);

    const other = windowed('start: movi a0, 0\n  retw\n');
    other.core.step();
    other.core.step();
    expect(other.core.state.pc).toBe(VECTORS + 0x340);
    expect(other.core.state.special[SR.exccause]).toBe(0);
  });

  it.each([1, 2, 3])('let movsp through when the caller is %i windows back', (back) => {
    const machine = windowed('start: movsp a1, a2\n');
    machine.core.state.special[SR.windowbase] = 6;
    machine.core.state.special[SR.windowstart] = (1 << 6) | (1 << (6 - back));
    machine.core.stateChanged();
    machine.setA(2, 0x1234);
    machine.core.step();
    expect(machine.a(1)).toBe(0x1234);
  });

  it('raise alloca in movsp when the nearest frame is four windows back, which no call makes', () => {
    const machine = windowed('start: movsp a1, a2\n');
    machine.core.state.special[SR.windowbase] = 6;
    machine.core.state.special[SR.windowstart] = (1 << 6) | (1 << 2);
    machine.core.stateChanged();
    machine.core.step();
    expect(machine.core.state.special[SR.exccause]).toBe(5);
  });

  it('raise alloca in movsp when the caller is in memory', () => {
    const machine = windowed('start: movsp a1, a2\n');
    machine.core.state.special[SR.windowbase] = 4;
    machine.core.state.special[SR.windowstart] = 1 << 4;
    machine.core.stateChanged();
    machine.core.step();
    expect(machine.core.state.special[SR.exccause]).toBe(5);

    const resident = windowed('start: movsp a1, a2\n');
    resident.core.state.special[SR.windowbase] = 4;
    resident.core.state.special[SR.windowstart] = (1 << 4) | (1 << 2);
    resident.core.stateChanged();
    resident.setA(2, 0x1234);
    resident.core.step();
    expect(resident.a(1)).toBe(0x1234);
  });

  it('rotw turns the window, and a touched register of an older frame overflows', () => {
    const machine = windowed('start: rotw 2\n  movi a2, 5\n  movi a13, 1\n');
    machine.core.state.special[SR.windowstart] = (1 << 0) | (1 << 5) | (1 << 6);
    machine.core.stateChanged();
    machine.core.step();
    machine.core.step();
    expect(machine.core.state.special[SR.windowbase]).toBe(2);
    expect(machine.core.state.ar[10]).toBe(5);
    machine.core.step();
    // a13 lies in window 5, a frame of 4 registers: its overflow handler runs with that window as the current one.
    expect(machine.core.state.pc).toBe(VECTORS);
    expect(machine.core.state.special[SR.windowbase]).toBe(5);
    expect(machine.core.state.special[SR.ps] & 0xf10).toBe(0x210);
  });

  it('ends where it began when nothing happens', () => {
    expect(windowed('start: ret\n').run().instructions).toBe(1);
    expect(HALT).toBe(0x40300000);
  });
});
