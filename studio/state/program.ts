/** A program that was dropped on the page or chosen, for the assembler corner: it is there before the corner is loaded. */
import { signal } from '@preact/signals';
import type { NamedFile } from '../worker/protocol.ts';
import type { Dropped } from './drop.ts';

export const givenProgram = signal<NamedFile | undefined>(undefined);

const PROGRAM = /\.(wasm|s|asm)$/i;

/** The program in what was dropped: a WebAssembly module or assembly text by itself. */
export const programOf = ({ files }: Dropped): NamedFile | undefined =>
  files.length === 1 && PROGRAM.test(files[0].name) ? files[0] : undefined;
