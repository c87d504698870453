/** `exec`: bare ELF programs and WebAssembly functions on the simulated core. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { ExecOptions, ExecResult } from '../../chip/index.ts';
import { UsageError } from '../../errors.ts';
import { naming, readInput } from '../../files.ts';
import { integer } from '../arguments.ts';
import { addExecBoardOptions, boardOf, type ExecBoardOptions } from '../exec-board-options.ts';
import { loadProgram } from '../object-files.ts';
import { thousands } from '../table.ts';

interface Options extends ExecBoardOptions {
  invoke?: string;
  maxCycles?: number;
  json?: boolean;
}

/** A program that takes longer than these 83 seconds of a chip at 240 MHz is more likely lost in a loop. */
const MOST_CYCLES = 20e9;

export function register(program: Command): void {
  addExecBoardOptions(program.command('exec'))
    .description('run a bare ELF program, or a function of a WebAssembly module, on the simulated core')
    .argument(
      '<file>',
      'ELF executable for this core, .wasm, or the first of several object files and archives',
    )
    .argument('[args...]', "the program's arguments (behind -- after objects), or the function's")
    .option('--invoke <name>', 'exported function of the WebAssembly module')
    .option(
      '--max-cycles <n>',
      `give up after so many (default: ${thousands(MOST_CYCLES)})`,
      integer(1, 1e15),
    )
    .option('--json', 'counts (and results) as JSON on stdout')
    .passThroughOptions()
    .addHelpText(
      'after',
      '\nOptions go before the file. The program speaks through simulator calls (a2 = 1 exit, 3 read, 4 write); its exit code becomes ours.\n\nWith --board the program is timed as firmware is, and what it writes to UART0 or USB is printed: segments at 0x3c000000 that are writable lie in PSRAM, others in flash, and PSRAM without a segment appears at 0x3d000000; core 1 starts through the SYSTEM registers, as on the chip, or with --core1. See docs/how-to/foreign-program.md.\n\nExamples:\n  $ esp32-llm exec hello.elf\n  $ esp32-llm exec main.o kernel.o libm.a -- 7\n  $ esp32-llm exec --board t-camera-s3 --data-cache 64k,8,32 --core1 worker llm.elf\n  $ esp32-llm exec --invoke fib fib.wasm 30',
    )
    .action(execute);
}

async function execute(file: string, args: string[], options: Options): Promise<void> {
  const bytes = readInput(file, 'the program');
  const isWasm = bytes.length >= 4 && bytes.readUInt32LE(0) === 0x6d736100;
  const { name, rest } = takeInvoke(args, options.invoke);
  if (isWasm) return naming(file, () => executeModule(bytes, name, rest, options));
  if (name !== undefined)
    throw new UsageError('--invoke is for WebAssembly modules; an ELF program has its entry point');
  const { executeElf, executeOnBoard } = await import('../../chip/index.ts');
  const program = await naming(file, () => loadProgram(file, bytes, rest));
  const board = await boardOf(options);
  const common: ExecOptions = {
    argv: [file, ...program.args],
    stdin: process.stdin.isTTY ? undefined : standardInput(),
    stdout: (text) => void (options.json ? process.stderr : process.stdout).write(text),
    stderr: (text) => void process.stderr.write(text),
    maxCycles: options.maxCycles ?? MOST_CYCLES,
  };
  const run = (): ExecResult & { warnings?: readonly string[] } =>
    board ? executeOnBoard(program.elf, { ...board, ...common }) : executeElf(program.elf, common);
  const result = await naming(file, run);
  for (const warning of result.warnings ?? []) process.stderr.write(`warning: ${warning}\n`);
  report(result, options);
  process.exitCode = result.exitCode & 0xff;
}

/** `exec FILE.wasm --invoke NAME ARGS` is as good as the options in front. */
function takeInvoke(
  args: readonly string[],
  given: string | undefined,
): { name: string | undefined; rest: string[] } {
  const withoutDashes = (list: readonly string[]): string[] =>
    list.filter((arg, index) => index > 0 || arg !== '--');
  if (given !== undefined || args[0] !== '--invoke') return { name: given, rest: withoutDashes(args) };
  if (args.length < 2) throw new UsageError('--invoke wants the name of an exported function');
  return { name: args[1], rest: withoutDashes(args.slice(2)) };
}

async function executeModule(
  wasm: Uint8Array,
  name: string | undefined,
  args: string[],
  options: Options,
): Promise<void> {
  const { executeWasm, formatValue } = await import('../../compiler/index.ts');
  const { results, ...counts } = executeWasm(wasm, {
    invoke: name,
    args,
    maxCycles: options.maxCycles ?? MOST_CYCLES,
  });
  const texts = results.map(formatValue);
  if (!options.json) for (const text of texts) process.stdout.write(`${text}\n`);
  report({ ...counts, ...(options.json ? { results: texts } : {}) }, options);
}

function report(result: { instructions: number; cycles: number; seconds?: number }, { json }: Options): void {
  const time = result.seconds === undefined ? '' : `, ${(1000 * result.seconds).toFixed(3)} ms`;
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else
    process.stderr.write(
      `${thousands(result.instructions)} instructions, ${thousands(result.cycles)} cycles${time}\n`,
    );
}

function standardInput(): Uint8Array {
  try {
    return readFileSync(0);
  } catch {
    return new Uint8Array(0); // no standard input at all, or one in which nothing waits
  }
}
