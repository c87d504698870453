/** A piece of code, called as a function or run as a program: what it leaves in the registers, and where its cycles go. */
import { FailureError } from '../../errors.ts';
import type { FlatBus } from '../bus/index.ts';
import { type Core, createCore, createExplainer, type ExplainedLine, SR } from '../core/index.ts';
import { arrange, createProgramMemory, SLICE } from './exec.ts';
import { begin, createProgramHost, HANDLER_PAGE, hex, opcodeAt, readProgram } from './program.ts';
import { createRegisterView, type RegisterChange, type RegisterSettings } from './registers.ts';

export interface KernelOptions {
  /** What registers hold before the first instruction: see `parseRegisters`. */
  readonly registers?: RegisterSettings;
  /** Default: a second of a chip at 240 MHz. */
  readonly maxCycles?: number;
  /** Instructions that are looked at one by one. */
  readonly maxExplained?: number;
}

export interface KernelRun {
  /** Where it called exit; otherwise it has returned. */
  readonly exitCode: number | undefined;
  readonly cycles: number;
  readonly instructions: number;
  /** Registers that hold something else than before. */
  readonly registers: readonly RegisterChange[];
  /** What it wrote to its output. */
  readonly output: Uint8Array;
  /** Where the cycles of its first instructions went, and how many instructions that were: all of them, or `maxExplained`. */
  readonly explained: { readonly lines: readonly ExplainedLine[]; readonly instructions: number };
}

const SECOND = 240e6;
const MOST_EXPLAINED = 200_000;
/** Bytes that code and data may take. */
const MOST_MEMORY = 64 * 2 ** 20;
const MOST_OUTPUT = 65_536;
/** `simcall` and nothing else: where a function returns to, in a page of its own behind the handlers. */
const HALT = Uint8Array.of(0x00, 0x51, 0x00);

interface Prepared {
  readonly core: Core;
  readonly bus: FlatBus;
  readonly halt: number;
  readonly output: number[];
  readonly ended: () => { readonly exitCode: number | undefined; readonly cycles: number } | undefined;
  readonly view: ReturnType<typeof createRegisterView>;
}

function prepare(file: Uint8Array, settings: RegisterSettings): Prepared {
  const elf = readProgram(file);
  const bus = createProgramMemory(elf, MOST_MEMORY);
  const place = arrange(elf, bus);
  const halt = place.handlers + HANDLER_PAGE;
  bus.load(halt, HALT);
  const output: number[] = [];
  let ended: { exitCode: number | undefined; cycles: number } | undefined;
  const write = (bytes: Uint8Array): void => {
    if (output.length < MOST_OUTPUT) output.push(...bytes);
  };
  const end = (exitCode: number | undefined, cycles: number): void => {
    ended = { exitCode, cycles };
    core.running = false;
    core.stop();
  };
  const host = createProgramHost(
    {
      argv: [],
      stdin: new Uint8Array(0),
      stdout: write,
      stderr: write,
      exit: (code) => end(code & 255, core.cycles),
    },
    bus,
    place.handlers,
  );
  const core: Core = createCore({
    bus,
    core: 0,
    simcall(registers, pc) {
      if (pc !== halt) return host(core, registers, pc);
      // The call of the simulator is not the function's.
      end(undefined, core.cycles - 1);
      return undefined;
    },
  });
  const returns = { fromCall0: HANDLER_PAGE, fromCall8: HANDLER_PAGE };
  begin(core, elf.entry, bus, { ...place, returns }, []);
  const view = createRegisterView(core.state, opcodeAt(bus, elf.entry) === 'entry');
  view.set(settings);
  return { core, bus, halt, output, view, ended: () => ended };
}

/**
 * Runs an ELF executable from its entry until it returns or calls exit. Memory is flat: no cache, no flash, no PSRAM takes part.
 * @throws FailureError where it does not end within `maxCycles`; UsageError for a register that there is not
 */
export function runKernel(file: Uint8Array, options: KernelOptions = {}): KernelRun {
  const { registers = {}, maxCycles = SECOND, maxExplained = MOST_EXPLAINED } = options;
  const { core, output, view, ended } = prepare(file, registers);
  while (!ended() && core.cycles < maxCycles) {
    core.runUntil(Math.min(maxCycles, core.cycles + SLICE));
    if (core.waiting && !ended() && core.state.special[SR.intenable] === 0)
      throw new FailureError(
        `the code waits at ${hex(core.state.pc)} (waiti) for an interrupt, and has enabled none`,
      );
  }
  const end = ended();
  if (!end)
    throw new FailureError(
      `the code did not end within ${maxCycles.toLocaleString('en')} cycles; it is at ${hex(core.state.pc)}: a loop without an end, or a function without ret`,
    );
  return {
    ...end,
    instructions: core.instructions - (end.exitCode === undefined ? 1 : 0),
    registers: view.changes(),
    output: Uint8Array.from(output),
    explained: explain(prepare(file, registers), maxExplained),
  };
}

function explain({ core, bus, halt, ended }: Prepared, most: number): KernelRun['explained'] {
  const explainer = createExplainer(core, bus);
  while (!ended() && core.state.pc !== halt && core.instructions < most) explainer.step();
  return { lines: explainer.lines(), instructions: core.instructions };
}
