/** Machine code before it has an address: what assembler and compiler hand to the linker. */

/**
 * What to patch: `abs32` a 32-bit data word or literal with the symbol's address; `call` the 18-bit word offset of
 * call0, call4, call8, call12; `jump` the 18-bit byte offset of `j`; `l32r` the 16-bit backward word offset of `l32r`;
 * `branch` the label of any other instruction; `pcrel32` a 32-bit word with the distance to the symbol.
 */
export type RelocationKind = 'abs32' | 'pcrel32' | 'call' | 'jump' | 'l32r' | 'branch';

export interface Relocation {
  /** Byte in the section at which the word or instruction starts. */
  offset: number;
  kind: RelocationKind;
  symbol: string;
  /** Added to the symbol's address, in bytes. */
  addend: number;
}

/** What a section is to a loader. */
export interface SectionAttributes {
  /** In memory while the program runs. */
  allocate: boolean;
  write: boolean;
  execute: boolean;
  /** Nothing but zeros, and no bytes in a file (.bss). */
  zeros: boolean;
}

/** By its name, for sections of which nothing else was said. */
export function defaultAttributes(name: string): SectionAttributes {
  const plain = { allocate: true, write: false, execute: false, zeros: false };
  if (/^\.?(debug|comment|note|xt|stab|gnu)/.test(name)) return { ...plain, allocate: false };
  if (/^\.?rodata/.test(name)) return plain;
  if (/^\.?(text|iram|init|fini|literal|.*\.(text|literal)|.*vector)/i.test(name))
    return { ...plain, execute: true };
  return { ...plain, write: true, zeros: /^\.?s?bss/.test(name) };
}

export interface Section {
  name: string;
  /** Where absent, those that the name stands for. */
  attributes?: SectionAttributes;
  /** The address must be a multiple of this, in bytes. */
  align: number;
  bytes: Uint8Array;
  /** Offsets in bytes from the start of the section. */
  symbols: Map<string, number>;
  relocations: Relocation[];
  /** Byte ranges [start, end) that are data (literal pools, tables), for listings and the disassembler. */
  data?: [start: number, end: number][];
  /** Lines for listings, each before the byte at its offset. */
  comments?: [offset: number, text: string][];
  /** Which line of the source text an instruction comes from, by its offset; where there is source text. */
  lines?: ReadonlyMap<number, number>;
}

/** Whether a section is as its attributes say: nothing but zeros. */
export const isAllZeros = ({ attributes, bytes }: Pick<Section, 'attributes' | 'bytes'>): boolean =>
  attributes?.zeros === true && bytes.every((byte) => byte === 0);

export interface ObjectCode {
  /** The file it came from, for messages. */
  file?: string;
  sections: Section[];
  /** Symbols that other objects may use; where absent, all whose name does not start with `.L`. */
  globals?: ReadonlySet<string>;
  /** Globals that give way to another object's definition, or may have none: their address is then 0. */
  weak?: ReadonlySet<string>;
  /** Global symbols that are numbers. */
  absolutes?: ReadonlyMap<string, number>;
  /** Zeros that all objects share under a name (`.comm`): the largest size counts, and a definition wins. */
  commons?: ReadonlyMap<string, { readonly size: number; readonly align: number }>;
  /** What symbols are, where that was said (`.type`, `.size`). */
  symbolInfo?: ReadonlyMap<string, { readonly isFunction?: boolean; readonly size?: number }>;
}
