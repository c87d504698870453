/** `board`: a simulated board that stays up and is talked to like a real one. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { boards } from '../../chip/boards/index.ts';
import { integer } from '../arguments.ts';
import { describeError } from '../errors.ts';
import { boardFrom } from '../firmware-options.ts';
import { type RomOptions, romFrom, romOption } from '../rom-option.ts';
import { watchScreen } from '../screen.ts';

interface Options extends RomOptions {
  board: string;
  tcp: number;
  flash: string;
  screen?: string | true;
}

const SAVE_EVERY_MS = 2000;
const LOOK_EVERY_MS = 40;

export function register(program: Command): void {
  program
    .command('board')
    .description('a simulated board on a TCP port and a pseudo-terminal, to flash and talk to')
    .addOption(
      new Option('--board <name>', 'which board').choices(boards.map(({ id }) => id)).default(boards[0].id),
    )
    .option('--tcp <port>', 'TCP port on this machine, 0 for any', integer(0, 65535), 5555)
    .option('--flash <file>', 'its flash memory; made when it is not there', 'flash.bin')
    .option(
      '--screen [wiring]',
      'show its screen in the terminal; wiring, as ssd1306:sda=8,scl=9, where the board brings none',
    )
    .addOption(romOption())
    .addHelpText(
      'after',
      '\nExample, in two terminals:\n  $ esp32-llm board --flash flash.bin\n  $ esp32-llm flash --port localhost:5555',
    )
    .action(serveBoard);
}

async function serveBoard(options: Options): Promise<void> {
  const { createFlashSaver, createSimulatedBoard, readFlashFile, servePseudoTerminal, serveTcp } =
    await import('../../board/index.ts');
  const kind = boardFrom(options);
  const rom = await romFrom(options);
  const watch = await watchScreen(options, process.stdout);
  const exitCode = await new Promise<number>((resolve, reject) => {
    const board = createSimulatedBoard({
      board: kind,
      flash: readFlashFile(options.flash, kind.flashBytes),
      rom,
      onFault: (error) => end(describeFault(error)),
    });
    const save = createFlashSaver(options.flash, board.chip.flash);
    const saving = setInterval(save, SAVE_EVERY_MS);
    const showing = setInterval(() => watch.onLook?.(board.chip), LOOK_EVERY_MS);
    /** Gives the terminal back and keeps the flash, whatever ended the board. */
    const end = (fault?: string): void => {
      clearInterval(saving);
      clearInterval(showing);
      watch.close();
      board.stop();
      save();
      if (fault !== undefined) process.stderr.write(`esp32-llm: ${fault}\n`);
      resolve(fault === undefined ? 0 : 1);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end());
    const announce = async (): Promise<void> => {
      const { port } = await serveTcp(board, options.tcp);
      const terminal = await servePseudoTerminal(board);
      const places = [`socket://localhost:${port}`, ...(terminal ? [terminal] : [])];
      process.stderr.write(
        `simulated ${kind.name} on ${places.join(' and ')}; flash in ${options.flash}; Ctrl-C ends it\n`,
      );
    };
    announce().catch(reject);
  });
  process.exit(exitCode); // the port and the pseudo-terminal would keep the process alive
}

/** What stopped the simulation; errors that are no sentence for people carry their own advice. */
const describeFault = (error: unknown): string => `the simulation stopped: ${describeError(error).message}`;
