import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createExplainer, type ExplainedLine } from './explain.ts';
import { CODE, createTestMachine, DATA, HALT, withVectors } from './test-machine.ts';

interface Explained {
  /** What the run takes in one go. */
  readonly whole: number;
  /** By its steps, the call of the simulator at the end aside. */
  readonly lines: readonly ExplainedLine[];
}

const POINTERS: Readonly<Record<number, number>> = { 2: DATA, 3: DATA + 256, 8: DATA + 512, 9: DATA + 1024 };

function explain(source: string): Explained {
  const prepared = () => {
    const machine = createTestMachine(source);
    for (const [index, value] of Object.entries(POINTERS)) machine.setA(Number(index), value);
    return machine;
  };
  const whole = prepared().run().cycles;
  const { core, bus, symbols } = prepared();
  core.state.pc = symbols.get('start') ?? CODE;
  const explainer = createExplainer(core, bus);
  for (let steps = 0; core.state.pc !== HALT && steps < 100_000; steps++) explainer.step();
  return { whole, lines: explainer.lines() };
}

const sum = (lines: readonly ExplainedLine[]): number =>
  lines.reduce((total, { cycles }) => total + cycles, 0);
/** `reason register cycles` of an instruction, by its number in the code. */
const extrasOf = ({ lines }: Explained, index: number): string[] =>
  lines[index].extras.map(({ reason, register, cycles }) =>
    [reason, register, cycles].filter(Boolean).join(' '),
  );

describe('where the cycles go', () => {
  it('names the register that a load keeps waiting', () => {
    const found = explain('start:\n l32i a4, a2, 0\n addi a4, a4, 1\n ret\n');
    expect(extrasOf(found, 1)).toEqual(['result a4 1']);
    expect(sum(found.lines)).toBe(found.whole);
  });

  it('sees three cycles between dependent multiply-adds, in a loop, too', () => {
    const found = explain(
      'start:\n .align 4\n movi a4, 10\n nop.n\n loop a4, 1f\n madd.s f1, f2, f3\n nop.n\n1:\n ret\n',
    );
    const line = found.lines.find(({ extras }) => extras.some(({ register }) => register === 'f1'))!;
    expect(line.times).toBe(10);
    // Two of the three behind the nop, from the second round on.
    expect(line.extras).toEqual([{ reason: 'result', register: 'f1', cycles: 2 * 9 }]);
    expect(sum(found.lines)).toBe(found.whole);
  });

  it('counts what a taken branch cancels, and a quotient', () => {
    const found = explain(
      'start:\n .align 4\n movi a4, 291\n movi a5, 7\n quou a6, a4, a5\n1: addi a4, a4, -97\n bnez a4, 1b\n ret\n',
    );
    expect(extrasOf(found, 2)).toEqual(['divide 3']);
    const branch = found.lines.find(({ times, extras }) => times === 3 && extras.length > 0)!;
    expect(branch.extras[0]).toEqual({ reason: 'taken', register: undefined, cycles: 4 });
    expect(sum(found.lines)).toBe(found.whole);
  });

  it('finds all of them in a loop whose body a call comes back to', () => {
    const found = explain(
      'start:\n mov a12, a0\n movi a4, 5\n loop a4, 1f\n call0 f\n l32i a6, a2, 0\n add a7, a6, a6\n1:\n mov a0, a12\n ret\n .align 4\nf: ret\n',
    );
    expect(found.lines.map(({ times }) => times)).toEqual([1, 1, 1, 5, 5, 5, 1, 1, 5]);
    expect(sum(found.lines)).toBe(found.whole);
  });

  it('says that code which is read as data is not there to be fetched', () => {
    const found = explain(
      ` j start\n .align 4\nword: .word 1\nstart:\n${' l32r a6, word\n'.repeat(32)} ret\n`,
    );
    expect(found.lines.flatMap(({ extras }) => extras.map(({ reason }) => reason))).toContain('fetch');
    expect(sum(found.lines)).toBe(found.whole);
  });

  it('counts an exception for the instruction that it keeps from happening, and nothing besides', () => {
    const machine = withVectors('start:\n nop\n l32i a2, a3, 0\n nop\n ret\n', {
      832: ' rsr.epc1 a14\n addi a14, a14, 3\n wsr.epc1 a14\n rfe',
    });
    machine.setA(3, 0x1000);
    const { core, bus, symbols } = machine;
    core.state.pc = symbols.get('start') ?? CODE;
    const explainer = createExplainer(core, bus);
    const before = core.cycles;
    for (let steps = 0; core.state.pc !== HALT && steps < 100; steps++) explainer.step();
    const lines = explainer.lines();
    expect(lines).toHaveLength(4 + 4);
    const stalls = lines
      .flatMap(({ extras }) => extras)
      .filter(({ reason }) => reason === 'result' || reason === 'fetch');
    expect(sum(lines) - stalls.reduce((all, { cycles }) => all + cycles, 0)).toBe(core.cycles - before);
    const [call] = lines.filter(({ extras }) => extras.some(({ reason }) => reason === 'exception'));
    expect(call).toMatchObject({ address: CODE + 3, times: 1, cycles: 6 });
    expect(call.extras).toEqual([{ reason: 'exception', register: undefined, cycles: 6 }]);
  });

  const plain = [
    'add a4, a5, a6',
    'add.n a4, a5, a6',
    'l32i a5, a2, 4',
    'l32i.n a6, a2, 8',
    's32i a5, a3, 0',
    'mull a5, a5, a6',
    'quou a6, a5, a11',
    'madd.s f1, f2, f3',
    'mul.s f2, f1, f3',
    'add.s f3, f1, f2',
    'lsi f2, a2, 12',
    'wfr f3, a5',
    'rfr a6, f2',
    'nop',
    'nop.n',
    'isync',
    'ee.vld.128.ip q0, a8, 16',
    'ee.vld.128.ip q1, a8, 0',
    'ee.vst.128.ip q0, a9, 0',
    'ee.vmulas.s8.accx q0, q1',
    'ee.vadds.s8 q2, q0, q1',
    'ee.zero.accx',
    'rur.accx_0 a5',
    'l32r a6, word',
    'extui a5, a6, 3, 4',
    'movi a5, 77',
  ] as const;
  const body = fc.array(fc.constantFrom(...plain), { minLength: 1, maxLength: 8 });
  const shapes: readonly ((body: string, id: number) => string)[] = [
    (code) => code,
    (code, id) => ` movi a7, 3\n loop a7, e${id}\n${code} nop\ne${id}:\n`,
    (code, id) => `${code} movi a7, 3\n loop a7, e${id}\n mul.s f1, f1, f2\ne${id}:\n`,
    (code, id) => ` movi a7, 3\nb${id}:\n${code} addi a7, a7, -1\n bnez a7, b${id}\n`,
    (code, id) => ` bltui a5, 5, s${id}\n${code}s${id}:\n`,
    (code, id) => ` beqz a6, s${id}\n${code} j t${id}\ns${id}:\n${code}t${id}:\n`,
    (code, id) =>
      ` mov a12, a0\n call0 f${id}\n mov a0, a12\n j t${id}\n .align 4\nf${id}:\n${code} ret\nt${id}:\n`,
    (code, id) =>
      ` j t${id}\n .align 4\nf${id}: entry a1, 32\n movi a8, 0x3fca0200\n mov a9, a8\n mov a2, a8\n mov a3, a8\n movi a11, 7\n${code} retw\nt${id}: call8 f${id}\n movi a8, 0x3fca0200\n mov a9, a8\n movi a11, 3\n`,
  ];
  const program = fc
    .array(fc.tuple(fc.constantFrom(...shapes), body), { minLength: 1, maxLength: 7 })
    .map((parts) =>
      parts.map(([shape, lines], id) => shape(lines.map((line) => ` ${line}\n`).join(''), id)).join(''),
    );

  it('adds up to what the run takes in one go', () => {
    fc.assert(
      fc.property(program, (code) => {
        const { whole, lines } = explain(
          ` j start\n .align 4\nword: .word 1\nstart:\n movi a11, 3\n movi a5, 9\n movi a6, 0\n${code} ret\n`,
        );
        expect(sum(lines)).toBe(whole);
        for (const line of lines)
          expect(line.cycles).toBe(line.times + line.extras.reduce((total, { cycles }) => total + cycles, 0));
      }),
      { numRuns: 30 },
    );
  });
});
