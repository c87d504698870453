/** Options of `exec --board`: how the whole chip around a foreign program is set up. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { boards, findBoard } from '../chip/boards/index.ts';
import type { BoardExecOptions, CacheGeometry } from '../chip/soc/index.ts';
import { UsageError } from '../errors.ts';
import { type RomOptions, romFrom, romOption } from './rom-option.ts';

export interface ExecBoardOptions extends RomOptions {
  board?: string;
  clock?: string;
  psram?: string[];
  dataCache?: CacheGeometry;
  instructionCache?: CacheGeometry;
  core1?: string;
}

const CLOCKS = ['240', '160', '80'];

/** SIZE[,WAYS[,LINE]]: 64k,8,32. */
function cacheGeometry(sizes: readonly number[], lines: readonly number[], ways: number, lineBytes: number) {
  const choices = `SIZE[,WAYS[,LINE]]: ${sizes.map((size) => `${size}k`).join(' or ')}, 4 or 8 ways, lines of ${lines.join(', ')} bytes`;
  return (text: string): CacheGeometry => {
    const [size, ...rest] = text.split(',');
    const kilobytes = Number(/^(\d+)k?$/i.exec(size)?.[1]);
    const [chosenWays = ways, chosenLine = lineBytes] = rest.map(Number);
    const isKnown =
      sizes.includes(kilobytes) &&
      [4, 8].includes(chosenWays) &&
      lines.includes(chosenLine) &&
      rest.length <= 2;
    if (!isKnown) throw new InvalidArgumentError(`Give ${choices}.`);
    return { bytes: kilobytes << 10, ways: chosenWays, lineBytes: chosenLine };
  };
}

export function addExecBoardOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--board <name>',
        'run it on this whole board: caches, MMU, flash, PSRAM, both cores',
      ).choices(boards.map(({ id }) => id)),
    )
    .addOption(new Option('--clock <MHz>', 'of the CPU, with --board').choices(CLOCKS))
    .option(
      '--psram <sections>',
      'read-only sections that lie in PSRAM, not flash, with --board: names with commas, or all',
      (text: string) => text.split(',').filter((name) => name !== ''),
    )
    .option(
      '--data-cache <size,ways,line>',
      'with --board: 32k or 64k, 4 or 8 ways, 16, 32 or 64 bytes (default: 32k,4,32)',
      cacheGeometry([32, 64], [16, 32, 64], 4, 32),
    )
    .option(
      '--instruction-cache <size,ways,line>',
      'with --board: 16k or 32k, 4 or 8 ways, 16 or 32 bytes (default: 16k,8,32 where code lies behind it)',
      cacheGeometry([16, 32], [16, 32], 8, 32),
    )
    .option('--core1 <symbol>', 'with --board: a function that core 1 runs from the start')
    .addOption(romOption());
}

/** What the chip is to be, or undefined where the program runs on a core alone. */
export async function boardOf(options: ExecBoardOptions): Promise<BoardExecOptions | undefined> {
  if (options.board === undefined) {
    const needing = ['clock', 'psram', 'dataCache', 'instructionCache', 'core1', 'rom'] as const;
    const given = needing.find((name) => options[name] !== undefined);
    if (given === undefined) return undefined;
    const flag = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${flag} is about a whole chip; say which with --board`);
  }
  return {
    board: findBoard(options.board),
    clockMegahertz: Number(options.clock ?? 240) as 80 | 160 | 240,
    psramSections: options.psram,
    dataCache: options.dataCache,
    instructionCache: options.instructionCache,
    core1: options.core1,
    rom: await romFrom(options),
  };
}
