/** The CALL0 calling convention of the ESP32-S3 (Xtensa ABI): where arguments and results travel. */
import type { AbiType, Signature } from '../middle/ir.ts';
import { F0 } from './machine.ts';

/** A register number (a2...a7), or a byte offset in the caller's outgoing area. */
export type Location = { readonly reg: number } | { readonly stack: number };

export interface Placement {
  /** One location per word. */
  readonly words: readonly Location[];
  /** Bytes on the stack. */
  readonly stackBytes: number;
}

const FIRST_ARGUMENT = 2;

/** Assigns words in order; pairs start at an even word; once one does not fit, the rest goes to the stack. */
function place(types: readonly AbiType[], registers: number): Placement {
  const words: Location[] = [];
  let next = 0;
  for (const type of types) {
    const size = type === 'l' ? 2 : 1;
    if (size === 2) next += next & 1;
    if (next < registers && next + size > registers) next = registers;
    for (let i = 0; i < size; i++, next++)
      words.push(next < registers ? { reg: FIRST_ARGUMENT + next } : { stack: 4 * (next - registers) });
  }
  return { words, stackBytes: 4 * Math.max(0, next - registers) };
}

export function placeArguments(types: readonly AbiType[]): Placement {
  return place(types, 6);
}

/** Results in a2...a5; further ones where the arguments on the stack were. */
export function placeResults(types: readonly AbiType[]): Placement {
  return place(types, 4);
}

/** Runtime routines: single words, all in registers. */
export function plainSignature(words: number, results: number): Signature {
  return { params: new Array<AbiType>(words).fill('i'), results: new Array<AbiType>(results).fill('i') };
}

/** Numbers of the address and float registers in a list such as `a2-a6 f0 q0-q7 sar`; the rest holds no values here. */
export function registersIn(list: string): number[] {
  return list.split(' ').flatMap((part) => {
    const range = /^([af])(\d+)(?:-\1(\d+))?$/.exec(part);
    if (!range) return [];
    const [file, first] = [range[1] === 'f' ? F0 : 0, Number(range[2])];
    return Array.from({ length: Number(range[3] ?? first) - first + 1 }, (_, i) => file + first + i);
  });
}
