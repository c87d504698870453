import { describe, expect, it } from 'vitest';
import { CLEAN, costOfRun } from '../../chip/core/pipeline.ts';
import { type Opcode, opcodeByName } from '../../xtensa/index.ts';
import { latency } from './latency.ts';

const names =
  'add addi l8ui l16ui l16si l32i mull muluh mulsh sll extui moveqz ssi ssx lsi lsx add.s madd.s float.s trunc.s utrunc.s ' +
  'mov.s neg.s wfr rfr moveqz.s movt.s oeq.s ult.s un.s bt beqz s32i';
const opcodes = names.split(' ').map((name) => opcodeByName.get(name)!);
const SHARED = 5;

/** The instruction at a fetch word of its own; register `SHARED` for the operand at `shared`, others apart. */
const instruction = (opcode: Opcode, index: number, shared: number) => ({
  pc: 8 * index,
  next: 8 * index + opcode.length,
  opcode,
  operands: opcode.operands.map((_, at) => (at === shared ? SHARED : 8 + 3 * index + at)),
});

/** Cycles that the simulated pipeline puts between the two when `producer` makes what `consumer` reads. */
function modelled(producer: Opcode, made: number, consumer: Opcode, used: number): number {
  const { issue } = costOfRun([instruction(producer, 0, made), instruction(consumer, 1, used)], {
    ...CLEAN,
    ahead: 2, // both are fetched
  });
  return issue[1] - issue[0];
}

describe('latency', () => {
  for (const producer of opcodes) {
    const made = producer.operands.findIndex(({ kind, dir }) => kind === 'register' && dir !== 'in');
    if (made < 0) continue;
    const { regfile } = producer.operands[made];
    it(`of ${producer.name} is the simulated pipeline's`, () => {
      for (const consumer of opcodes) {
        const used = consumer.operands.findIndex(
          (operand) => operand.regfile === regfile && operand.dir !== 'out',
        );
        if (used < 0) continue;
        const pair = `${producer.name}, ${consumer.name}`;
        expect([pair, latency(producer.name, consumer.name, false)]).toEqual([
          pair,
          modelled(producer, made, consumer, used),
        ]);
      }
    });
  }

  it('of a literal is that of a load', () => {
    expect(latency('movi', 'add', true)).toBe(2);
    expect(latency('movi', 'add', false)).toBe(1);
  });
});
