/** Writes object code as a relocatable ELF file, for GNU ld or for our own linker. */
import { FailureError } from '../errors.ts';
import { type SectionRow, stringTable, writeFrame, writeWords } from './elf-file.ts';
import {
  bindings,
  property,
  relocationTypes,
  sectionFlags,
  sectionTypes,
  specialSections,
  symbolTypes,
  xtensaFlags,
} from './elf-numbers.ts';
import { defaultAttributes, isAllZeros, type ObjectCode, type Relocation, type Section } from './object.ts';

const symbolSize = 16;
const relocationSize = 12;

interface SymbolEntry {
  name: string;
  value: number;
  size: number;
  binding: number;
  type: number;
  section: number;
}

/** Symbols in the order of the file, and where each is found. */
interface Symbols {
  entries: SymbolEntry[];
  /** How many come first because they are local. */
  localCount: number;
  /** By name: index, for those that others may see or define. */
  named: Map<string, number>;
  /** Every label of the object: index of its section, counted from 1, and offset. */
  places: Map<string, { section: number; offset: number }>;
}

/** Names that the assembler made, or that say nothing beyond this file. */
const isTemporary = (name: string): boolean => name.startsWith('.L');

function collectSymbols(object: ObjectCode): Symbols {
  const { globals, weak, absolutes, commons, symbolInfo } = object;
  const isGlobal = (name: string): boolean => globals?.has(name) ?? !isTemporary(name);
  const none = { name: '', value: 0, size: 0, binding: bindings.local, type: symbolTypes.none, section: 0 };
  const locals: SymbolEntry[] = [none];
  const others: SymbolEntry[] = [];
  const places: Symbols['places'] = new Map();
  const typeOf = (name: string, otherwise: number = symbolTypes.none): number => {
    const isFunction = symbolInfo?.get(name)?.isFunction;
    if (isFunction === undefined) return otherwise;
    return isFunction ? symbolTypes.function : symbolTypes.object;
  };
  const add = (name: string, value: number, section: number, more: Partial<SymbolEntry> = {}): void => {
    const size = symbolInfo?.get(name)?.size ?? 0;
    const binding = weak?.has(name) ? bindings.weak : isGlobal(name) ? bindings.global : bindings.local;
    const entry = { name, value, size, binding, type: typeOf(name), section, ...more };
    (entry.binding === bindings.local ? locals : others).push(entry);
  };
  object.sections.forEach((_, index) => {
    locals.push({ ...none, type: symbolTypes.section, section: index + 1 });
  });
  object.sections.forEach(({ symbols }, index) => {
    for (const [name, offset] of symbols) {
      places.set(name, { section: index + 1, offset });
      if (!isTemporary(name)) add(name, offset, index + 1);
    }
  });
  for (const [name, value] of absolutes ?? []) {
    add(name, value, specialSections.absolute, { binding: bindings.global });
  }
  for (const [name, { size, align }] of commons ?? []) {
    const type = typeOf(name, symbolTypes.object);
    add(name, align, specialSections.common, { binding: bindings.global, size, type });
  }
  const known = new Set([...places.keys(), ...others.map(({ name }) => name)]);
  const used = object.sections.flatMap(({ relocations }) => relocations.map(({ symbol }) => symbol));
  for (const name of new Set([...used, ...(weak ?? [])])) {
    if (name === '' || known.has(name)) continue;
    add(name, 0, specialSections.undefined, { binding: weak?.has(name) ? bindings.weak : bindings.global });
  }
  const entries = [...locals, ...others];
  const named = new Map<string, number>();
  entries.forEach(({ name, binding }, index) => {
    if (binding !== bindings.local) named.set(name, index);
  });
  return { entries, localCount: locals.length, named, places };
}

function symbolBytes({ entries }: Symbols, names: ReturnType<typeof stringTable>): Uint8Array {
  const bytes = new Uint8Array(symbolSize * entries.length);
  const view = new DataView(bytes.buffer);
  entries.forEach(({ name, value, size, binding, type, section }, index) => {
    const at = symbolSize * index;
    writeWords(view, at, [names.add(name), value, size]);
    view.setUint8(at + 12, (binding << 4) | type);
    view.setUint16(at + 14, section, true);
  });
  return bytes;
}

const typeOf: Readonly<Record<Relocation['kind'], number>> = {
  abs32: relocationTypes.word32,
  pcrel32: relocationTypes.relative32,
  call: relocationTypes.slot0,
  jump: relocationTypes.slot0,
  l32r: relocationTypes.slot0,
  branch: relocationTypes.slot0,
};

/** A symbol for the linker and what to add to it: labels of this file are places in their sections. */
function targetOf({ symbol, addend }: Relocation, symbols: Symbols): [symbol: number, addend: number] {
  if (symbol === '') return [0, addend];
  const named = symbols.named.get(symbol);
  if (named !== undefined) return [named, addend];
  const place = symbols.places.get(symbol);
  if (!place) throw new FailureError(`"${symbol}" is used and in no section.`);
  return [place.section, place.offset + addend];
}

function relocationBytes(entries: readonly [offset: number, info: number, addend: number][]): Uint8Array {
  const bytes = new Uint8Array(relocationSize * entries.length);
  writeWords(new DataView(bytes.buffer), 0, entries.flat());
  return bytes;
}

/** Stretches of code and of data; nothing in them is to be moved by the linker. */
function properties(section: Section): [start: number, size: number, flags: number][] {
  const { execute } = section.attributes ?? defaultAttributes(section.name);
  if (!execute) return [];
  const entries: [number, number, number][] = [];
  const add = (start: number, end: number, flags: number): void => {
    if (end > start) entries.push([start, end - start, flags | property.noTransform]);
  };
  let at = 0;
  for (const [start, end] of section.data ?? []) {
    add(at, start, property.instructions);
    add(start, end, property.literal);
    at = end;
  }
  add(at, section.bytes.length, property.instructions);
  return entries;
}

function sectionRow(section: Section): SectionRow {
  const { name, align, bytes, attributes = defaultAttributes(name) } = section;
  const { write, allocate, execute } = attributes;
  const isEmpty = isAllZeros({ attributes, bytes });
  return {
    name,
    type: isEmpty ? sectionTypes.noBits : sectionTypes.programBits,
    flags:
      (write ? sectionFlags.write : 0) |
      (allocate ? sectionFlags.allocate : 0) |
      (execute ? sectionFlags.execute : 0),
    bytes: isEmpty ? new Uint8Array(0) : bytes,
    memorySize: bytes.length,
    align,
  };
}

/**
 * An ELF file of type ET_REL. Instructions that stay within their section are encoded already and need no relocation;
 * the property table asks linkers not to move them.
 */
export function writeElfObject(object: ObjectCode): Uint8Array {
  const { sections } = object;
  const symbols = collectSymbols(object);
  const names = stringTable();
  const contents = sections.map(sectionRow);
  const tables: { name: string; target: number; bytes: Uint8Array }[] = [];
  sections.forEach(({ name, relocations }, index) => {
    if (relocations.length === 0) return;
    const entries = relocations.map((relocation): [number, number, number] => {
      const [symbol, addend] = targetOf(relocation, symbols);
      return [relocation.offset, (symbol << 8) | typeOf[relocation.kind], addend];
    });
    tables.push({ name: `.rela${name}`, target: index + 1, bytes: relocationBytes(entries) });
  });
  const propertyEntries = sections.flatMap((section, index) =>
    properties(section).map(([start, size, flags]) => ({ section: index + 1, start, size, flags })),
  );
  if (propertyEntries.length > 0) {
    const bytes = new Uint8Array(12 * propertyEntries.length);
    propertyEntries.forEach(({ size, flags }, index) => {
      writeWords(new DataView(bytes.buffer), 12 * index, [0, size, flags]);
    });
    contents.push({ name: '.xt.prop', type: sectionTypes.programBits, bytes, align: 1 });
    const entries = propertyEntries.map(({ section, start }, index): [number, number, number] => {
      return [12 * index, (section << 8) | relocationTypes.word32, start];
    });
    tables.push({ name: '.rela.xt.prop', target: contents.length, bytes: relocationBytes(entries) });
  }
  const symbolTable = contents.length + tables.length + 1;
  const rows: SectionRow[] = [
    ...contents,
    ...tables.map(({ name, target, bytes }) => ({
      name,
      type: sectionTypes.relocationsWithAddend,
      flags: sectionFlags.infoLink,
      bytes,
      link: symbolTable,
      info: target,
      entrySize: relocationSize,
    })),
    {
      name: '.symtab',
      type: sectionTypes.symbolTable,
      bytes: symbolBytes(symbols, names),
      link: symbolTable + 1,
      info: symbols.localCount,
      entrySize: symbolSize,
    },
  ];
  rows.push({ name: '.strtab', type: sectionTypes.strings, bytes: names.bytes(), align: 1 });
  return writeFrame({ type: 1, entry: 0, flags: xtensaFlags, sections: rows, segments: [] });
}
