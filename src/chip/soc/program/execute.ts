/** Runs a bare ELF program on a whole board: caches, MMU, PSRAM, both cores and the clock as firmware finds them. */
import { FailureError, UsageError } from '../../../errors.ts';
import type { Elf } from '../../../xtensa/index.ts';
import { type Board, defaultBoard } from '../../boards/index.ts';
import type { Core } from '../../core/index.ts';
import {
  begin,
  bringsVectors,
  builtInCode,
  createProgramHost,
  type ExecOptions,
  type ExecResult,
  freePlace,
  HANDLER_PAGE,
  hex,
  type ProgramMemory,
  readProgram,
  returnOffsets,
  type Span,
  STACK_BYTES,
  STACK_HEADROOM,
  spansOf,
  symbol,
} from '../../exec/index.ts';
import type { CacheGeometry } from '../cache-tags.ts';
import { createChipAndParts } from '../chip.ts';
import { SRAM1_INSTRUCTION } from '../memory-map.ts';
import { bringUp } from './bring-up.ts';
import { memoryOf } from './memory.ts';
import { placeProgram, takenBanks } from './placement.ts';

export interface BoardExecOptions extends ExecOptions {
  readonly board?: Board;
  /** Contents of the chip's own ROM, for programs that call it. */
  readonly rom?: Uint8Array;
  readonly clockMegahertz?: 80 | 160 | 240;
  /** Default: 32 KB, 4 ways, 32 bytes a line. A program may set size and line itself (EXTMEM). */
  readonly dataCache?: CacheGeometry;
  /** Default: 16 KB, 8 ways, 32 bytes a line, and only where a segment lies at 0x42000000. */
  readonly instructionCache?: CacheGeometry;
  /** Names of read-only sections to be put into PSRAM instead of flash; `all` for every one. */
  readonly psramSections?: readonly string[];
  /** A function that core 1 runs from the start, by its symbol; without it the program starts core 1 itself. */
  readonly core1?: string;
}

export interface BoardExecResult extends ExecResult {
  /** Simulated seconds from the entry to the end. */
  readonly seconds: number;
  /** What the board's screen shows at the end: 64 rows of 128 bytes, 1 = lit. */
  readonly picture: Uint8Array | undefined;
  /** What the program did that a chip would not like, or that is not modelled. */
  readonly warnings: readonly string[];
}

const DATA_CACHE: CacheGeometry = { bytes: 32 << 10, ways: 4, lineBytes: 32 };
const INSTRUCTION_CACHE: CacheGeometry = { bytes: 16 << 10, ways: 8, lineBytes: 32 };
/** RTC fast memory first: few programs use it. The code there must lie in the same gigabyte as the program. */
const HANDLER_PLACES = [0x600fe000, 0x600ff000, 0x403d0000, 0x403c0000, 0x403b0000];
const STACK_PLACES = [0x3fce8000, 0x3fce0000, 0x3fcd0000, 0x3fcc0000, 0x3fca0000, 0x3fc90000];

/** 128 bytes at 9600 baud and 240 MHz, more than enough. */
const DRAIN_CYCLES = 32_000_000;

/**
 * Runs an ELF executable on a board until it exits.
 * @throws FailureError for a program that does not fit the chip, runs longer than `maxCycles`, or comes to a standstill
 */
export function executeOnBoard(file: Uint8Array, options: BoardExecOptions = {}): BoardExecResult {
  const elf = readProgram(file);
  const { board = defaultBoard, dataCache = DATA_CACHE, instructionCache = INSTRUCTION_CACHE } = options;
  const { argv = ['program'], stdin = new Uint8Array(0), stdout = () => {}, stderr = () => {} } = options;
  const { mappings, cachesCode } = placeProgram(elf, {
    board,
    psramSections: options.psramSections ?? [],
    dataCache,
    instructionCache,
    cachesCode: options.instructionCache !== undefined,
  });
  const spans = usedSpans(elf, takenBanks(dataCache.bytes, cachesCode ? instructionCache.bytes : 0));
  const handlers = freePlace(spans, HANDLER_PLACES, HANDLER_PAGE);
  const own = symbol(elf, '_memmap_vecbase_reset');

  let exitCode: number | undefined;
  const { chip, parts } = createChipAndParts({
    board,
    rom: options.rom,
    held: true,
    vecbase: handlers,
    dataCacheWays: dataCache.ways === 8 ? 8 : 4,
    simcall: (...call) => host(...call),
  });
  const memory = memoryOf(parts);
  const exit = (code: number) => {
    exitCode = code & 255;
    for (const core of chip.cores) {
      core.running = false;
      core.stop();
    }
  };
  const host = createProgramHost({ argv, stdin, stdout, stderr, exit }, memory, handlers);
  for (const port of [chip.uart0, chip.usb]) port.onOutput((byte) => stdout(Uint8Array.of(byte)));
  chip.usb.hostAttached = true;

  bringUp(chip, {
    clockMegahertz: options.clockMegahertz ?? 240,
    dataCache,
    instructionCache,
    cachesCode,
    mappings,
  });
  load(elf, memory);
  write(memory, handlers, builtInCode());
  parts.memory.remapped();
  const vecbase = own !== undefined && bringsVectors(memory, own) ? own : handlers;
  const stack = freePlace(spans, STACK_PLACES, STACK_BYTES);
  const start = (
    core: Core,
    entry: number,
    at: number,
    returns?: { fromCall0: number; fromCall8: number },
  ) => {
    begin(
      core,
      entry,
      memory,
      { vecbase, handlers, stack: at + STACK_BYTES - STACK_HEADROOM, returns },
      argv,
    );
    core.running = true;
  };
  start(chip.cores[0], elf.entry, stack);
  if (options.core1 !== undefined) {
    const taken = [...spans, { from: stack, to: stack + STACK_BYTES }];
    const parked = { fromCall0: returnOffsets.parked, fromCall8: returnOffsets.parked };
    start(
      chip.cores[1],
      functionNamed(elf, options.core1),
      freePlace(taken, STACK_PLACES, STACK_BYTES),
      parked,
    );
  }

  const before = { cycles: chip.cycles, seconds: chip.seconds };
  const executed = () => chip.cores[0].instructions + chip.cores[1].instructions;
  const instructions = executed();
  chip.run({ maxCycles: options.maxCycles, until: () => exitCode !== undefined });
  if (exitCode === undefined) throw new FailureError(describeStandstill(chip.cores, options.maxCycles));
  const result = {
    exitCode,
    instructions: executed() - instructions,
    cycles: chip.cores[0].cycles - before.cycles,
    seconds: chip.seconds - before.seconds,
  };
  // What it wrote last is still on its way out.
  if (!chip.uart0.idle()) chip.run({ maxCycles: DRAIN_CYCLES, until: () => chip.uart0.idle() });
  return {
    ...result,
    picture: chip.screen?.pixels(),
    warnings: chip.warnings.list.map(({ message }) => message),
  };
}

/** Where nothing of ours may go, by the data bus where SRAM1 has two addresses. */
function usedSpans(elf: Elf, banks: readonly { address: number; length: number }[]): Span[] {
  const alias = SRAM1_INSTRUCTION.address - 0x3fc88000;
  const spans = spansOf(elf);
  const both = spans.flatMap(({ from, to }) => [
    { from, to },
    { from: from - alias, to: to - alias },
    { from: from + alias, to: to + alias },
  ]);
  return [...both, ...banks.map(({ address, length }) => ({ from: address, to: address + length }))];
}

function load(elf: Elf, memory: ProgramMemory): void {
  for (const { address, bytes, memorySize } of elf.segments) {
    write(memory, address, bytes);
    for (let at = bytes.length; at < memorySize; at++) memory.write8(address + at, 0);
  }
}

function write(memory: ProgramMemory, address: number, bytes: Uint8Array): void {
  for (const [index, byte] of bytes.entries()) memory.write8(address + index, byte);
}

function functionNamed(elf: Elf, name: string): number {
  const address = symbol(elf, name);
  if (address === undefined)
    throw new UsageError(`the program has no symbol "${name}" for core 1 to start at`);
  return address;
}

function describeStandstill(cores: readonly [Core, Core], limit: number | undefined): string {
  const places = cores.map(({ state, running, waiting }, index) => {
    const how = waiting ? ' (waiti)' : running ? '' : ' (stopped)';
    return `core ${index} at ${hex(state.pc)}${how}`;
  });
  return limit === undefined
    ? `the program came to a standstill: ${places.join(', ')}.`
    : `the program did not end within ${limit} cycles; ${places.join(', ')} (raise the limit or look there).`;
}
