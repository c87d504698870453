/** The CALL0 calling convention of the ESP32-S3 (Xtensa ABI): where arguments and results travel. */
import type { AbiType, Signature } from '../middle/ir.ts';

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
