/** Writes an executable ELF file: segments, entry point, symbols, and which bytes of code are literals. */
import { type SectionRow, stringTable, writeFrame, writeWords } from './elf-file.ts';
import { bindings, property, sectionFlags, sectionTypes, specialSections } from './elf-numbers.ts';
import type { SectionAttributes } from './object.ts';

export interface ElfSegmentContent {
  name: string;
  address: number;
  /** What the file holds; the rest up to `memorySize` is zeros. */
  bytes: Uint8Array;
  memorySize?: number;
  /** What the program may do with it; default everything. */
  attributes?: Pick<SectionAttributes, 'write' | 'execute'>;
  /** Ranges [start, end) that are no instructions. */
  data?: readonly (readonly [number, number])[];
}

export interface ElfContent {
  entry: number;
  segments: readonly ElfSegmentContent[];
  symbols?: ReadonlyMap<string, number>;
}

const symbolSize = 16;

/** Symbols are global, and belong to the section they lie in. */
function symbolTable(content: ElfContent, names: ReturnType<typeof stringTable>): Uint8Array {
  const entries = [...(content.symbols ?? [])];
  const bytes = new Uint8Array(symbolSize * (entries.length + 1));
  const view = new DataView(bytes.buffer);
  entries.forEach(([name, address], index) => {
    const at = symbolSize * (index + 1);
    const inside = content.segments.findIndex(
      ({ address: start, bytes: { length }, memorySize = length }) => {
        return address >= start && address < start + Math.max(1, memorySize);
      },
    );
    writeWords(view, at, [names.add(name), address, 0]);
    view.setUint8(at + 12, bindings.global << 4);
    view.setUint16(at + 14, inside < 0 ? specialSections.absolute : inside + 1, true);
  });
  return bytes;
}

/** The property table that tells a disassembler where the literals are. */
function propertyTable(content: ElfContent): Uint8Array {
  const entries = content.segments.flatMap(({ address, data = [] }) =>
    data.map(([start, end]) => [address + start, end - start, property.literal]),
  );
  const bytes = new Uint8Array(12 * entries.length);
  writeWords(new DataView(bytes.buffer), 0, entries.flat());
  return bytes;
}

/** PF_X, PF_W and PF_R. */
const accessOf = ({ write, execute }: Pick<SectionAttributes, 'write' | 'execute'>): number =>
  (execute ? 1 : 0) | (write ? 2 : 0) | 4;

const everything = { write: true, execute: true };

export function writeElf(content: ElfContent): Uint8Array {
  const { segments, entry } = content;
  const strings = stringTable();
  const symbols = symbolTable(content, strings);
  const rows: SectionRow[] = [
    ...segments.map(({ name, address, bytes, memorySize, attributes = everything }) => {
      const { write, execute } = attributes;
      const flags =
        sectionFlags.allocate | (write ? sectionFlags.write : 0) | (execute ? sectionFlags.execute : 0);
      const type = bytes.length === 0 && memorySize ? sectionTypes.noBits : sectionTypes.programBits;
      return { name, type, flags, address, bytes, memorySize };
    }),
    {
      name: '.symtab',
      type: sectionTypes.symbolTable,
      bytes: symbols,
      link: segments.length + 2,
      info: 1,
      entrySize: symbolSize,
    },
    { name: '.strtab', type: sectionTypes.strings, bytes: strings.bytes() },
    { name: '.xt.prop', type: sectionTypes.programBits, bytes: propertyTable(content) },
  ];
  return writeFrame({
    type: 2,
    entry,
    flags: 0,
    sections: rows,
    segments: segments.map(({ address, bytes, memorySize, attributes = everything }, section) => ({
      section,
      address,
      memorySize: memorySize ?? bytes.length,
      flags: accessOf(attributes),
    })),
  });
}
