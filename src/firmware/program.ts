/** The device program as machine code: the compiled WebAssembly, its kernels and the start stub, not placed yet. */
import { type Cache, cached } from '../cache.ts';
import { compileData, compileModule } from '../compiler/index.ts';
import { deviceProgram } from '../contract/index.ts';
import type { DeviceProgramName, DevicePrograms } from '../device-programs.ts';
import { buildKernels, kernelClobbers } from '../kernels/index.ts';
import type { KernelShape } from '../quantize/index.ts';
import type { ObjectCode, Section } from '../xtensa/index.ts';
import { INSTRUCTION_ALIAS, type MemoryItem, roundUp, SRAM, SRAM0 } from './memory.ts';
import { pruneCode } from './prune.ts';
import { type StartMemory, startCode } from './start.ts';

export interface ProgramOptions {
  programs: DevicePrograms;
  /** Values of the program's imported numbers. */
  numbers: Readonly<Record<string, number>>;
  start: StartMemory;
  cores: 1 | 2;
  /** Hand-written vector kernels; otherwise the portable ones, compiled. */
  pie: boolean;
  shape: KernelShape;
  /** The same of the small model that guesses, if there is one. */
  drafter?: Pick<ProgramOptions, 'numbers' | 'shape'>;
}

export interface ProgramCode {
  objects: ObjectCode[];
  /** Data that the WebAssembly module puts at addresses of its own. */
  fixedData: readonly { address: number; bytes: Uint8Array }[];
}

/** Anything else is data. */
const isCode = (section: Section): boolean => /^\.(vectors|start|text)/.test(section.name);

/** Names of the WebAssembly that a program is compiled from. */
const modulesOf = ({
  pie,
  shape,
  drafter,
}: Pick<ProgramOptions, 'pie' | 'shape' | 'drafter'>): DeviceProgramName[] => [
  deviceProgram('main.chip', shape.precision, shape.biased),
  ...(pie ? [] : ([KERNELS] as const)),
  ...(drafter ? ([DRAFT] as const) : []),
];
const KERNELS = 'kernels.wasm';
const DRAFT = 'draft.wasm';

/** Everything compiled for these numbers, or as the cache knows it. */
export function programCode(options: ProgramOptions, cache: Cache): ProgramCode {
  const { programs, ...rest } = options;
  const modules = modulesOf(options).map(programs);
  return cached(cache, ['program', JSON.stringify(rest), ...modules], () => compileProgram(options));
}

type DataOptions = Omit<ProgramOptions, 'numbers' | 'start' | 'drafter'>;

/**
 * What the program's data alone need, which nobody needs a plan or a compiler for, or what the cache knows of it; what a model that guesses
 * adds is left out. (A table of calls, of which only the code says whether it is there, would be found missing when all is compiled.)
 */
export function dataItems(options: DataOptions, cache: Cache): MemoryItem[] {
  const { programs, ...rest } = options;
  const modules = modulesOf(options).map(programs);
  return cached(cache, ['program data', JSON.stringify(rest), ...modules], () =>
    programItems(programData(options, modules)),
  );
}

/** The same wherever it lies. */
const UNPLACED: StartMemory = { stackTops: [0, 0], panicFrames: 0 };

function programData({ cores, pie, shape }: DataOptions, modules: readonly Uint8Array[]): ProgramCode {
  const [main, ...portable] = modules.map(compileData);
  const kernels = pie ? buildKernels(shape) : portable.map(({ object }) => object);
  const objects = [startCode(UNPLACED, cores), ...kernels, main.object].map((object) => ({
    ...object,
    sections: object.sections.filter((section) => !isCode(section)),
  }));
  return { objects, fixedData: [main, ...portable].flatMap(({ data }) => data) };
}

function compileProgram(options: ProgramOptions): ProgramCode {
  const { programs, numbers, start, cores, pie, shape, drafter } = options;
  /** What `roots` do not lead to is left out at once: a third of the program. */
  const compile = (
    name: DeviceProgramName,
    values: Readonly<Record<string, number>>,
    roots: readonly string[],
  ) => {
    const compiled = compileModule(programs(name), {
      globals: Object.fromEntries(Object.entries(values).map(([key, value]) => [`config.${key}`, value])),
      clobbers: pie ? kernelClobbers : {},
      trapSymbol: 'trap',
      roots,
    });
    if (compiled.start)
      throw new Error(`${name} has an initialiser that is not constant; nothing on the chip runs it`);
    return compiled;
  };
  const first = startCode(start, cores);
  const main = compile(modulesOf(options)[0], numbers, wantedBy([first]));
  const draft = drafter && compile(DRAFT, drafter.numbers, withoutPrefix(wantedBy([main.object]), GUESSING));
  if (draft && draft.data.length > 0)
    throw new Error('device/draft.ts has data of its own, and no place for it');
  const guessing = draft ? [draft.object, ...(pie ? buildKernels(drafter.shape) : [])] : [];
  const users = [first, main.object, ...withPrefix(guessing, GUESSING)];
  const kernels = pie ? undefined : compile(KERNELS, numbers, wantedBy(users));
  const objects = [first, ...(kernels ? [kernels.object] : buildKernels(shape)), ...users.slice(1)];
  return {
    objects: pruneCode(objects, (section, object) => object === first || !isCode(section)),
    fixedData: [...main.data, ...(kernels?.data ?? [])],
  };
}

const wantedBy = (users: readonly ObjectCode[]): string[] =>
  users.flatMap(({ sections }) =>
    sections.flatMap(({ relocations }) => relocations.map(({ symbol }) => symbol)),
  );

/** Begins the names of the small model's program, as the large one's imports it. */
const GUESSING = 'draft.';

const withoutPrefix = (names: readonly string[], prefix: string): string[] =>
  names.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));

/** Objects whose symbols, beside local ones, and sections of code have a prefix: `next` is `draft.next`. */
function withPrefix(objects: readonly ObjectCode[], prefix: string): ObjectCode[] {
  const isOwn = (name: string): boolean => !name.startsWith('.L');
  const own = new Set(
    objects.flatMap(({ sections }) => sections.flatMap(({ symbols }) => [...symbols.keys()].filter(isOwn))),
  );
  const renamed = (name: string): string => (own.has(name) ? prefix + name : name);
  return objects.map((object) => ({
    globals: object.globals && new Set([...object.globals].map(renamed)),
    sections: object.sections.map((section) => ({
      ...section,
      name: section.name.replace(/^\.text\.(device\/)?/, `.text.${prefix.slice(0, -1)}/`),
      symbols: new Map([...section.symbols].map(([name, offset]) => [renamed(name), offset])),
      relocations: section.relocations.map((relocation) => ({
        ...relocation,
        symbol: renamed(relocation.symbol),
      })),
    })),
  }));
}

/** Where a section goes, by the section itself. */
export type SectionAddresses = Map<Section, number>;

/** Puts the code into SRAM0, in order, as far as it fits; the rest needs `overflow` bytes in SRAM1. */
export function placeCode(
  objects: readonly ObjectCode[],
  overflowAddress: number,
): { addresses: SectionAddresses; used: number; overflow: number } {
  const addresses: SectionAddresses = new Map();
  let next: number = SRAM0.start;
  const first = overflowAddress + INSTRUCTION_ALIAS;
  let beyond = first;
  for (const section of objects.flatMap(({ sections }) => sections).filter(isCode)) {
    const start = roundUp(next, section.align);
    if (start + section.bytes.length <= SRAM0.end) {
      addresses.set(section, start);
      next = start + section.bytes.length;
    } else {
      const there = roundUp(beyond, section.align);
      addresses.set(section, there);
      beyond = there + section.bytes.length;
    }
  }
  return { addresses, used: next - SRAM0.start, overflow: beyond - first };
}

export const OVERFLOW = 'code.overflow';
export const CONSTANTS = 'constants';
const dataName = (index: number): string => `data.${index}`;

const dataSections = (objects: readonly ObjectCode[]): Section[] =>
  objects
    .flatMap(({ sections }) => sections)
    .filter((section) => !isCode(section) && section.bytes.length > 0);

/** What the compiled program needs of SRAM besides SRAM0. */
export function programItems({ objects, fixedData }: ProgramCode): MemoryItem[] {
  const item = (name: string, purpose: MemoryItem['purpose'], bytes: number, align: number): MemoryItem => ({
    name,
    purpose,
    bytes,
    align,
    lifetime: 'loaded',
    memory: 'sram',
    zero: false,
    reads: 0,
    writes: 0,
  });
  const end = Math.max(SRAM.start, ...fixedData.map(({ address, bytes }) => address + bytes.length));
  const { overflow } = placeCode(objects, 0);
  return [
    { ...item(CONSTANTS, 'system', end - SRAM.start, 4), fixed: SRAM.start },
    ...dataSections(objects).map((section, index) =>
      item(dataName(index), 'system', section.bytes.length, section.align),
    ),
    ...(overflow > 0 ? [{ ...item(OVERFLOW, 'code', overflow, 16), executable: true }] : []),
  ];
}

/** Addresses of all sections once the plan has placed {@link programItems}. */
export function sectionAddresses(
  { objects }: ProgramCode,
  items: ReadonlyMap<string, number>,
): SectionAddresses {
  const { addresses } = placeCode(objects, items.get(OVERFLOW) ?? 0);
  for (const [index, section] of dataSections(objects).entries()) {
    addresses.set(section, items.get(dataName(index))!);
  }
  return addresses;
}

/** Address of a symbol of the start stub, which lies at the beginning of SRAM0 whatever follows. */
export function startSymbol(stub: ObjectCode, name: string): number {
  const { addresses } = placeCode([stub], 0);
  for (const section of stub.sections) {
    const offset = section.symbols.get(name);
    if (offset !== undefined) return addresses.get(section)! + offset;
  }
  throw new Error(`startSymbol: ${name}`);
}
