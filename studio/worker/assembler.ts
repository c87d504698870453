/** The Worker of the assembler corner: assembles or compiles, runs on the simulated core, and says where the cycles went. */
import { type ExplainedLine, parseRegisters, runKernel } from '../../src/chip/index.ts';
import { executeWasm, exportedFunctions, formatValue } from '../../src/compiler/index.ts';
import { type AssembledLine, assembleFile, type ListedLine } from '../../src/xtensa/index.ts';
import type { AssemblerCalls, CodeRow } from './protocol.ts';
import { serve } from './serve.ts';

/** Where the chip's instruction RAM begins that programs have (docs/esp32-s3.md B1). */
const BASE = 0x40378000;
/** A second of the chip. */
const MOST_CYCLES = 240e6;
const MEMORY = 64 * 2 ** 20;
/** Looked at one by one. */
const MOST_EXPLAINED = 100_000;

function rowsOf(
  code: readonly (ListedLine & Partial<AssembledLine>)[],
  explained: readonly ExplainedLine[] = [],
): CodeRow[] {
  const byAddress = new Map(explained.map((line) => [line.address, line]));
  return code.map(({ address, bytes, text, labels, line }) => {
    const found = byAddress.get(address);
    return {
      address,
      bytes,
      text,
      labels,
      line,
      times: found?.times ?? 0,
      cycles: found?.cycles ?? 0,
      extras: found?.extras ?? [],
    };
  });
}

serve<AssemblerCalls>({
  assemble({ source, registers }, { emit }) {
    const settings = parseRegisters(registers);
    const file = assembleFile(source, { base: BASE });
    const code = file.lines();
    emit(rowsOf(code));
    const run = runKernel(file.elf(), {
      registers: settings,
      maxCycles: MOST_CYCLES,
      maxExplained: MOST_EXPLAINED,
    });
    const { exitCode, cycles, instructions, explained } = run;
    return {
      rows: rowsOf(code, explained.lines),
      exitCode,
      cycles,
      instructions,
      explained: explained.instructions,
      registers: run.registers,
      output: new TextDecoder().decode(run.output),
      results: undefined,
    };
  },
  functions: ({ bytes }) => exportedFunctions(bytes),
  invoke({ bytes, name, args }) {
    const run = executeWasm(bytes, {
      invoke: name,
      args,
      maxCycles: MOST_CYCLES,
      memoryBytes: MEMORY,
      explain: MOST_EXPLAINED,
    });
    const { code, lines, instructions } = run.explained!;
    return {
      rows: rowsOf(code, lines),
      exitCode: undefined,
      cycles: run.cycles,
      instructions: run.instructions,
      explained: instructions,
      registers: [],
      output: '',
      results: run.results.map(formatValue),
    };
  },
});
