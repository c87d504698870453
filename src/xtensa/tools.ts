/** What the verbs `asm` and `disasm` do, without the command line. */
import { latin1 } from '../bytes.ts';
import { dataRangesOf, type Elf, type ElfSection, readElf } from './elf.ts';
import { addressesOf, isLabel, objectFromElf } from './elf-object.ts';
import { writeElfObject } from './elf-object-write.ts';
import { writeElf } from './elf-write.ts';
import { type LinkedCode, link, withCommons } from './link.ts';
import type { ObjectCode, Section } from './object.ts';
import { type AssembleTextOptions, assembleText } from './text/assemble.ts';
import { type ListedLine, listCode, printListing } from './text/listing.ts';
import { printAssembly } from './text/print.ts';

export interface AssembleToolOptions extends Omit<AssembleTextOptions, 'bases'> {
  /** Address of the first byte; default 0. */
  base?: number;
  /** Addresses of symbols that the text uses and does not define. */
  symbols?: Readonly<Record<string, number>>;
}

/** An instruction, or data between instructions. */
export interface AssembledLine extends ListedLine {
  /** Of the source text, counted from 1; data and padding have none. */
  line: number | undefined;
}

export interface AssembledFile {
  object: ObjectCode;
  linked: LinkedCode;
  /** From the base address to the end of the last section that is not all zeros to be. */
  bytes: Uint8Array;
  /** Addresses, bytes, text. */
  listing: string;
  /** The code in it. */
  lines(): AssembledLine[];
  /** Address of `_start`, or of the first instruction. */
  entry: number;
  /** The same as an executable ELF file. */
  elf(): Uint8Array;
}

/** Literals before the code that reads them, zeros last. */
function rank({ name }: Section): number {
  if (/literal/.test(name)) return 0;
  if (/^\.?(text|iram)/.test(name)) return 1;
  if (/^\.bss/.test(name)) return 4;
  return /^\.rodata/.test(name) ? 2 : 3;
}

function addressNames(symbols: ReadonlyMap<string, number>): Map<number, string[]> {
  const names = new Map<number, string[]>();
  for (const [name, address] of symbols) names.set(address, [...(names.get(address) ?? []), name]);
  return names;
}

function layOutFrom(objects: readonly ObjectCode[], base: number): Map<Section, number> {
  const addresses = new Map<Section, number>();
  let next = base;
  const sections = objects.flatMap((object) => object.sections);
  const inMemory = sections.filter(({ attributes }) => attributes?.allocate ?? true);
  for (const section of inMemory.sort((one, other) => rank(one) - rank(other))) {
    const address = Math.ceil(next / section.align) * section.align;
    addresses.set(section, address);
    next = address + section.bytes.length;
  }
  return addresses;
}

/** Branches to absolute addresses need to know where their own section lies, which shows only afterwards. */
function assembleFrom(
  source: string,
  base: number,
  options: AssembleTextOptions,
): { objects: readonly ObjectCode[]; addresses: Map<Section, number> } {
  let bases: Record<string, number> = { '.text': base };
  for (let attempt = 0; ; attempt++) {
    const objects = withCommons([assembleText(source, { ...options, bases })]);
    const addresses = layOutFrom(objects, base);
    const found = Object.fromEntries([...addresses].map(([{ name }, address]) => [name, address]));
    if ((found['.text'] ?? base) === bases['.text'] || attempt === 3) return { objects, addresses };
    bases = found;
  }
}

function joined(linked: LinkedCode, base: number): Uint8Array {
  const contents = linked.segments.filter(({ name }) => !name.startsWith('.bss'));
  const end = Math.max(base, ...contents.map(({ address, bytes }) => address + bytes.length));
  const bytes = new Uint8Array(end - base);
  for (const segment of contents) bytes.set(segment.bytes, segment.address - base);
  return bytes;
}

/** Every symbol with its address, local ones included: what a listing shows. */
function allSymbols(addresses: ReadonlyMap<Section, number>): Map<string, number> {
  const symbols = new Map<string, number>();
  for (const [section, address] of addresses) {
    for (const [name, offset] of section.symbols) {
      if (!name.startsWith('.L') || !/^\.L(here|literal|loop_end_)?\d*(@\d+)?$/.test(name))
        symbols.set(name, address + offset);
    }
  }
  return symbols;
}

const isCode = (section: Section): boolean => section.attributes?.execute ?? false;

/** The first byte of code that is no literal. */
function firstInstruction(addresses: ReadonlyMap<Section, number>): number | undefined {
  for (const [section, address] of addresses) {
    if (!isCode(section)) continue;
    let offset = 0;
    for (const [start, end] of section.data ?? []) if (start === offset) offset = end;
    if (offset < section.bytes.length) return address + offset;
  }
  return undefined;
}

/** Assembles a file and places its sections one behind the other from the base address. */
export function assembleFile(source: string, options: AssembleToolOptions = {}): AssembledFile {
  const { base = 0, symbols, ...textOptions } = options;
  const { objects, addresses } = assembleFrom(source, base, textOptions);
  const linked = link(objects, (section) => addresses.get(section), { symbols });
  const names = allSymbols(addresses);
  const placed = objects.flatMap(({ sections }) => sections.filter((section) => addresses.has(section)));
  const byAddress = addressNames(names);
  const contentOf = (section: Section) => {
    const { data, comments, attributes } = section;
    return { bytes: linked.segments[placed.indexOf(section)].bytes, data, comments, attributes };
  };
  const listings = [...addresses].map(
    ([section, address]) => `${section.name}:\n${printListing(contentOf(section), address, byAddress)}`,
  );
  const entry = names.get('_start') ?? firstInstruction(addresses) ?? base;
  return {
    entry,
    object: objects[0],
    linked,
    bytes: joined(linked, base),
    listing: listings.join('\n'),
    lines: () =>
      [...addresses].flatMap(([section, address]) =>
        isCode(section)
          ? listCode(contentOf(section), address, byAddress).map((listed) => ({
              ...listed,
              line: section.lines?.get(listed.address - address),
            }))
          : [],
      ),
    elf() {
      const segments = linked.segments.map((segment, index) => {
        const { data, attributes } = placed[index];
        if (!attributes?.zeros) return { ...segment, data };
        return { ...segment, bytes: new Uint8Array(0), memorySize: segment.bytes.length };
      });
      return writeElf({ entry, segments, symbols: names });
    },
  };
}

/** Assembles a file to an ELF object, in which symbols may be missing: for `linkFiles`, or for GNU ld. */
export function assembleObject(source: string, options: Omit<AssembleTextOptions, 'bases'> = {}): Uint8Array {
  return writeElfObject(assembleText(source, options));
}

function symbolsOf(elf: Elf, section: ElfSection): Map<number, string[]> {
  // In an object every section starts at zero: only names of this section say something here.
  const isKnown = (index: number): boolean =>
    elf.kind === 'executable' ? index !== 0 : index === section.index;
  const wanted = elf.symbols.filter((symbol) => isLabel(symbol) && isKnown(symbol.section));
  return addressNames(new Map(wanted.map(({ name, value }) => [name, value])));
}

/** What the linker has still to fill in. */
function relocationNotes(section: ElfSection, elf: Elf): [number, string][] {
  return section.relocations.flatMap(({ offset, symbol, addend }): [number, string][] => {
    if (!symbol) return [];
    const name = symbol.name || elf.sections[symbol.section]?.name || '?';
    return [[offset, `-> ${name}${addend === 0 ? '' : `+0x${addend.toString(16)}`}`]];
  });
}

function listElf(elf: Elf): string {
  const sections = elf.sections.filter(({ flags, bytes }) => flags.execute && bytes.length > 0);
  const parts = sections.map((section) => {
    const comments = relocationNotes(section, elf);
    const content = { bytes: section.bytes, data: dataRangesOf(elf, section), comments };
    return `${section.name}:\n${printListing(content, section.address, symbolsOf(elf, section))}`;
  });
  if (parts.length > 0) return parts.join('\n');
  // Stripped of its sections: what is loaded as code will do.
  const code = elf.segments.filter(({ flags }) => flags.execute);
  return code.map(({ bytes, address }) => printListing({ bytes }, address)).join('\n');
}

const isElf = (bytes: Uint8Array): boolean => latin1(bytes.subarray(0, 4)) === '\x7fELF';

export interface DisassembleToolOptions {
  /** Address of the first byte of raw instructions; default 0. */
  base?: number;
  /** GNU-syntax source that can be assembled again, instead of a listing. */
  source?: boolean;
}

/** The code of an ELF file, or raw instructions that begin at `base`, as a listing or as source text. */
export function disassembleFile(bytes: Uint8Array, options: DisassembleToolOptions = {}): string {
  const { base = 0, source = false } = options;
  if (isElf(bytes)) {
    const elf = readElf(bytes);
    return source ? printAssembly(objectFromElf(elf), addressesOf(elf)) : listElf(elf);
  }
  if (!source) return printListing({ bytes }, base);
  const section = { name: '.text', align: 4, bytes, symbols: new Map(), relocations: [], data: [] };
  return printAssembly({ sections: [section] }, { '.text': base });
}
