/** Registers as typed constants: the type checker knows which file an instruction wants. */
import type { RegisterFile } from './table.ts';

export interface Register<File extends RegisterFile = RegisterFile> {
  readonly file: File;
  readonly number: number;
  /** As in assembly text: `a3`, `q0`. */
  readonly name: string;
  /** What the register holds, where a pool gave it out; shown in listings. */
  readonly alias?: string;
}

export type AR = Register<'AR'>;
export type MR = Register<'MR'>;
export type BR = Register<'BR'>;
/** Four consecutive booleans, named by the first: b0, b4, b8, b12. */
export type BR4 = Register<'BR'>;
/** Eight consecutive booleans, named by the first: b0, b8. */
export type BR8 = Register<'BR'>;
export type FR = Register<'FR'>;
export type QR = Register<'QR'>;

/** A place in the code: a label of this assembler, or the name of a symbol (a local one, or one the linker knows). */
export interface Label {
  readonly kind: 'label';
  readonly name: string;
}

/** Where a branch, call or l32r goes: a label, a symbol's name, or an absolute address. */
export type Target = Label | string | number;

function bank<File extends RegisterFile>(file: File, prefix: string, count: number): Register<File>[] {
  return Array.from({ length: count }, (_, number) => ({ file, number, name: `${prefix}${number}` }));
}

export const aRegisters: readonly AR[] = bank('AR', 'a', 16);
export const mRegisters: readonly MR[] = bank('MR', 'm', 4);
export const bRegisters: readonly BR[] = bank('BR', 'b', 16);
export const fRegisters: readonly FR[] = bank('FR', 'f', 16);
export const qRegisters: readonly QR[] = bank('QR', 'q', 8);

export const [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15] = aRegisters;
export const sp = a1;
export const [m0, m1, m2, m3] = mRegisters;
export const [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15] = bRegisters;
export const [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15] = fRegisters;
export const [q0, q1, q2, q3, q4, q5, q6, q7] = qRegisters;

/** Letter of a register file in assembly text. */
export const filePrefixes: Readonly<Record<RegisterFile, string>> = {
  AR: 'a',
  MR: 'm',
  BR: 'b',
  BR4: 'b',
  BR8: 'b',
  BR16: 'b',
  FR: 'f',
  QR: 'q',
};

const byName = new Map<string, Register>(
  [aRegisters, mRegisters, bRegisters, fRegisters, qRegisters]
    .flat()
    .map((register): [string, Register] => [register.name, register]),
);
byName.set('sp', a1);

/** The register of that name (`a3`, `sp`, `q0`, ...), or undefined. */
export function registerByName(name: string): Register | undefined {
  return byName.get(name.toLowerCase());
}
