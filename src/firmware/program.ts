/** The device program as machine code: the compiled WebAssembly, its kernels and the start stub, not placed yet. */
import { type Cache, cached } from '../cache.ts';
import { compileModule } from '../compiler/index.ts';
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
}

export interface ProgramCode {
  objects: ObjectCode[];
  /** Data that the WebAssembly module puts at addresses of its own. */
  fixedData: readonly { address: number; bytes: Uint8Array }[];
}

/** Anything else is data. */
const isCode = (section: Section): boolean => /^\.(vectors|start|text)/.test(section.name);

/** Names of the WebAssembly that a program is compiled from. */
const modulesOf = ({ pie, shape }: ProgramOptions): DeviceProgramName[] => [
  deviceProgram('main.chip', shape.precision),
  ...(pie ? [] : (['kernels.wasm'] as const)),
];

/** Everything compiled for these numbers, or as the cache knows it. */
export function programCode(options: ProgramOptions, cache: Cache): ProgramCode {
  const { programs, ...rest } = options;
  const modules = modulesOf(options).map(programs);
  return cached(cache, ['program', JSON.stringify(rest), ...modules], () => compileProgram(options));
}

function compileProgram(options: ProgramOptions): ProgramCode {
  const { programs, numbers, start, cores, pie, shape } = options;
  const globals = Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [`config.${name}`, value]),
  );
  /** What nothing in `users` leads to is left out at once: a third of the program. */
  const compile = (name: DeviceProgramName, users: readonly ObjectCode[]) =>
    compileModule(programs(name), {
      globals,
      clobbers: pie ? kernelClobbers : {},
      trapSymbol: 'trap',
      roots: wantedBy(users),
    });
  const [program, portable] = modulesOf(options);
  const first = startCode(start, cores);
  const main = compile(program, [first]);
  if (main.start)
    throw new Error('device/main.ts has an initialiser that is not constant; nothing on the chip runs it');
  const kernels = portable && compile(portable, [first, main.object]);
  const objects = [first, ...(kernels ? [kernels.object] : buildKernels(shape)), main.object];
  return {
    objects: pruneCode(objects, (section, object) => object === first || !isCode(section)),
    fixedData: [...main.data, ...(kernels?.data ?? [])],
  };
}

const wantedBy = (users: readonly ObjectCode[]): string[] =>
  users.flatMap(({ sections }) =>
    sections.flatMap(({ relocations }) => relocations.map(({ symbol }) => symbol)),
  );

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
