/**
 * Reads 32-bit little-endian Xtensa ELF files: executables with their segments, and relocatable objects as far as a
 * disassembler needs them. Source: System V ABI, chapters 4 and 5; Xtensa numbers from binutils' elf/xtensa.h.
 */
import { FailureError } from '../errors.ts';
import { bindings, machineXtensa, property, sectionTypes } from './elf-numbers.ts';

export interface ElfSegment {
  /** Where the program sees it, and where it is loaded (they differ for initialised data in ROM). */
  address: number;
  physicalAddress: number;
  /** What the file holds; the rest up to `memorySize` is zeros. */
  bytes: Uint8Array;
  memorySize: number;
  flags: { read: boolean; write: boolean; execute: boolean };
}

export interface ElfRelocation {
  offset: number;
  /** R_XTENSA_... */
  type: number;
  symbol: ElfSymbol | undefined;
  addend: number;
}

export interface ElfSection {
  index: number;
  name: string;
  type: number;
  flags: { write: boolean; allocate: boolean; execute: boolean };
  address: number;
  size: number;
  align: number;
  /** Empty for sections that take no room in the file (.bss). */
  bytes: Uint8Array;
  relocations: ElfRelocation[];
}

export interface ElfSymbol {
  name: string;
  /** Address in an executable, offset in its section in a relocatable object. */
  value: number;
  size: number;
  type: number;
  isGlobal: boolean;
  /** Gives way to another definition, or may have none. */
  isWeak: boolean;
  /** Index of the section it is defined in; 0 where it is not defined, or one of the special ones. */
  section: number;
}

export interface Elf {
  kind: 'executable' | 'relocatable';
  entry: number;
  segments: ElfSegment[];
  sections: ElfSection[];
  symbols: ElfSymbol[];
}

const segmentLoad = 1;
const largestTable = 1_000_000;

interface File {
  bytes: Uint8Array;
  view: DataView;
}

/** A part of the file, refused where the file does not have it. */
function part(file: File, offset: number, size: number, what: string): Uint8Array {
  if (offset + size > file.bytes.length) {
    throw new FailureError(
      `the ELF file is cut off or damaged: ${what} should end at byte ${offset + size} of ${file.bytes.length}.`,
    );
  }
  return file.bytes.subarray(offset, offset + size);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The entries of a table as views of `size` bytes each. */
function tableOf(
  file: File,
  offset: number,
  count: number,
  size: number,
  least: number,
  what: string,
): DataView[] {
  if (count === 0) return [];
  if (size < least || count > largestTable) {
    throw new FailureError(`the ELF file is damaged: ${what} has ${count} entries of ${size} bytes.`);
  }
  const table = part(file, offset, count * size, what);
  return Array.from({ length: count }, (_, index) =>
    viewOf(table.subarray(index * size, (index + 1) * size)),
  );
}

function stringAt(strings: Uint8Array, offset: number): string {
  if (offset >= strings.length) return '';
  const end = strings.indexOf(0, offset);
  return new TextDecoder().decode(strings.subarray(offset, end < 0 ? strings.length : end));
}

function checkHeader(file: File): void {
  const { bytes, view } = file;
  if (bytes.length < 52 || view.getUint32(0, false) !== 0x7f454c46)
    throw new FailureError('this is not an ELF file.');
  if (bytes[4] !== 1 || bytes[5] !== 1) {
    throw new FailureError('this ELF file is not 32-bit little-endian, as code for the ESP32-S3 is.');
  }
  const machine = view.getUint16(18, true);
  if (machine !== machineXtensa) {
    throw new FailureError(`this ELF file is for machine ${machine}, not for Xtensa (${machineXtensa}).`);
  }
}

function readSegments(file: File): ElfSegment[] {
  const { view } = file;
  const [offset, size, count] = [
    view.getUint32(28, true),
    view.getUint16(42, true),
    view.getUint16(44, true),
  ];
  return tableOf(file, offset, count, size, 32, 'the program header table')
    .filter((header) => header.getUint32(0, true) === segmentLoad)
    .map((header, index) => {
      const field = (position: number): number => header.getUint32(4 * position, true);
      const [start, address, physicalAddress, fileSize, memorySize, flags] = [1, 2, 3, 4, 5, 6].map(field);
      if (memorySize < fileSize || address + memorySize > 2 ** 32) {
        throw new FailureError(`the ELF file is damaged: segment ${index} does not fit the address space.`);
      }
      return {
        address,
        physicalAddress,
        bytes: part(file, start, fileSize, `segment ${index}`),
        memorySize,
        flags: { execute: (flags & 1) !== 0, write: (flags & 2) !== 0, read: (flags & 4) !== 0 },
      };
    });
}

interface RawSection extends ElfSection {
  nameOffset: number;
  link: number;
  info: number;
  entrySize: number;
  offset: number;
}

function readSections(file: File): RawSection[] {
  const { view } = file;
  const offset = view.getUint32(32, true);
  const [size, count, namesIndex] = [46, 48, 50].map((at) => view.getUint16(at, true));
  const sections = tableOf(file, offset, offset === 0 ? 0 : count, size, 40, 'the section header table').map(
    (header, index) => {
      const field = (position: number): number => header.getUint32(4 * position, true);
      const [nameOffset, type, flags, address, start, length, link, info, align, entrySize] = [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
      ].map(field);
      const isInFile = type !== sectionTypes.noBits && type !== 0;
      return {
        index,
        name: '',
        type,
        flags: { write: (flags & 1) !== 0, allocate: (flags & 2) !== 0, execute: (flags & 4) !== 0 },
        address,
        size: length,
        align,
        bytes: isInFile ? part(file, start, length, `section ${index}`) : new Uint8Array(0),
        relocations: [],
        nameOffset,
        link,
        info,
        entrySize,
        offset: start,
      };
    },
  );
  const names = sections[namesIndex]?.bytes ?? new Uint8Array(0);
  for (const section of sections) section.name = stringAt(names, section.nameOffset);
  return sections;
}

function readSymbols(file: File, sections: readonly RawSection[]): ElfSymbol[] {
  const table = sections.find(({ type }) => type === sectionTypes.symbolTable);
  if (!table) return [];
  const strings = sections[table.link]?.bytes ?? new Uint8Array(0);
  const count = Math.floor(table.size / (table.entrySize || 16));
  return tableOf(file, table.offset, count, table.entrySize || 16, 16, 'the symbol table').map((entry) => {
    const info = entry.getUint8(12);
    return {
      name: stringAt(strings, entry.getUint32(0, true)),
      value: entry.getUint32(4, true),
      size: entry.getUint32(8, true),
      type: info & 15,
      isGlobal: info >> 4 !== bindings.local,
      isWeak: info >> 4 === bindings.weak,
      section: entry.getUint16(14, true),
    };
  });
}

function readRelocations(file: File, sections: readonly RawSection[], symbols: readonly ElfSymbol[]): void {
  for (const table of sections) {
    const target = sections[table.info];
    if (table.type !== sectionTypes.relocationsWithAddend || !target) continue;
    const count = Math.floor(table.size / (table.entrySize || 12));
    target.relocations = tableOf(
      file,
      table.offset,
      count,
      table.entrySize || 12,
      12,
      `section ${table.name}`,
    )
      .map((entry) => {
        const info = entry.getUint32(4, true);
        const addend = entry.getInt32(8, true);
        return { offset: entry.getUint32(0, true), type: info & 255, symbol: symbols[info >>> 8], addend };
      })
      .sort((one, other) => one.offset - other.offset);
  }
}

/** Throws a FailureError of one sentence for whatever is no sound ELF file for this core. */
export function readElf(bytes: Uint8Array): Elf {
  const file = { bytes, view: viewOf(bytes) };
  checkHeader(file);
  const type = file.view.getUint16(16, true);
  if (type !== 1 && type !== 2) {
    throw new FailureError(
      `this ELF file is of type ${type}; only executables and relocatable objects can be read.`,
    );
  }
  const sections = readSections(file);
  const symbols = readSymbols(file, sections);
  readRelocations(file, sections, symbols);
  return {
    kind: type === 2 ? 'executable' : 'relocatable',
    entry: file.view.getUint32(24, true),
    segments: type === 2 ? readSegments(file) : [],
    sections: sections.map(
      ({ nameOffset: _n, link: _l, info: _i, entrySize: _e, offset: _o, ...section }) => section,
    ),
    symbols,
  };
}

/** What nothing reaches may go on to the next multiple of a power of two, which the flags give. */
function endOfProperty(end: number, flags: number): number {
  if ((flags & property.unreachable) === 0 || (flags & property.align) === 0) return end;
  const boundary = 2 ** ((flags >>> 12) & 31);
  return Math.ceil(end / boundary) * boundary;
}

/**
 * Ranges [start, end) of a section that hold literals, data or padding rather than instructions, by the property tables that
 * the GNU assembler writes; offsets from the start of the section.
 */
export function dataRangesOf(elf: Elf, section: ElfSection): [number, number][] {
  const ranges: [number, number][] = [];
  for (const table of elf.sections) {
    if (!table.name.startsWith('.xt.prop') || table.bytes.length % 12 !== 0) continue;
    const view = viewOf(table.bytes);
    const relocated = new Map(table.relocations.map((relocation) => [relocation.offset, relocation]));
    for (let at = 0; at < table.bytes.length; at += 12) {
      const relocation = relocated.get(at);
      if (relocation && relocation.symbol?.section !== section.index) continue;
      if (!relocation && elf.kind === 'relocatable') continue;
      const address =
        view.getUint32(at, true) + (relocation ? relocation.addend + relocation.symbol!.value : 0);
      const start = address - (relocation ? 0 : section.address);
      const flags = view.getUint32(at + 8, true);
      const end = endOfProperty(start + view.getUint32(at + 4, true), flags);
      // Literals, data, and padding that nothing reaches.
      const isData = (flags & property.instructions) === 0;
      if (isData && start >= 0 && end > start && end <= section.size) ranges.push([start, end]);
    }
  }
  return ranges.sort((one, other) => one[0] - other[0]);
}
