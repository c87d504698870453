/** An ELF file's code and data in the form that our own assembler makes: to be linked, or printed as source. */
import { FailureError } from '../errors.ts';
import { dataRangesOf, type Elf, type ElfRelocation, type ElfSection, type ElfSymbol } from './elf.ts';
import { isHint, relocationTypes, sectionTypes, specialSections } from './elf-numbers.ts';
import { writeWord } from './emit.ts';
import { decodeOperands, encodeInstruction } from './encode.ts';
import type { ObjectCode, Relocation, RelocationKind, Section } from './object.ts';
import { findOpcode } from './table.ts';
import { wordAt } from './text/disassemble.ts';

/** Names of sections and files are no labels, and some names cannot be written. */
export const isLabel = ({ name, type }: ElfSymbol): boolean =>
  type !== 3 && type !== 4 && /^[A-Za-z_.$][\w.$]*$/.test(name);

const relocationKinds: Readonly<Record<string, RelocationKind>> = {
  call0: 'call',
  call4: 'call',
  call8: 'call',
  call12: 'call',
  j: 'jump',
  l32r: 'l32r',
};

const hasContent = ({ flags, size, name }: ElfSection): boolean =>
  flags.allocate && size > 0 && !name.startsWith('.xt');

/** Addresses of the sections of an executable. */
export function addressesOf(elf: Elf): Record<string, number> {
  return Object.fromEntries(elf.sections.filter(hasContent).map(({ name, address }) => [name, address]));
}

interface Target {
  symbol: string;
  addend: number;
}

/** The name of a place in another section; places without one get a local label there. */
function targetOf({ symbol, addend }: ElfRelocation, sections: ReadonlyMap<number, Section>): Target {
  if (!symbol) throw new FailureError('the ELF file is damaged: a relocation has no symbol.');
  const isAbsolute = symbol.section === specialSections.absolute && !symbol.isGlobal;
  if (isAbsolute || (symbol.section === specialSections.undefined && symbol.name === '')) {
    return { symbol: '', addend: symbol.value + addend };
  }
  if (isLabel(symbol)) return { symbol: symbol.name, addend };
  const section = sections.get(symbol.section);
  if (!section)
    throw new FailureError('the ELF file is damaged: a relocation names a section that is not in memory.');
  const offset = symbol.value + addend;
  const name = `.L${symbol.section}_${offset.toString(16)}`;
  section.symbols.set(name, offset);
  return { symbol: name, addend: 0 };
}

/** Fills in a branch, call or l32r within its section; hands out a relocation for one that leaves it. */
function convertInstruction(
  section: Section,
  index: number,
  relocation: ElfRelocation,
  target: Target,
): Relocation | undefined {
  const { offset, symbol, addend } = relocation;
  const word = wordAt(section.bytes, offset);
  const opcode = findOpcode(word);
  const label = opcode ? opcode.visible.findIndex(({ kind }) => kind === 'label') : -1;
  if (!opcode || label < 0) {
    throw new FailureError(
      `${section.name} + 0x${offset.toString(16)}: there is no instruction with a label to relocate.`,
    );
  }
  if (symbol!.section !== index) {
    const kind = relocationKinds[opcode.name] ?? 'branch';
    return { offset, kind, ...target };
  }
  const values = decodeOperands(opcode, word, offset);
  values[label] = symbol!.value + addend;
  if (opcode.visible[label].encode(values[label], offset) === undefined) {
    throw new FailureError(
      `the ELF file is damaged: the relocation at offset ${offset} is out of its instruction's reach.`,
    );
  }
  writeWord(section.bytes, offset, encodeInstruction(opcode, values, offset), opcode.length);
  return undefined;
}

/** What a relocation of a whole word asks for. */
const wordKinds: Readonly<Record<number, RelocationKind>> = {
  [relocationTypes.word32]: 'abs32',
  [relocationTypes.relative32]: 'pcrel32',
};

function convertRelocations(
  from: ElfSection,
  section: Section,
  sections: ReadonlyMap<number, Section>,
): void {
  for (const relocation of from.relocations) {
    if (isHint(relocation.type)) continue;
    if (!(relocation.type in wordKinds) && relocation.type !== relocationTypes.slot0) {
      throw new FailureError(
        `${from.name} + 0x${relocation.offset.toString(16)}: relocations of type ${relocation.type} are not known here.`,
      );
    }
    if (relocation.offset + 3 > section.bytes.length) continue;
    const isWord = relocation.type in wordKinds;
    // What stands in a data word is added to the addend.
    const inPlace = isWord ? wordAt(section.bytes, relocation.offset) | 0 : 0;
    const target = targetOf({ ...relocation, addend: relocation.addend + inPlace }, sections);
    if (isWord) section.data!.push([relocation.offset, relocation.offset + 4]);
    const converted = isWord
      ? { offset: relocation.offset, kind: wordKinds[relocation.type], ...target }
      : convertInstruction(section, from.index, relocation, target);
    if (converted) section.relocations.push(converted);
  }
}

/** More memory than any chip of this family has. */
const largestSection = 64 * 1024 * 1024;

/** The content of a section; one that has none in the file is zeros. */
function contentOf({ bytes, size, name }: ElfSection): Uint8Array {
  if (bytes.length > 0) return bytes.slice();
  if (size > largestSection)
    throw new FailureError(`section ${name} of the ELF file claims to have ${size} bytes.`);
  return new Uint8Array(size);
}

/** Sections that the program has in memory, with their symbols and what the linker has to fill in. */
export function objectFromElf(elf: Elf): ObjectCode {
  const sections = new Map<number, Section>();
  // Empty sections have labels, too.
  for (const from of elf.sections.filter(({ flags, name }) => flags.allocate && !name.startsWith('.xt'))) {
    const isCode = from.flags.execute;
    const bytes = contentOf(from);
    const data: [number, number][] = isCode ? dataRangesOf(elf, from) : [[0, bytes.length]];
    const align = from.align >= 4 && (from.align & (from.align - 1)) === 0 ? from.align : 4;
    const zeros = from.type === sectionTypes.noBits;
    const attributes = { allocate: true, write: from.flags.write, execute: isCode, zeros };
    const { name } = from;
    sections.set(from.index, { name, attributes, align, bytes, symbols: new Map(), relocations: [], data });
  }
  const globals = new Set<string>();
  const weak = new Set<string>();
  const absolutes = new Map<string, number>();
  const commons = new Map<string, { size: number; align: number }>();
  for (const symbol of elf.symbols.filter(isLabel)) {
    const section = sections.get(symbol.section);
    if (symbol.isWeak) weak.add(symbol.name);
    if (!section && symbol.isGlobal) {
      const { name, value, size } = symbol;
      if (symbol.section === specialSections.common) commons.set(name, { size, align: Math.max(1, value) });
      if (symbol.section === specialSections.absolute && elf.kind === 'relocatable') {
        absolutes.set(name, value);
        globals.add(name);
      }
    }
    if (!section) continue;
    const base = elf.kind === 'executable' ? elf.sections[symbol.section].address : 0;
    const offset = symbol.value - base;
    if (offset >= 0 && offset <= section.bytes.length) section.symbols.set(symbol.name, offset);
    if (symbol.isGlobal) globals.add(symbol.name);
  }
  for (const [index, section] of sections) {
    convertRelocations(elf.sections[index], section, sections);
    section.data!.sort((one, other) => one[0] - other[0]);
  }
  return { sections: [...sections.values()], globals, weak, absolutes, commons };
}
