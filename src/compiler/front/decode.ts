/** WebAssembly binary to module. Source: WebAssembly core specification 2.0, chapter 5. */

import { UnsupportedModule } from '../errors.ts';
import { type Body, RefusedFeature, readExpression, readReferenceType, readValueType } from './body.ts';
import type {
  DataSegment,
  ElementSegment,
  ExternKind,
  FunctionType,
  Limits,
  ValueType,
  WasmModule,
} from './module.ts';
import { readNames, readSourceMapUrl } from './names.ts';
import { createReader, malformed, type Reader, readByte, readBytes, readName, readU32 } from './reader.ts';

const MAX_LOCALS = 50_000;
const kinds: readonly ExternKind[] = ['func', 'table', 'memory', 'global'];

/** Reads a module's sections and bodies. Types are checked afterwards by `validateModule`. */
export function decodeModule(bytes: Uint8Array): WasmModule {
  const reader = createReader(bytes);
  const header = bytes.subarray(0, 8);
  if (header.length < 8 || String.fromCharCode(...header.subarray(0, 4)) !== '\0asm')
    malformed(reader, 'magic header not detected');
  if (header[4] !== 1 || header[5] || header[6] || header[7]) malformed(reader, 'unknown binary version');
  reader.at = 8;
  const module = emptyModule();
  const codes: number[] = [];
  let last = 0;
  while (reader.at < reader.end) {
    const id = readByte(reader);
    const size = readU32(reader);
    if (size > reader.end - reader.at) malformed(reader, 'length out of bounds');
    const section = createReader(bytes, reader.at, reader.at + size);
    reader.at += size;
    if (id === 0) {
      customSection(module, section);
      continue;
    }
    if (id === TAG_SECTION)
      throw new UnsupportedModule(
        'exceptions',
        `the module declares exception tags (byte ${section.at}); exceptions are not supported: compile it without them`,
      );
    const order = sectionOrder.indexOf(id);
    if (order < 0) malformed(section, 'malformed section id');
    if (order < last) malformed(section, 'unexpected content after last section');
    last = order + 1;
    sectionReaders[id](module, section, codes);
    if (section.at !== section.end) malformed(section, 'section size mismatch');
  }
  checkCounts(module, reader, codes);
  return module;
}

function emptyModule(): WasmModule {
  return {
    types: [],
    imports: [],
    functionTypes: [],
    tables: [],
    memories: [],
    globals: [],
    globalInits: [],
    exports: [],
    elements: [],
    data: [],
    functions: [],
    refused: new Map(),
    start: undefined,
    dataCount: undefined,
    name: undefined,
    functionNames: new Map(),
    sourceMapUrl: undefined,
  };
}

/** Data count (12) stands before code (10) so that one pass can check memory.init. */
const sectionOrder = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];

/** Of the exception handling proposal. */
const TAG_SECTION = 13;

type SectionReader = (module: WasmModule, reader: Reader, codes: number[]) => void;

const sectionReaders: Readonly<Record<number, SectionReader>> = {
  1: (module, reader) => each(reader, () => module.types.push(readFunctionType(reader))),
  2: (module, reader) => each(reader, () => readImport(module, reader)),
  3: (module, reader, codes) =>
    each(reader, () => {
      const type = readU32(reader);
      module.functionTypes.push(type);
      codes.push(type);
    }),
  4: (module, reader) =>
    each(reader, () => module.tables.push({ element: readReferenceType(reader), ...readLimits(reader) })),
  5: (module, reader) => each(reader, () => module.memories.push(readLimits(reader))),
  6: (module, reader) =>
    each(reader, () => {
      const type = readGlobalType(reader);
      module.globals.push(type);
      module.globalInits.push({ type, init: constant(module, reader) });
    }),
  7: (module, reader) =>
    each(reader, () => {
      const name = readName(reader);
      const kind = kinds[readByte(reader)] ?? malformed(reader, 'malformed export kind');
      module.exports.push({ name, kind, index: readU32(reader) });
    }),
  8: (module, reader) => {
    module.start = readU32(reader);
  },
  9: (module, reader) => each(reader, () => module.elements.push(readElement(module, reader))),
  10: (module, reader, codes) => each(reader, (index) => readCode(module, reader, codes[index])),
  11: (module, reader) => each(reader, () => module.data.push(readData(module, reader))),
  12: (module, reader) => {
    module.dataCount = readU32(reader);
  },
};

function each(reader: Reader, read: (index: number) => void): void {
  const count = readU32(reader);
  if (count > reader.end - reader.at) malformed(reader, 'length out of bounds');
  for (let index = 0; index < count; index++) read(index);
}

function readTypes(reader: Reader): ValueType[] {
  const types: ValueType[] = [];
  each(reader, () => types.push(readValueType(reader)));
  return types;
}

function readFunctionType(reader: Reader): FunctionType {
  const form = readByte(reader);
  if (form === 0x5f || form === 0x5e || form === 0x4e || form === 0x50 || form === 0x4f)
    throw new UnsupportedModule(
      'GC types',
      `the module uses garbage-collected types (byte ${reader.at}), which are not supported`,
    );
  if (form !== 0x60) malformed(reader, 'integer representation too long or malformed type');
  return { params: readTypes(reader), results: readTypes(reader) };
}

function readLimits(reader: Reader): Limits {
  const flag = readByte(reader);
  if (flag === 4 || flag === 5)
    throw new UnsupportedModule('memory64', 'the module uses 64-bit addresses, which are not supported');
  if (flag === 2 || flag === 3)
    throw new UnsupportedModule(
      'shared memory',
      `the module has a shared memory (byte ${reader.at}), which is not supported: compile it without threads; two cores meet through mmio.read32, mmio.write32 and xt.memw`,
    );
  if (flag > 1) malformed(reader, flag > 0x7f ? 'integer representation too long' : 'malformed limits flags');
  const min = readU32(reader);
  return { min, max: flag === 1 ? readU32(reader) : undefined };
}

function readGlobalType(reader: Reader): { type: ValueType; mutable: boolean } {
  const type = readValueType(reader);
  const mutable = readByte(reader);
  if (mutable > 1) malformed(reader, 'malformed mutability');
  return { type, mutable: mutable === 1 };
}

function readImport(module: WasmModule, reader: Reader): void {
  const names = { module: readName(reader), name: readName(reader) };
  const kind = kinds[readByte(reader)] ?? malformed(reader, 'malformed import kind');
  if (kind === 'func') {
    const typeIndex = readU32(reader);
    module.functionTypes.push(typeIndex);
    module.imports.push({ ...names, type: { kind, typeIndex } });
  } else if (kind === 'table') {
    const table = { element: readReferenceType(reader), ...readLimits(reader) };
    module.tables.push(table);
    module.imports.push({ ...names, type: { kind, ...table } });
  } else if (kind === 'memory') {
    const limits = readLimits(reader);
    module.memories.push(limits);
    module.imports.push({ ...names, type: { kind, ...limits } });
  } else {
    const type = readGlobalType(reader);
    module.globals.push(type);
    module.imports.push({ ...names, type: { kind, ...type } });
  }
}

function constant(module: WasmModule, reader: Reader): Body['code'] {
  try {
    return readExpression(reader, module.types).code;
  } catch (error) {
    if (!(error instanceof RefusedFeature)) throw error;
    throw new UnsupportedModule(
      error.feature,
      `a constant expression uses ${error.feature} (byte ${error.at}), which is not supported`,
    );
  }
}

function readElement(module: WasmModule, reader: Reader): ElementSegment {
  const flags = readU32(reader);
  if (flags > 7) malformed(reader, 'malformed elements segment kind');
  const mode = flags & 1 ? (flags & 2 ? 'declarative' : 'passive') : 'active';
  const table = mode === 'active' && flags & 2 ? readU32(reader) : 0;
  const offset = mode === 'active' ? constant(module, reader) : [];
  const expressions = (flags & 4) !== 0;
  let type: ValueType = 'funcref';
  if (flags & 3) {
    if (expressions) type = readReferenceType(reader);
    else if (readByte(reader) !== 0) malformed(reader, 'malformed element kind');
  }
  const items: Body['code'][] = [];
  each(reader, () => {
    if (expressions) items.push(constant(module, reader));
    else items.push(functionReference(reader));
  });
  return { mode, table, offset, type, items };
}

/** An element given as a function index, spelt as the expression it abbreviates: `ref.func x end`. */
function functionReference(reader: Reader): Body['code'] {
  const at = reader.at;
  const short = createReader(new Uint8Array([0xd2, 0x00, 0x0b]));
  const [reference, end] = readExpression(short, []).code;
  return [
    { ...reference, a: readU32(reader), at },
    { ...end, at },
  ];
}

function readData(module: WasmModule, reader: Reader): DataSegment {
  const flags = readU32(reader);
  if (flags > 2) malformed(reader, 'malformed data segment kind');
  if (flags === 2 && readU32(reader) !== 0)
    throw new UnsupportedModule(
      'several memories',
      'the module has more than one memory, which is not supported',
    );
  const offset = flags === 1 ? [] : constant(module, reader);
  return { mode: flags === 1 ? 'passive' : 'active', offset, bytes: readBytes(reader, readU32(reader)) };
}

function readCode(module: WasmModule, reader: Reader, typeIndex: number | undefined): void {
  if (typeIndex === undefined) malformed(reader, 'function and code section have inconsistent lengths');
  const size = readU32(reader);
  if (size > reader.end - reader.at) malformed(reader, 'length out of bounds');
  const body = createReader(reader.bytes, reader.at, reader.at + size);
  const at = reader.at;
  reader.at += size;
  const locals: ValueType[] = [];
  each(body, () => {
    const count = readU32(body);
    const type = readValueType(body);
    if (locals.length + count > 0xffffffff) malformed(body, 'too many locals');
    if (locals.length + count > MAX_LOCALS)
      throw new UnsupportedModule(
        'too many locals',
        `function ${module.functions.length} has more than ${MAX_LOCALS} locals`,
      );
    for (let i = 0; i < count; i++) locals.push(type);
  });
  const type = module.types[typeIndex] ?? malformed(body, 'unknown type');
  try {
    const { code, matching } = readExpression(body, module.types);
    if (body.at !== body.end) malformed(body, 'junk after the end of a function');
    module.functions.push({ typeIndex, type, locals, code, matching, at });
  } catch (error) {
    if (!(error instanceof RefusedFeature)) throw error;
    module.refused.set(module.functions.length, { feature: error.feature, at: error.at });
    module.functions.push({ typeIndex, type, locals, code: [], matching: new Map(), at });
  }
}

function checkCounts(module: WasmModule, reader: Reader, codes: readonly number[]): void {
  if (module.functions.length !== codes.length)
    malformed(reader, 'function and code section have inconsistent lengths');
  if (module.dataCount !== undefined && module.dataCount !== module.data.length)
    malformed(reader, 'data count and data section have inconsistent lengths');
  const segments = new Set(['memory.init', 'data.drop']);
  const needsCount = module.functions.some(({ code }) => code.some(({ op }) => segments.has(op.name)));
  if (module.dataCount === undefined && needsCount) malformed(reader, 'data count section required');
}

function customSection(module: WasmModule, reader: Reader): void {
  const name = readName(reader);
  if (name === 'name') readNames(module, reader);
  else if (name === 'sourceMappingURL') readSourceMapUrl(module, reader);
}
