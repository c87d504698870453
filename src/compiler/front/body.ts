import type { FunctionType, Instruction, ValueType } from './module.ts';
import { PREFIX_ATOMIC, PREFIX_MISC, PREFIX_SIMD, wasmOpcodes } from './opcodes.ts';
import { malformed, type Reader, readByte, readF32Bits, readSigned, readU32 } from './reader.ts';

const valueTypes: ReadonlyMap<number, ValueType> = new Map([
  [0x7f, 'i32'],
  [0x7e, 'i64'],
  [0x7d, 'f32'],
  [0x7c, 'f64'],
  [0x7b, 'v128'],
  [0x70, 'funcref'],
  [0x6f, 'externref'],
]);

export function readValueType(reader: Reader): ValueType {
  return valueTypes.get(readByte(reader)) ?? malformed(reader, 'unknown value type');
}

export function readReferenceType(reader: Reader): ValueType {
  const type = readValueType(reader);
  if (type !== 'funcref' && type !== 'externref') malformed(reader, 'malformed reference type');
  return type;
}

/** Thrown while reading a body that uses a feature which is refused as a whole (SIMD, atomics). */
export class RefusedFeature extends Error {
  readonly feature: string;
  readonly at: number;

  constructor(feature: string, at: number) {
    super(feature);
    this.feature = feature;
    this.at = at;
  }
}

function blockType(reader: Reader, types: readonly FunctionType[]): FunctionType {
  const first = reader.bytes[reader.at];
  if (reader.at < reader.end && first === 0x40) {
    reader.at++;
    return { params: [], results: [] };
  }
  const short = reader.at < reader.end ? valueTypes.get(first) : undefined;
  if (short !== undefined) {
    reader.at++;
    return { params: [], results: [short] };
  }
  const index = Number(readSigned(reader, 33));
  return types[index] ?? malformed(reader, 'unknown type');
}

function expectZero(reader: Reader): void {
  if (readByte(reader) !== 0) malformed(reader, 'zero byte expected');
}

function readOpcode(reader: Reader): number {
  const at = reader.at;
  const first = readByte(reader);
  if (first === PREFIX_SIMD) throw new RefusedFeature('SIMD', at);
  if (first === PREFIX_ATOMIC) throw new RefusedFeature('atomics', at);
  return first === PREFIX_MISC ? 0xfc00 + readU32(reader) : first;
}

/** Instructions of later proposals, by ranges of their numbers. */
const later: readonly (readonly [first: number, last: number, feature: string])[] = [
  [0x06, 0x0a, 'exceptions'],
  [0x12, 0x13, 'tail calls'],
  [0x14, 0x15, 'typed function references'],
  [0x18, 0x1f, 'exceptions'],
  [0xd3, 0xd6, 'typed function references'],
  [0xfb, 0xfb, 'GC types'],
];

function newerThan2(code: number): string | undefined {
  if (wasmOpcodes.has(code)) return undefined;
  return later.find(([first, last]) => code >= first && code <= last)?.[2];
}

/** Reads one instruction with its immediates. */
export function readInstruction(reader: Reader, types: readonly FunctionType[]): Instruction {
  const at = reader.at;
  const code = readOpcode(reader);
  const newer = newerThan2(code);
  if (newer) throw new RefusedFeature(newer, at);
  const op = wasmOpcodes.get(code) ?? malformed(reader, 'illegal opcode');
  switch (op.immediate) {
    case 'none':
      return { op, a: 0, b: 0, at };
    case 'block':
      return { op, a: 0, b: 0, type: blockType(reader, types), at };
    case 'index':
      return { op, a: readU32(reader), b: 0, at };
    case 'index2':
      return { op, a: readU32(reader), b: readU32(reader), at };
    case 'table': {
      const count = readU32(reader);
      if (count > reader.end - reader.at) malformed(reader, 'length out of bounds');
      return { op, a: 0, b: 0, list: Array.from({ length: count + 1 }, () => readU32(reader)), at };
    }
    case 'types': {
      const count = readU32(reader);
      if (count > reader.end - reader.at) malformed(reader, 'length out of bounds');
      const results = Array.from({ length: count }, () => readValueType(reader));
      return { op, a: 0, b: 0, type: { params: [], results }, at };
    }
    case 'memory': {
      const align = readU32(reader);
      if (align >= 32) malformed(reader, 'malformed memop flags');
      return { op, a: align, b: readU32(reader), at };
    }
    case 'i32':
      return { op, a: Number(readSigned(reader, 32)), b: 0, at };
    case 'i64': {
      const value = readSigned(reader, 64);
      return { op, a: Number(BigInt.asIntN(32, value)), b: Number(BigInt.asIntN(32, value >> 32n)), at };
    }
    case 'f32':
      return { op, a: readF32Bits(reader), b: 0, at };
    case 'f64':
      return { op, a: readF32Bits(reader), b: readF32Bits(reader), at };
    case 'reftype':
      return { op, a: 0, b: 0, type: { params: [], results: [readReferenceType(reader)] }, at };
    case 'zero':
      expectZero(reader);
      return { op, a: 0, b: 0, at };
    case 'zero2':
      expectZero(reader);
      expectZero(reader);
      return { op, a: 0, b: 0, at };
  }
}

export interface Body {
  readonly code: Instruction[];
  readonly matching: Map<number, number>;
}

/** Reads instructions up to the `end` that closes the body (or the constant expression). */
export function readExpression(reader: Reader, types: readonly FunctionType[]): Body {
  const code: Instruction[] = [];
  const matching = new Map<number, number>();
  const open: number[] = [];
  for (;;) {
    const instruction = readInstruction(reader, types);
    const index = code.push(instruction) - 1;
    const name = instruction.op.name;
    if (instruction.op.immediate === 'block') open.push(index);
    else if (name === 'else') {
      const start = open.pop();
      if (start === undefined || code[start].op.name !== 'if') return malformed(reader, 'else without if');
      matching.set(start, index);
      open.push(index);
    } else if (name === 'end') {
      const start = open.pop();
      if (start === undefined) return { code, matching };
      matching.set(start, index);
    }
  }
}
