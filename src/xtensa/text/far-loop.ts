/** Loops whose body is longer than the 256 bytes that the loop instruction's own field reaches. */
import type { Expression } from '../expression.ts';
import { append, type FitItem, type PendingItem } from '../items.ts';
import { appendInstruction, defineLabel, type Program, uniqueName } from '../program.ts';
import { opcodeNamed } from '../select.ts';
import type { SourcePlace } from '../source-place.ts';
import type { Opcode } from '../table.ts';

/**
 * A loop instruction of text. Where `isFar`, it is written out as GNU as does (gas, config/xtensa-relax.c): the loop ends before its
 * body, which sets LBEG to where it is, LEND to the end from a literal, and puts the counter back into its register.
 */
export function appendLoop(
  program: Program,
  opcode: Opcode,
  [register, end]: readonly Expression[],
  place: SourcePlace,
  { number, isFar }: { number: number; isFar: boolean },
): void {
  const put = (name: string, ...operands: Expression[]) =>
    appendInstruction(program, opcodeNamed(name), operands, place);
  if (!isFar) {
    put(opcode.name, register, end);
    (program.current.items.at(-1) as PendingItem).loop = number;
    return;
  }
  const { items } = program.current;
  const checks = ['beqz', 'bltz'].slice(0, ['loop', 'loopnez', 'loopgtz'].indexOf(opcode.name));
  const far = { offset: 3 * checks.length, items: 0, end };
  append<FitItem>(program.current, { kind: 'fit', purpose: 'loop', far, place }, 2);
  const start = items.length;
  const body = uniqueName(program, 'loop_body');
  const exactly = (...lines: [name: string, ...operands: Expression[]][]) => {
    program.exact = true;
    for (const line of lines) put(...line);
    program.exact = false;
  };
  exactly(
    ...checks.map((name): [string, Expression, Expression] => [name, register, end]),
    [opcode.name, register, { symbol: body }],
    ['rsr.lend', register],
    ['wsr.lbeg', register],
  );
  put('movi', register, end);
  exactly(
    ['nop'],
    ['wsr.lend', register],
    ['isync'],
    ['rsr.lcount', register],
    ['addi', register, register, 1],
  );
  defineLabel(program, body, place);
  far.items = items.length - start;
}
