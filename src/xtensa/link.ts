/** Puts sections at addresses and fills in what depends on them. */
import { FailureError, UsageError } from '../errors.ts';
import { writeWord } from './emit.ts';
import { decodeOperands, encodeInstruction } from './encode.ts';
import type { ObjectCode, Relocation, Section } from './object.ts';
import { findOpcode } from './table.ts';

export interface Segment {
  /** Name of the section it was. */
  name: string;
  address: number;
  bytes: Uint8Array;
}

export interface LinkedCode {
  /** In the order of the objects and their sections. */
  segments: Segment[];
  /** Addresses of all global symbols, the externals that were given included. */
  symbols: Map<string, number>;
}

/** The address of a section, or undefined to leave it out (its symbols then do not exist). */
export type Placement = (section: Section, object: ObjectCode) => number | undefined;

export interface LinkOptions {
  /** Addresses of symbols that no object defines: ROM routines, buffers of the memory plan. */
  symbols?: Readonly<Record<string, number>> | ReadonlyMap<string, number>;
}

/** A placement that puts sections one behind the other from `address`, in the order in which they come. */
export function sequentially(address: number): Placement {
  let next = address;
  return (section) => {
    const start = Math.ceil(next / section.align) * section.align;
    next = start + section.bytes.length;
    return start;
  };
}

interface Placed {
  object: ObjectCode;
  section: Section;
  address: number;
}

const isGlobal = (object: ObjectCode, name: string): boolean =>
  object.globals?.has(name) ?? !name.startsWith('.L');

/** `main.o, .text`, or the section alone where the object has no name. */
const fileAnd = ({ file }: ObjectCode, place: string): string =>
  file === undefined ? place : `${file}, ${place}`;

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

function place(objects: readonly ObjectCode[], placement: Placement): Placed[] {
  const placed: Placed[] = [];
  for (const object of objects) {
    for (const section of object.sections) {
      const address = placement(section, object);
      if (address === undefined) continue;
      if (address % section.align !== 0) {
        throw new FailureError(
          `section ${section.name} must be aligned to ${section.align} bytes, and was put at ${hex(address)}.`,
        );
      }
      placed.push({ object, section, address });
    }
  }
  return placed;
}

/**
 * Gives room to the zeros that objects share (`.comm`) and nobody defines: an object more, with a section `.bss`, where
 * there are any.
 */
export function withCommons(objects: readonly ObjectCode[]): readonly ObjectCode[] {
  const wanted = new Map<string, { size: number; align: number }>();
  for (const { commons } of objects) {
    for (const [name, { size, align }] of commons ?? []) {
      const known = wanted.get(name) ?? { size: 0, align: 1 };
      wanted.set(name, { size: Math.max(size, known.size), align: Math.max(align, known.align) });
    }
  }
  const defined = new Set(
    objects.flatMap((object) =>
      object.sections.flatMap(({ symbols }) => [...symbols.keys()].filter((name) => isGlobal(object, name))),
    ),
  );
  const symbols = new Map<string, number>();
  let size = 0;
  let align = 4;
  for (const [name, common] of wanted) {
    if (defined.has(name)) continue;
    const offset = Math.ceil(size / common.align) * common.align;
    symbols.set(name, offset);
    size = offset + common.size;
    align = Math.max(align, common.align);
  }
  if (symbols.size === 0) return objects;
  const bytes = new Uint8Array(size);
  return [...objects, { sections: [{ name: '.bss', align, bytes, symbols, relocations: [] }] }];
}

interface SymbolTables {
  globals: Map<string, number>;
  /** All symbols of each object: these win over the globals of others. */
  own: Map<ObjectCode, Map<string, number>>;
}

function collectSymbols(
  objects: readonly ObjectCode[],
  placed: readonly Placed[],
  external: LinkOptions['symbols'],
): SymbolTables {
  const given = external instanceof Map ? external : new Map(Object.entries(external ?? {}));
  const globals = new Map<string, number>();
  const weak = new Set<string>();
  const own = new Map<ObjectCode, Map<string, number>>();
  const define = (object: ObjectCode, name: string, address: number, where: string): void => {
    if (!isGlobal(object, name)) return;
    const isWeak = object.weak?.has(name) ?? false;
    if (globals.has(name) && !weak.has(name)) {
      if (isWeak) return;
      throw new FailureError(`symbol "${name}" is defined twice (again in ${where}).`);
    }
    if (isWeak && globals.has(name)) return;
    if (isWeak) weak.add(name);
    else weak.delete(name);
    globals.set(name, address);
  };
  for (const { object, section, address } of placed) {
    let symbols = own.get(object);
    if (!symbols) own.set(object, (symbols = new Map()));
    for (const [name, offset] of section.symbols) {
      if (!object.weak?.has(name)) symbols.set(name, address + offset);
      define(object, name, address + offset, fileAnd(object, section.name));
    }
  }
  for (const object of objects) {
    for (const [name, value] of object.absolutes ?? []) define(object, name, value, fileAnd(object, '.set'));
  }
  for (const [name, address] of given) if (!globals.has(name)) globals.set(name, address);
  for (const object of objects) {
    for (const name of object.weak ?? []) if (!globals.has(name)) globals.set(name, 0);
  }
  return { globals, own };
}

function readWord(bytes: Uint8Array, offset: number, length: number): number {
  let word = 0;
  for (let index = 0; index < length; index++) word += bytes[offset + index] * 2 ** (8 * index);
  return word;
}

/** Replaces the label of the instruction at `offset`; its other operands stay. */
function patchInstruction(bytes: Uint8Array, offset: number, address: number, target: number): void {
  const opcode = findOpcode(readWord(bytes, offset, 3));
  const index = opcode ? opcode.visible.findIndex((operand) => operand.kind === 'label') : -1;
  if (!opcode || index < 0)
    throw new FailureError(`no instruction with a label at ${hex(address)} to relocate.`);
  const values = decodeOperands(opcode, readWord(bytes, offset, opcode.length), address);
  values[index] = target;
  writeWord(bytes, offset, encodeInstruction(opcode, values, address), opcode.length);
}

function applyRelocation(bytes: Uint8Array, relocation: Relocation, address: number, target: number): void {
  const { offset, kind } = relocation;
  if (kind === 'abs32') writeWord(bytes, offset, target >>> 0, 4);
  else if (kind === 'pcrel32') writeWord(bytes, offset, (target - (address + offset)) >>> 0, 4);
  else patchInstruction(bytes, offset, address + offset, target >>> 0);
}

function linkSection({ object, section, address }: Placed, tables: SymbolTables): Segment {
  const bytes = section.bytes.slice();
  for (const relocation of section.relocations) {
    const { symbol, addend, offset } = relocation;
    const base = symbol === '' ? 0 : (tables.own.get(object)?.get(symbol) ?? tables.globals.get(symbol));
    if (base === undefined) {
      throw new FailureError(
        `undefined symbol "${symbol}", wanted by ${fileAnd(object, describePlace(section, offset))}.`,
      );
    }
    try {
      applyRelocation(bytes, relocation, address, base + addend);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new FailureError(
        `${fileAnd(object, describePlace(section, offset))} wants "${symbol || hex(addend)}": ${error.message}`,
      );
    }
  }
  return { name: section.name, address, bytes };
}

/** `.text, "matmul" + 0x12`: where in a section, by the nearest symbol before. */
function describePlace(section: Section, offset: number): string {
  let best: [string, number] | undefined;
  for (const [name, start] of section.symbols) {
    if (start <= offset && !name.startsWith('.L') && (!best || start >= best[1])) best = [name, start];
  }
  return best
    ? `${section.name}, "${best[0]}" + ${hex(offset - best[1])}`
    : `${section.name} + ${hex(offset)}`;
}

function checkOverlap(placed: readonly Placed[]): void {
  const sorted = placed
    .filter(({ section }) => section.bytes.length > 0)
    .sort((one, other) => one.address - other.address);
  for (let index = 1; index < sorted.length; index++) {
    const before = sorted[index - 1];
    const { section, address } = sorted[index];
    if (before.address + before.section.bytes.length > address) {
      throw new FailureError(
        `sections ${before.section.name} and ${section.name} overlap at ${hex(address)}.`,
      );
    }
  }
}

/**
 * Links objects: `placement` is called once per section, in order. Throws a FailureError for undefined or doubly
 * defined symbols, for targets out of reach and for sections that overlap.
 */
export function link(
  objects: readonly ObjectCode[],
  placement: Placement,
  options: LinkOptions = {},
): LinkedCode {
  const placed = place(objects, placement);
  checkOverlap(placed);
  const tables = collectSymbols(objects, placed, options.symbols);
  return { segments: placed.map((entry) => linkSection(entry, tables)), symbols: tables.globals };
}
