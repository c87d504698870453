/** Runs bare ELF programs for this core: flat memory, simulator calls, nothing of the chip around it. */
import { FailureError } from '../../errors.ts';
import type { Elf } from '../../xtensa/index.ts';
import { createFlatBus, type FlatBus } from '../bus/index.ts';
import { type Core, createCore, SR } from '../core/index.ts';
import { builtInCode } from './handlers.ts';
import {
  begin,
  bringsVectors,
  createProgramHost,
  type ExecOptions,
  type ExecResult,
  freePlace,
  HANDLER_PAGE,
  hex,
  overlaps,
  readProgram,
  STACK_BYTES,
  STACK_HEADROOM,
  type Surroundings,
  spansOf,
  symbol,
} from './program.ts';

export interface FlatExecOptions extends ExecOptions {
  /** Bytes of memory that the program may touch. Default 256 MB. */
  readonly memoryBytes?: number;
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
const RESET_VECBASE = 0x40000000;
export const SLICE = 50_000_000;

export function createProgramMemory(elf: Elf, capacity: number): FlatBus {
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

export function arrange(elf: Elf, bus: FlatBus): Surroundings {
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

/**
 * Runs an ELF executable until it exits.
 * @throws FailureError for a file that is no such program, or one that runs longer than `maxCycles`
 */
export function executeElf(file: Uint8Array, options: FlatExecOptions = {}): ExecResult {
  const elf = readProgram(file);
  const { argv = ['program'], stdin = new Uint8Array(0), stdout = () => {}, stderr = () => {} } = options;
  const bus = createProgramMemory(elf, options.memoryBytes ?? DEFAULT_MEMORY);
  const place = arrange(elf, bus);
  let result: ExecResult | undefined;

  const exit = (exitCode: number) => {
    result = { exitCode: exitCode & 255, instructions: core.instructions, cycles: core.cycles };
    core.running = false;
    core.stop();
  };
  const host = createProgramHost({ argv, stdin, stdout, stderr, exit }, bus, place.handlers);
  const core: Core = createCore({ bus, core: 0, simcall: (registers, pc) => host(core, registers, pc) });
  begin(core, elf.entry, bus, place, argv);
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
