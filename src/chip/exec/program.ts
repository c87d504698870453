/** What a bare program finds around it, wherever it runs: how it is entered, its simulator calls, its exceptions. */
import { FailureError } from '../../errors.ts';
import { type Elf, readElf } from '../../xtensa/index.ts';
import { CAUSE, causeNames } from '../bus/index.ts';
import { type Core, decodeInstruction, PS, SR, type VisibleRegisters } from '../core/index.ts';
import { DEBUG_VECTOR, isGeneralVector, returnOffsets, VECTOR_BYTES } from './handlers.ts';
import type { ProgramMemory } from './memory.ts';
import { createSimcalls, type SimcallHost, writeArguments } from './simcalls.ts';
import { reloadCaller, spillWindows } from './spill.ts';

export interface ExecOptions {
  /** Program name and arguments, as the program sees them. */
  readonly argv?: readonly string[];
  readonly stdin?: Uint8Array;
  readonly stdout?: (bytes: Uint8Array) => void;
  readonly stderr?: (bytes: Uint8Array) => void;
  /** Refuse to run on beyond this. Default: no limit. */
  readonly maxCycles?: number;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly instructions: number;
  readonly cycles: number;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Surroundings {
  readonly vecbase: number;
  /** Where the built-in code lies. */
  readonly handlers: number;
  readonly stack: number;
  /** Where its first function returns to, from `handlers`; default: to the end of the program. */
  readonly returns?: { readonly fromCall0: number; readonly fromCall8: number };
}

/** Bytes of stack that a program gets which brings none. */
export const STACK_BYTES = 0x8000;
/** Room above the first stack pointer for the save area of a caller that does not exist. */
export const STACK_HEADROOM = 128;
export const HANDLER_PAGE = 0x1000;
/** Where in the built-in page the program's arguments lie, for a first function that takes argc and argv. */
const ARGUMENTS = 0x800;
/** Exit codes of programs that an exception ended: 128 + cause, as shells do for signals. */
const EXCEPTION_EXIT = 128;

export const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

/** @throws FailureError for a file that is no program */
export function readProgram(file: Uint8Array): Elf {
  const elf = readElf(file);
  if (elf.kind !== 'executable' || elf.segments.length === 0) {
    throw new FailureError('this ELF file is an object to be linked, not a program that can run.');
  }
  return elf;
}

export const spansOf = (elf: Elf): Span[] =>
  elf.segments.map(({ address, memorySize }) => ({ from: address, to: address + memorySize }));

export const overlaps = (spans: readonly Span[], from: number, to: number): boolean =>
  spans.some((span) => span.from < to && from < span.to);

/** An aligned address with `bytes` bytes free of segments, from a list of places to try. */
export function freePlace(spans: readonly Span[], candidates: readonly number[], bytes: number): number {
  const place = candidates.find((address) => !overlaps(spans, address, address + bytes));
  if (place === undefined) throw new FailureError('the program leaves no room for a stack and its handlers.');
  return place;
}

export const symbol = (elf: Elf, name: string): number | undefined =>
  elf.symbols.find((entry) => entry.name === name)?.value;

export const opcodeAt = (memory: ProgramMemory, address: number): string | undefined =>
  decodeInstruction(address, (at) => memory.read8(at)).opcode?.name;

/** Window handlers begin with s32e (overflow) and l32e (underflow); other code at that address is not vectors. */
export const bringsVectors = (memory: ProgramMemory, vecbase: number): boolean =>
  opcodeAt(memory, vecbase) === 's32e' && opcodeAt(memory, vecbase + 0x40) === 'l32e';

/** Sets the registers as a loader would that calls the entry point. */
export function begin(
  core: Core,
  entry: number,
  memory: ProgramMemory,
  place: Surroundings,
  argv: readonly string[],
): void {
  const { special, ar } = core.state;
  const returns = place.returns ?? returnOffsets;
  const isWindowed = opcodeAt(memory, entry) === 'entry';
  special[SR.ps] = PS.woe | PS.um | (isWindowed ? 2 << PS.callincShift : 0);
  special[SR.vecbase] = place.vecbase;
  special[SR.cpenable] = 0xff;
  ar[1] = place.stack;
  ar[0] = place.handlers + returns.fromCall0;
  if (isWindowed) {
    ar[0] = 0;
    ar[8] = (2 << 30) | ((place.handlers + returns.fromCall8) & 0x3fffffff);
    ar[10] = argv.length;
    ar[11] = place.handlers + ARGUMENTS;
  } else {
    ar[2] = argv.length;
    ar[3] = place.handlers + ARGUMENTS;
  }
  writeArguments(memory, place.handlers + ARGUMENTS, argv);
  // The frame below the first one: where the registers of a spilled first frame go.
  memory.write32(place.stack - 12, place.stack + STACK_HEADROOM);
  core.state.pc = entry;
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
 * The host behind SIMCALL: the program's own calls, and those of the built-in vectors at `handlers`.
 * @returns what a core's SIMCALL does
 */
export function createProgramHost(
  host: SimcallHost,
  memory: ProgramMemory,
  handlers: number,
): (core: Core, registers: VisibleRegisters, pc: number) => number | undefined {
  const simcalls = createSimcalls(host, memory);

  /** An exception came to a built-in vector. @returns where to go on */
  const handleException = (core: Core, offset: number, registers: VisibleRegisters): number | undefined => {
    const { special } = core.state;
    const cause = special[SR.exccause];
    if (isGeneralVector(offset) && cause === CAUSE.alloca) return reloadCaller(core);
    if (isGeneralVector(offset) && cause === CAUSE.syscall && registers.get(2) === 0) {
      special[SR.ps] &= ~PS.excm;
      spillWindows(core, memory);
      return special[SR.epc1] + 3;
    }
    host.stderr(new TextEncoder().encode(describeException(core, registers, offset)));
    host.exit(EXCEPTION_EXIT + cause);
    return undefined;
  };
  return (core, registers, pc) => {
    const offset = pc - handlers;
    if (offset >= 0 && offset < VECTOR_BYTES) return handleException(core, offset, registers);
    simcalls(registers);
    return undefined;
  };
}
