/** For tests of what instructions cost: cycles of code that is run for its time alone. */
import { createTestMachine, DATA, type TestMachine } from './test-machine.ts';

/** A line, as often as that. */
export const repeat = (count: number, line: string | ((index: number) => string)) =>
  Array.from({ length: count }, (_, index) => `  ${typeof line === 'string' ? line : line(index)}\n`).join(
    '',
  );

/** Registers set before a program runs. */
export const prepare = (machine: TestMachine, registers: Readonly<Record<number, number>>) => {
  for (const [index, value] of Object.entries(registers)) machine.setA(Number(index), value);
  return machine;
};

/** A loop counter or pointer in every register that a ladder may use. */
const pointers = { 2: DATA, 3: DATA + 256, 4: 291, 5: 7, 8: DATA, 9: DATA + 512 };

/** Cycles of a body alone: the program with it less the program without. */
export function bodyCycles(body: string, before = ''): number {
  const program = (inner: string) =>
    prepare(createTestMachine(`start:\n${before}  .balign 4\n${inner}  .balign 4\n  ret\n`), pointers);
  return program(body).run().cycles - program('').run().cycles;
}

/** Average per instruction of a ladder of 256. */
export const ladder = (line: string | ((index: number) => string), before = '') =>
  bodyCycles(repeat(256, line), before) / 256;

/** Cycles per iteration of a hardware loop of 256. */
export function loopCycles(body: string, before = '', align = 4): number {
  const program = (iterations: number) =>
    `start:\n  movi a15, ${iterations}\n${before}  .balign ${align}\n  nop.n\n  loopnez a15, 1f\n${body}1:\n  ret\n`;
  const cycles = (iterations: number) =>
    prepare(createTestMachine(program(iterations)), pointers).run().cycles;
  return (cycles(256) - cycles(0) + 2) / 256;
}
