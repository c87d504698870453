/** Translations of an earlier run: they are used where the code is the same, and nowhere else. */
import { describe, expect, it } from 'vitest';
import { CODE, createTestMachine, DATA } from './test-machine.ts';

const source = (step: number) => `
start:
  movi a4, 0
  movi a5, 1000
1: beqz a5, 2f
  l32i a6, a2, 0
  add a4, a4, a6
  addi a4, a4, ${step}
  s32i a4, a2, 0
  addi a5, a5, -1
  j 1b
2: movi a7, 0x12345678
  add a4, a4, a7
  ret
`;

function tell(step: number, earlier?: Uint8Array) {
  const machine = createTestMachine(source(step));
  if (earlier) machine.core.offerTranslations(earlier);
  machine.setA(2, DATA);
  const counts = machine.run();
  return { counts, a4: machine.a(4), kept: machine.core.keepTranslations() };
}

describe('kept translations', () => {
  it('do the same in a later run, which then makes none', () => {
    const first = tell(1);
    const second = tell(1, first.kept);
    expect(first.kept).toBeDefined();
    expect(second.kept).toBeUndefined();
    expect([second.counts, second.a4]).toEqual([first.counts, first.a4]);
  });

  it('are not used for other code at the same address', () => {
    const other = tell(2, tell(1).kept);
    expect(other.a4).toBe(tell(2).a4);
    expect(other.a4).not.toBe(tell(1).a4);
    expect(other.kept).toBeDefined();
  });

  it('are not used any more once the code was written over', () => {
    const earlier = tell(1).kept!;
    const machine = createTestMachine(source(1));
    machine.core.offerTranslations(earlier);
    machine.setA(2, DATA);
    machine.run();
    const changed = createTestMachine(source(2));
    const [begin] = [machine.symbols.get('start')!];
    machine.bus.load(
      begin,
      Uint8Array.from({ length: 48 }, (_, index) => changed.bus.read8(begin + index)),
    );
    machine.setA(2, DATA);
    machine.setWord(DATA, 0);
    machine.run();
    expect(machine.a(4)).toBe(tell(2).a4);
  });

  it('of other surroundings are refused', () => {
    const { kept } = tell(1);
    const text = new TextDecoder('latin1').decode(kept).replace('$X.raise', '$X.other');
    const other = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const { kept: made, a4 } = tell(1, other);
    expect(made).toBeDefined();
    expect(a4).toBe(tell(1).a4);
  });

  it('of code in a loop are made once with the loop, and not for one that is over', () => {
    const bytes = (first: 'loop' | 'nop') => {
      const machine = createTestMachine(
        `start:\n  movi a6, 1f\n  ${first === 'loop' ? 'loop a4, 2f' : 'nop'}\n  jx a6\n1: nop\n2: ret\n`,
      );
      machine.setA(4, 1);
      machine.run();
      return machine.core.keepTranslations()!.length;
    };
    expect(Math.abs(bytes('loop') - bytes('nop'))).toBeLessThan(400);
  });

  it('hold no code behind a return', () => {
    const bytes = (behind: string) => {
      const machine = createTestMachine(`start:\n  movi a4, 1\n  ret\n${behind}`);
      machine.run();
      return machine.core.keepTranslations()!.length;
    };
    expect(bytes('  movi a5, 7\n'.repeat(20))).toBe(bytes(''));
  });

  it('that looked for code which is not there are used as long as it is not', () => {
    const tellOf = (earlier?: Uint8Array, isThere = false) => {
      const machine = createTestMachine(
        'start:\n  bnez a4, 1f\n  l32r a5, . - 0x8003\n  j . + 0x18000\n1: ret\n',
      );
      if (isThere) machine.bus.provide(CODE + 0x18000, 16);
      if (earlier) machine.core.offerTranslations(earlier);
      machine.setA(4, 1);
      machine.run();
      return machine.core.keepTranslations();
    };
    const first = tellOf();
    expect(first).toBeDefined();
    expect(tellOf(first)).toBeUndefined();
    expect(tellOf(first, true)).toBeDefined();
  });
});
