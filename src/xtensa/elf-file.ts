/** The frame of an ELF file: header, program headers, sections, their table and their names. */
import { machineXtensa, sectionTypes } from './elf-numbers.ts';

export interface SectionRow {
  name: string;
  type: number;
  flags?: number;
  address?: number;
  bytes: Uint8Array;
  /** Size in memory, where the file holds nothing. */
  memorySize?: number;
  link?: number;
  info?: number;
  align?: number;
  entrySize?: number;
}

export interface ElfFrame {
  /** ET_REL or ET_EXEC. */
  type: 1 | 2;
  entry: number;
  flags: number;
  /** Section header of index 0 left out. */
  sections: readonly SectionRow[];
  /** Which sections are loaded: index into `sections`, address, bytes in memory, what may be done with them. */
  segments: readonly { section: number; address: number; memorySize: number; flags: number }[];
}

const headerSize = 52;
const programHeaderSize = 32;
const sectionHeaderSize = 40;

/** Strings one behind the other, each ended by zero; the first is empty. */
export function stringTable(): { add: (text: string) => number; bytes: () => Uint8Array } {
  const pieces = ['\0'];
  const known = new Map<string, number>();
  let length = 1;
  const add = (entry: string): number => {
    if (entry === '') return 0;
    let offset = known.get(entry);
    if (offset === undefined) {
      offset = length;
      known.set(entry, offset);
      pieces.push(`${entry}\0`);
      length += entry.length + 1;
    }
    return offset;
  };
  return { add, bytes: () => Uint8Array.from(pieces.join(''), (char) => char.charCodeAt(0) & 255) };
}

export function writeWords(view: DataView, offset: number, words: readonly number[]): void {
  words.forEach((word, index) => {
    view.setUint32(offset + 4 * index, word >>> 0, true);
  });
}

const alignUp = (value: number, boundary: number): number => Math.ceil(value / boundary) * boundary;

export function writeFrame({ type, entry, flags, sections, segments }: ElfFrame): Uint8Array {
  const names = stringTable();
  const nameOffsets = sections.map(({ name }) => names.add(name));
  const ownName = names.add('.shstrtab');
  const rows: SectionRow[] = [
    { name: '', type: 0, bytes: new Uint8Array(0) },
    ...sections,
    { name: '.shstrtab', type: sectionTypes.strings, bytes: names.bytes() },
  ];
  let position = headerSize + programHeaderSize * segments.length;
  const offsets = rows.map(({ bytes, align = 4 }) => {
    position = alignUp(position, Math.max(align, 4));
    const offset = position;
    position += bytes.length;
    return offset;
  });
  const table = alignUp(position, 4);
  const file = new Uint8Array(table + sectionHeaderSize * rows.length);
  const view = new DataView(file.buffer);

  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  const programHeaders = segments.length > 0 ? headerSize : 0;
  writeWords(view, 16, [type | (machineXtensa << 16), 1, entry, programHeaders, table, flags]);
  const programHeaderFields = segments.length > 0 ? programHeaderSize : 0;
  writeWords(view, 40, [
    headerSize | (programHeaderFields << 16),
    segments.length | (sectionHeaderSize << 16),
    rows.length | ((rows.length - 1) << 16),
  ]);
  segments.forEach(({ section, address, memorySize, flags: access }, index) => {
    const at = headerSize + programHeaderSize * index;
    const { bytes } = rows[section + 1];
    writeWords(view, at, [1, offsets[section + 1], address, address, bytes.length, memorySize, access, 4]);
  });
  rows.forEach((row, index) => {
    const { bytes, memorySize = bytes.length, address = 0, link = 0, info = 0 } = row;
    const name = index === 0 ? 0 : (nameOffsets[index - 1] ?? ownName);
    const fields = [name, row.type, row.flags ?? 0, address, offsets[index], memorySize];
    const rest = [link, info, row.align ?? 4, row.entrySize ?? 0];
    if (index > 0) writeWords(view, table + sectionHeaderSize * index, [...fields, ...rest]);
    file.set(bytes, offsets[index]);
  });
  return file;
}
