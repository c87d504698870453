/** Writes an executable ELF file: segments, entry point, symbols, and which bytes of code are literals. */

export interface ElfContent {
  entry: number;
  segments: readonly {
    name: string;
    address: number;
    bytes: Uint8Array;
    memorySize?: number;
    data?: readonly (readonly [number, number])[];
  }[];
  symbols?: ReadonlyMap<string, number>;
}

const headerSize = 52;
const programHeaderSize = 32;
const sectionHeaderSize = 40;
const symbolSize = 16;

/** Strings one behind the other, each ended by zero; the first is empty. */
function stringTable(): { add: (text: string) => number; bytes: () => Uint8Array } {
  let text = '\0';
  const add = (entry: string): number => {
    const offset = text.length;
    text += `${entry}\0`;
    return offset;
  };
  return { add, bytes: () => Uint8Array.from(text, (char) => char.charCodeAt(0) & 255) };
}

function writeWords(view: DataView, offset: number, words: readonly number[]): void {
  words.forEach((word, index) => {
    view.setUint32(offset + 4 * index, word >>> 0, true);
  });
}

/** Symbols are global, and belong to the section they lie in. */
function symbolTable(content: ElfContent, names: ReturnType<typeof stringTable>): Uint8Array {
  const entries = [...(content.symbols ?? [])];
  const bytes = new Uint8Array(symbolSize * (entries.length + 1));
  const view = new DataView(bytes.buffer);
  entries.forEach(([name, address], index) => {
    const at = symbolSize * (index + 1);
    const inside = content.segments.findIndex(
      (segment) =>
        address >= segment.address && address < segment.address + Math.max(1, segment.bytes.length),
    );
    writeWords(view, at, [names.add(name), address, 0]);
    view.setUint8(at + 12, 1 << 4);
    view.setUint16(at + 14, inside < 0 ? 0xfff1 : inside + 1, true);
  });
  return bytes;
}

interface SectionRow {
  name: string;
  type: number;
  flags: number;
  address: number;
  bytes: Uint8Array;
  link?: number;
  info?: number;
  entrySize?: number;
}

/** The property table (binutils, elf/xtensa.h) that tells a disassembler where the literals are. */
function propertyTable(content: ElfContent): Uint8Array {
  const literal = 1;
  const entries = content.segments.flatMap(({ address, data = [] }) =>
    data.map(([start, end]) => [address + start, end - start, literal]),
  );
  const bytes = new Uint8Array(12 * entries.length);
  writeWords(new DataView(bytes.buffer), 0, entries.flat());
  return bytes;
}

function sectionRows(content: ElfContent): SectionRow[] {
  const strings = stringTable();
  const symbols = symbolTable(content, strings);
  const count = content.segments.length;
  return [
    { name: '', type: 0, flags: 0, address: 0, bytes: new Uint8Array(0) },
    ...content.segments.map(({ name, address, bytes }) => ({ name, type: 1, flags: 7, address, bytes })),
    {
      name: '.symtab',
      type: 2,
      flags: 0,
      address: 0,
      bytes: symbols,
      link: count + 2,
      info: 1,
      entrySize: symbolSize,
    },
    { name: '.strtab', type: 3, flags: 0, address: 0, bytes: strings.bytes() },
    { name: '.xt.prop', type: 1, flags: 0, address: 0, bytes: propertyTable(content) },
  ];
}

export function writeElf(content: ElfContent): Uint8Array {
  const rows = sectionRows(content);
  const names = stringTable();
  const nameOffsets = [
    ...rows.map(({ name }) => (name === '' ? 0 : names.add(name))),
    names.add('.shstrtab'),
  ];
  rows.push({ name: '.shstrtab', type: 3, flags: 0, address: 0, bytes: names.bytes() });

  let position = headerSize + programHeaderSize * content.segments.length;
  const offsets = rows.map(({ bytes }) => {
    position = (position + 3) & ~3;
    const offset = position;
    position += bytes.length;
    return offset;
  });
  const sectionTable = (position + 3) & ~3;
  const file = new Uint8Array(sectionTable + sectionHeaderSize * rows.length);
  const view = new DataView(file.buffer);

  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  writeWords(view, 16, [2 | (94 << 16), 1, content.entry, headerSize, sectionTable, 0]);
  writeWords(view, 40, [
    headerSize | (programHeaderSize << 16),
    content.segments.length | (sectionHeaderSize << 16),
  ]);
  writeWords(view, 48, [rows.length | ((rows.length - 1) << 16)]);
  content.segments.forEach(({ address, bytes, memorySize = bytes.length }, index) => {
    const at = headerSize + programHeaderSize * index;
    writeWords(view, at, [1, offsets[index + 1], address, address, bytes.length, memorySize, 7, 4]);
  });
  rows.forEach(({ type, flags, address, bytes, link = 0, info = 0, entrySize = 0 }, index) => {
    const fields = [
      nameOffsets[index],
      type,
      flags,
      address,
      offsets[index],
      bytes.length,
      link,
      info,
      4,
      entrySize,
    ];
    writeWords(view, sectionTable + sectionHeaderSize * index, type === 0 ? [] : fields);
    file.set(bytes, offsets[index]);
  });
  return file;
}
