/** Object code to GNU-syntax text, which `as` turns back into the same instructions. */
import { FailureError } from '../../errors.ts';
import { isAllZeros, type ObjectCode, type Relocation, type Section } from '../object.ts';
import { type DisassembledLine, disassemble, formatInstruction, wordAt, zeroLines } from './disassemble.ts';

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

const isLocal = (name: string): boolean => name.startsWith('.L');

/** `symbol+8`; the symbol '' is address zero. */
function relocatedText({ symbol, addend }: Relocation, rename: (name: string) => string): string {
  if (symbol === '') return hex(addend);
  const sign = addend > 0 ? `+${addend}` : addend < 0 ? `${addend}` : '';
  return rename(symbol) + sign;
}

interface Sheet {
  section: Section;
  /** Keeps local labels of different sections apart. */
  index: number;
  /** Address of the section where it is known, for targets outside of it. */
  address: number;
  lines: DisassembledLine[];
  relocations: Map<number, Relocation>;
  /** Offsets of the lines, and of the end. */
  starts: Set<number>;
  /** Label names by offset. */
  labels: Map<number, string[]>;
  /** Offsets of words that l32r reads. */
  literals: Set<number>;
}

function addLabel(sheet: Sheet, offset: number): void {
  if (!sheet.labels.has(offset)) sheet.labels.set(offset, [localName(sheet.index, offset)]);
}

/** The last start of a line at or before an offset: only there can a label stand. */
function lineStart(sheet: Sheet, offset: number): number {
  let start = offset;
  while (!sheet.starts.has(start)) start -= 1;
  return start;
}

/** `label`, or `label+2` for what lies inside of an instruction. */
function targetText(sheet: Sheet, target: number): string {
  if (target > sheet.section.bytes.length) return hex(target + sheet.address);
  const start = lineStart(sheet, target);
  const name = sheet.labels.get(start)![0];
  return start === target ? name : `${name}+${target - start}`;
}

const localName = (index: number, offset: number): string => `.L${index}_${offset.toString(16)}`;

function linesOf(section: Section): DisassembledLine[] {
  const { bytes, symbols, relocations, comments = [] } = section;
  if (isAllZeros(section)) {
    const referred = relocations.flatMap(({ offset }) => [offset, offset + 4]);
    return zeroLines(bytes.length, 0, [
      ...symbols.values(),
      ...referred,
      ...comments.map(([offset]) => offset),
    ]);
  }
  // What has no text of its own is bytes here, not an instruction.
  return disassemble(bytes, 0, section.data).map((line) =>
    line.text.startsWith('.') ? { ...line, opcode: undefined } : line,
  );
}

function createSheet(section: Section, index: number, address: number): Sheet {
  const lines = linesOf(section);
  const sheet: Sheet = {
    section,
    index,
    address,
    lines,
    starts: new Set([...lines.map((line) => line.address), section.bytes.length]),
    relocations: new Map(section.relocations.map((relocation) => [relocation.offset, relocation])),
    labels: new Map(),
    literals: new Set(),
  };
  const lost = section.relocations.find(({ offset }) => !sheet.starts.has(offset));
  if (lost) {
    throw new FailureError(
      `${section.name} + ${hex(lost.offset)}: an address that is not aligned cannot be printed.`,
    );
  }
  for (const [name, offset] of section.symbols) {
    if (!isLocal(name)) sheet.labels.set(offset, [...(sheet.labels.get(offset) ?? []), name]);
  }
  for (const { address, opcode, operands } of sheet.lines) {
    const target = labelOf(opcode, operands);
    if (target === undefined || sheet.relocations.has(address) || target > section.bytes.length) continue;
    addLabel(sheet, lineStart(sheet, target));
    if (opcode!.name === 'l32r') sheet.literals.add(target);
  }
  return sheet;
}

function labelOf(opcode: DisassembledLine['opcode'], operands: readonly number[]): number | undefined {
  const index = opcode ? opcode.visible.findIndex(({ kind }) => kind === 'label') : -1;
  return index < 0 ? undefined : operands[index];
}

/** Renames local labels that relocations refer to: assembler-made names need not be legal in text. */
function createRenamer(sheets: readonly Sheet[]): (name: string) => string {
  const names = new Map<string, string>();
  for (const sheet of sheets) {
    for (const [name, offset] of sheet.section.symbols) {
      if (isLocal(name)) names.set(name, localName(sheet.index, offset));
    }
    // A label that is only referred to from data, or from another section, is wanted too.
    for (const { symbol } of sheets.flatMap(({ section }) => section.relocations)) {
      const offset = sheet.section.symbols.get(symbol);
      if (offset !== undefined && isLocal(symbol)) {
        const local = localName(sheet.index, offset);
        const present = sheet.labels.get(offset) ?? [];
        if (!present.includes(local)) sheet.labels.set(offset, [...present, local]);
      }
    }
  }
  return (name) => names.get(name) ?? name;
}

function instructionText(sheet: Sheet, line: DisassembledLine, rename: (name: string) => string): string {
  const relocation = sheet.relocations.get(line.address);
  if (!line.opcode) return relocation ? `.word ${relocatedText(relocation, rename)}` : line.text;
  return formatInstruction(line.opcode, line.operands, (target) => {
    if (relocation) return relocatedText(relocation, rename);
    return targetText(sheet, target);
  });
}

/** Largest power of two that both the offset and the section's alignment have. */
function alignmentOf(section: Section, offset: number): number {
  let alignment = section.align;
  while (offset % alignment !== 0) alignment /= 2;
  return alignment;
}

function sectionHeader(section: Section): string[] {
  const flags = section.name.startsWith('.rodata') ? 'a' : /^\.(data|bss)/.test(section.name) ? 'aw' : 'ax';
  const type = section.name.startsWith('.bss') ? '@nobits' : '@progbits';
  return [`\t.section\t${section.name}, "${flags}", ${type}`, `\t.align\t${Math.max(section.align, 1)}`];
}

/** A word of a literal pool, or undefined where the line is none. */
function literalText(
  sheet: Sheet,
  line: DisassembledLine,
  rename: (name: string) => string,
): string | undefined {
  if (!sheet.literals.has(line.address) || line.opcode || line.length !== 4) return undefined;
  const relocation = sheet.relocations.get(line.address);
  const value = relocation
    ? relocatedText(relocation, rename)
    : hex(wordAt(sheet.section.bytes, line.address));
  return `\t.literal\t${sheet.labels.get(line.address)![0]}, ${value}`;
}

/** How many lines from `start` on are nothing but zeros, with nothing that refers to them or is said of them. */
function zeroRun(sheet: Sheet, start: number): number {
  let count = 0;
  for (; start + count < sheet.lines.length; count++) {
    const { address, opcode, text } = sheet.lines[start + count];
    const isReferred = count > 0 && (sheet.labels.has(address) || sheet.literals.has(address));
    const isZero = !opcode && /^\.\w+ 0x0$/.test(text) && !sheet.relocations.has(address);
    if (!isZero || isReferred || sheet.section.comments?.some(([offset]) => count > 0 && offset === address))
      break;
  }
  return count;
}

/**
 * The `.align` that belongs before a line, if any: alignment which the code had already, so that it adds nothing, but
 * which must be said where literals or data went before.
 */
function alignmentText(sheet: Sheet, line: DisassembledLine, before: LineKind): string[] {
  const alignment = alignmentOf(sheet.section, line.address);
  if (line.address === 0 || before === 'data') return [];
  if (!line.opcode) return alignment > 1 ? [`\t.align\t${alignment}`] : [];
  return sheet.labels.has(line.address) && alignment >= 4 ? ['\t.align\t4'] : [];
}

function labelTexts(sheet: Sheet, offset: number, isGlobal: (name: string) => boolean): string[] {
  return (sheet.labels.get(offset) ?? []).flatMap((name) =>
    isGlobal(name) ? [`\t.global\t${name}`, `${name}:`] : [`${name}:`],
  );
}

type LineKind = 'code' | 'data' | 'literal';

function printSection(
  sheet: Sheet,
  isGlobal: (name: string) => boolean,
  rename: (name: string) => string,
): string[] {
  const { section, lines } = sheet;
  const output = sectionHeader(section);
  const comments = [...(section.comments ?? [])];
  let before: LineKind = 'code';
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index];
    const literal = literalText(sheet, line, rename);
    if (literal !== undefined) {
      output.push(...(before === 'literal' ? [] : ['\t.literal_position']), literal);
      before = 'literal';
      continue;
    }
    output.push(...alignmentText(sheet, line, before), ...labelTexts(sheet, line.address, isGlobal));
    while (comments.length > 0 && comments[0][0] <= line.address) {
      output.push(`\t/* ${comments.shift()![1].replaceAll('*/', '* /')} */`);
    }
    const zeros = zeroRun(sheet, index);
    if (zeros > 1) {
      const last = lines[index + zeros - 1];
      output.push(`\t.zero\t${last.address + last.length - line.address}`);
      index += zeros - 1;
    } else output.push(`\t${instructionText(sheet, line, rename).replace(' ', '\t')}`);
    before = line.opcode ? 'code' : 'data';
  }
  return [...output, ...labelTexts(sheet, section.bytes.length, isGlobal)];
}

/**
 * GNU-syntax text that assembles to the same instructions and data. Literals become `.literal`, so that the assembler's
 * own options decide in which section they go; everything else is encoded exactly (`.begin no-transform`). `addresses`
 * are those of sections that were linked already.
 */
export function printAssembly(object: ObjectCode, addresses: Readonly<Record<string, number>> = {}): string {
  const inhabited = object.sections.filter(({ bytes, symbols }) => bytes.length > 0 || symbols.size > 0);
  const sheets = inhabited.map((section, index) => createSheet(section, index, addresses[section.name] ?? 0));
  const rename = createRenamer(sheets);
  const isGlobal = (name: string): boolean => object.globals?.has(name) ?? !isLocal(name);
  const body = sheets.flatMap((sheet) => ['', ...printSection(sheet, isGlobal, rename)]);
  return ['\t.begin\tno-transform', ...body, '', '\t.end\tno-transform', ''].join('\n');
}
