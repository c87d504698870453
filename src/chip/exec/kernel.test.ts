import { describe, expect, it } from 'vitest';
import { assembleFile } from '../../xtensa/index.ts';
import { executeElf } from './exec.ts';
import { runKernel } from './kernel.ts';
import { parseRegisters } from './registers.ts';

const BASE = 0x40378000;
const built = (source: string) => assembleFile(source, { base: BASE });
const run = (source: string, registers = '', more = {}) =>
  runKernel(built(source).elf(), { registers: parseRegisters(registers), ...more });
const named = ({ registers }: ReturnType<typeof run>, name: string) =>
  registers.find((register) => register.name === name);

describe('a kernel', () => {
  it('returns, and leaves what it made in registers', () => {
    const found = run(' add a2, a2, a3\n ret\n', 'a2 = 40, a3=2');
    expect(found.exitCode).toBeUndefined();
    expect(found.registers.map(({ name, value }) => `${name}=${value}`)).toEqual(['a2=42']);
    // add, ret and what the return cancels.
    expect([found.instructions, found.cycles]).toEqual([2, 4]);
  });

  it('takes arguments and gives results behind entry and retw, too', () => {
    expect(named(run(' entry a1, 32\n sub a2, a2, a3\n retw\n', 'a2=5 a3=7'), 'a2')?.value).toBe('-2');
  });

  it('shows floats, vectors and accumulators', () => {
    const found = run(
      ' add.s f2, f0, f1\n ee.zero.accx\n ee.vmulas.s8.accx q0, q1\n ee.zero.qacc\n ee.vmulas.s8.qacc q0, q1\n ret\n',
      'f0=1.5 f1=-0.25 q0=0x0202 q1=0x03fe',
    );
    expect(named(found, 'f2')).toEqual({ name: 'f2', bits: '3fa00000', value: '1.25' });
    expect(named(found, 'accx')?.value).toBe('2');
    expect(named(found, 'qacc_l')?.bits.endsWith('00006ffffc')).toBe(true);
    expect(named(found, 'q0')).toBeUndefined();
  });

  it('is a program where it calls exit: with the cycles that exec counts', () => {
    const source =
      '_start:\n movi a4, 100\n1: addi a4, a4, -1\n bnez a4, 1b\n movi a2, 1\n movi a3, 7\n simcall\n';
    const { exitCode, cycles, instructions } = run(source);
    expect({ exitCode, cycles, instructions }).toEqual(executeElf(built(source).elf()));
  });

  it('says where each cycle went, of as many instructions as it may', () => {
    const source = ' movi a4, 100\n1: addi a4, a4, -1\n bnez a4, 1b\n ret\n';
    const whole = run(source);
    const sum = whole.explained.lines.reduce((total, { cycles }) => total + cycles, 0);
    expect([sum, whole.explained.instructions]).toEqual([whole.cycles, whole.instructions]);
    const part = run(source, '', { maxExplained: 21 });
    expect(part.explained.instructions).toBe(21);
    expect(part.cycles).toBe(whole.cycles);
  });

  it('begins behind its literals, and says which line an instruction comes from', () => {
    const file = built('# a constant\n movi a2, 0x12345678\n ret\n');
    expect(file.entry).toBe(BASE + 4);
    expect(file.lines().map(({ line, text }) => `${line} ${text.split('\t')[0]}`)).toEqual([
      'undefined .word',
      '2 l32r',
      '3 ret.n',
    ]);
    expect(named(runKernel(file.elf()), 'a2')?.bits).toBe('12345678');
  });

  it('says in a sentence that it does not end, or waits', () => {
    expect(() => run('1: j 1b\n', '', { maxCycles: 1e6 })).toThrow(
      'did not end within 1,000,000 cycles; it is at 0x40378000',
    );
    expect(() => run(' waiti 0\n ret\n')).toThrow('waits at');
  });

  it('says in a sentence what sets no register', () => {
    expect(() => parseRegisters('a2=five')).toThrow('"a2=five" sets no register');
    expect(() => parseRegisters('a2=1.5')).toThrow('a2 holds whole numbers, and 1.5 is none');
    expect(() => run(' ret\n', 'q8=1')).toThrow('there is no register q8');
    expect(() => run(' ret\n', 'a1=1')).toThrow('a1 is taken');
    expect(() => run(' entry a1, 32\n retw\n', 'a9=1')).toThrow('a9 is not the caller');
  });
});
