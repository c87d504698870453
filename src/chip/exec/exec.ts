/** Runs bare ELF programs for this core: flat memory, simulator calls, nothing of the chip around it. */
import { FailureError } from '../../errors.ts';
import { type Elf, readElf } from '../../xtensa/index.ts';
import { CAUSE, causeNames, createFlatBus, type FlatBus } from '../bus/index.ts';
import { type Core, createCore, decodeInstruction, PS, SR, type VisibleRegisters } from '../core/index.ts';
import { builtInCode, DEBUG_VECTOR, isGeneralVector, returnOffsets, VECTOR_BYTES } from './handlers.ts';
import { createSimcalls, writeArguments } from './simcalls.ts';
import { reloadCaller, spillWindows } from './spill.ts';

export interface ExecOptions {
  /** Program name and arguments, as the program sees them. */
  readonly argv?: readonly string[];
  readonly stdin?: Uint8Array;
  readonly stdout?: (bytes: Uint8Array) => void;
  readonly stderr?: (bytes: Uint8Array) => void;
  /** Refuse to run on beyond this. Default: no limit. */
  readonly maxCycles?: number;
  /** Bytes of memory that the program may touch. Default 256 MB. */
  readonly memoryBytes?: number;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly instructions: number;
  readonly cycles: number;
}

const DEFAULT_MEMORY = 256 * 2 ** 20;
/** Around each segment an access makes memory appear: heap above, a stack that the program's own start-up code chose. */
const NEIGHBOURHOOD = 16 * 2 ** 20;
/** Memory of the chip that a program may use without having a segment there. docs/esp32-s3.md B1. */
const CHIP_RAM = [
  [0x3c000000, 0x3e000000],
  [0x3fc80000, 0x3fd00000],
  [0x40370000, 0x403e0000],
  [0x50000000, 0x50002000],
  [0x600fe000, 0x60100000],
  // A base frame without a caller is spilled below address 0.
  [0xffff0000, 0x100000000],
] as const;
/** Null and what is near it stays unmapped, unless a segment lies there. */
const LOWEST = 0x10000;
const STACK_BYTES = 0x8000;
/** Room above the first stack pointer for the save area of a caller that does not exist. */
const STACK_HEADROOM = 128;
/** Where in the built-in page the program's arguments lie, for a first function that takes argc and argv. */
const ARGUMENTS = 0x800;
const HANDLER_PAGE = 0x1000;
const RESET_VECBASE = 0x40000000;
const SLICE = 50_000_000;
/** Exit codes of programs that an exception ended: 128 + cause, as shells do for signals. */
const EXCEPTION_EXIT = 128;

const hex = (value: number) => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

interface Span {
  readonly from: number;
  readonly to: number;
}

const spansOf = (elf: Elf): Span[] =>
  elf.segments.map(({ address, memorySize }) => ({ from: address, to: address + memorySize }));

const overlaps = (spans: readonly Span[], from: number, to: number) =>
  spans.some((span) => span.from < to && from < span.to);

function createProgramMemory(elf: Elf, capacity: number): FlatBus {
  const spans = spansOf(elf);
  const isNear = (address: number) =>
    address >= LOWEST && overlaps(spans, address - NEIGHBOURHOOD, address + NEIGHBOURHOOD);
  const bus = createFlatBus(
    capacity,
    (address) => CHIP_RAM.some(([from, to]) => address >= from && address < to) || isNear(address),
  );
  for (const { address, memorySize, bytes } of elf.segments) {
    if (address + memorySize > 2 ** 32) throw new FailureError('the ELF file has a segment beyond 4 GB.');
    bus.provide(address, memorySize);
    bus.load(address, bytes);
  }
  return bus;
}

/** An aligned address with `bytes` bytes free of segments, from a list of places to try. */
function freePlace(spans: readonly Span[], candidates: readonly number[], bytes: number): number {
  const place = candidates.find((address) => !overlaps(spans, address, address + bytes));
  if (place === undefined) throw new FailureError('the program leaves no room for a stack and its handlers.');
  return place;
}

const symbol = (elf: Elf, name: string) => elf.symbols.find((entry) => entry.name === name)?.value;

const opcodeAt = (bus: FlatBus, address: number) =>
  decodeInstruction(address, (at) => bus.read8(at)).opcode?.name;

/** Window handlers begin with s32e (overflow) and l32e (underflow); other code at that address is not vectors. */
const bringsVectors = (bus: FlatBus, vecbase: number) =>
  opcodeAt(bus, vecbase) === 's32e' && opcodeAt(bus, vecbase + 0x40) === 'l32e';

interface Surroundings {
  readonly vecbase: number;
  /** Where the built-in code lies. */
  readonly handlers: number;
  readonly stack: number;
}

function arrange(elf: Elf, bus: FlatBus): Surroundings {
  const spans = spansOf(elf);
  // The code to return to must lie in the same gigabyte as the program: windowed returns keep the top two bits of PC.
  const gigabyte = elf.entry - (elf.entry % 0x40000000);
  const candidates = Array.from({ length: 64 }, (_, index) => gigabyte + 0x3fff0000 - index * 0x10000);
  const code = builtInCode();
  const handlers = freePlace(spans, candidates, HANDLER_PAGE);
  bus.load(handlers, code);
  const own = symbol(elf, '_memmap_vecbase_reset') ?? RESET_VECBASE;
  const stacks = [0x3fce8000, 0x3fcd0000, 0x3fcf8000, 0x3fca0000, 0x3d800000, 0x3d000000];
  const stack = freePlace(spans, stacks, STACK_BYTES) + STACK_BYTES - STACK_HEADROOM;
  return { vecbase: bringsVectors(bus, own) ? own : handlers, handlers, stack };
}

/** Sets the registers as a loader would that calls the entry point. */
function begin(core: Core, elf: Elf, bus: FlatBus, place: Surroundings, argv: readonly string[]): void {
  const { special, ar } = core.state;
  const isWindowed = opcodeAt(bus, elf.entry) === 'entry';
  special[SR.ps] = PS.woe | PS.um | (isWindowed ? 2 << PS.callincShift : 0);
  special[SR.vecbase] = place.vecbase;
  special[SR.cpenable] = 0xff;
  ar[1] = place.stack;
  ar[0] = place.handlers + returnOffsets.fromCall0;
  if (isWindowed) {
    ar[0] = 0;
    ar[8] = (2 << 30) | ((place.handlers + returnOffsets.fromCall8) & 0x3fffffff);
    ar[10] = argv.length;
    ar[11] = place.handlers + ARGUMENTS;
  } else {
    ar[2] = argv.length;
    ar[3] = place.handlers + ARGUMENTS;
  }
  writeArguments(bus, place.handlers + ARGUMENTS, argv);
  // The frame below the first one: where the registers of a spilled first frame go.
  bus.write32(place.stack - 12, place.stack + STACK_HEADROOM);
  core.state.pc = elf.entry;
  core.stateChanged();
}

function describeException(core: Core, registers: VisibleRegisters, offset: number): string {
  const { special } = core.state;
  const isDouble = offset === 0x3c0;
  const cause = special[SR.exccause];
  const level = Math.floor((offset - 0x180) / 0x40) + 2;
  const isGeneral = isGeneralVector(offset) || isDouble;
  const pc = isDouble ? special[SR.depc] : isGeneral ? special[SR.epc1] : special[SR.epc1 + level - 1];
  const what = isGeneral
    ? `${isDouble ? 'double ' : ''}exception ${cause} (${causeNames[cause] ?? 'unknown cause'})`
    : offset === DEBUG_VECTOR
      ? `breakpoint (DEBUGCAUSE ${hex(special[SR.debugcause])})`
      : `interrupt of level ${level}, which nothing handles,`;
  const address =
    [2, 3, 9, 20, 28, 29].includes(cause) && isGeneral ? `, address ${hex(special[SR.excvaddr])}` : '';
  const rows = [0, 4, 8, 12].map((first) =>
    [0, 1, 2, 3]
      .map((index) => `a${first + index}`.padStart(4) + ` ${hex(registers.get(first + index))}`)
      .join(' '),
  );
  const state =
    `  ps ${hex(special[SR.ps])} sar ${special[SR.sar]} windowbase ${special[SR.windowbase]} ` +
    `windowstart ${hex(special[SR.windowstart])} lcount ${hex(special[SR.lcount])}`;
  return `${what} at pc ${hex(pc)}${address}\n${rows.join('\n')}\n${state}\n`;
}

/**
 * Runs an ELF executable until it exits.
 * @throws FailureError for a file that is no such program, or one that runs longer than `maxCycles`
 */
export function executeElf(file: Uint8Array, options: ExecOptions = {}): ExecResult {
  const elf = readElf(file);
  if (elf.kind !== 'executable' || elf.segments.length === 0) {
    throw new FailureError('this ELF file is an object to be linked, not a program that can run.');
  }
  const { argv = ['program'], stdin = new Uint8Array(0) } = options;
  const stderr = options.stderr ?? (() => {});
  const bus = createProgramMemory(elf, options.memoryBytes ?? DEFAULT_MEMORY);
  const place = arrange(elf, bus);
  let result: ExecResult | undefined;

  const exit = (exitCode: number) => {
    result = { exitCode: exitCode & 255, instructions: core.instructions, cycles: core.cycles };
    core.running = false;
    core.stop();
  };
  const simcalls = createSimcalls({ argv, stdin, stdout: options.stdout ?? (() => {}), stderr, exit }, bus);

  /** An exception came to a built-in vector. @returns where to go on */
  const handleException = (offset: number, registers: VisibleRegisters): number | undefined => {
    const { special } = core.state;
    const cause = special[SR.exccause];
    if (isGeneralVector(offset) && cause === CAUSE.alloca) return reloadCaller(core);
    if (isGeneralVector(offset) && cause === CAUSE.syscall && registers.get(2) === 0) {
      special[SR.ps] &= ~PS.excm;
      spillWindows(core, bus);
      return special[SR.epc1] + 3;
    }
    stderr(new TextEncoder().encode(describeException(core, registers, offset)));
    exit(EXCEPTION_EXIT + cause);
    return undefined;
  };

  const core: Core = createCore({
    bus,
    core: 0,
    simcall(registers, pc) {
      const offset = pc - place.handlers;
      if (offset >= 0 && offset < VECTOR_BYTES) return handleException(offset, registers);
      simcalls(registers);
      return undefined;
    },
  });
  begin(core, elf, bus, place, argv);
  const limit = options.maxCycles ?? Number.POSITIVE_INFINITY;
  while (!result && core.cycles < limit) {
    core.runUntil(Math.min(limit, core.cycles + SLICE));
    if (core.waiting && !result && core.state.special[SR.intenable] === 0) {
      throw new FailureError(
        `the program waits at ${hex(core.state.pc)} (waiti) for an interrupt, and has enabled none.`,
      );
    }
  }
  if (!result) {
    throw new FailureError(
      `the program did not end within ${limit} cycles; it is at ${hex(core.state.pc)} (raise the limit or look there).`,
    );
  }
  return result;
}
