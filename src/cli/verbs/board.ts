/** `board`: a simulated board that stays up and is talked to like a real one. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { boards } from '../../chip/boards/index.ts';
import { FailureError } from '../../errors.ts';
import { integer } from '../arguments.ts';
import { describeError } from '../errors.ts';
import { type BuildOptions, boardFrom, memoryOptions } from '../firmware-options.ts';
import { type RomOptions, romFrom, romOption } from '../rom-option.ts';
import { watchScreen } from '../screen.ts';

interface Options extends Pick<BuildOptions, 'flashSize' | 'psram' | 'psramSize'>, RomOptions {
  board: string;
  tcp: number;
  flash: string;
  screen?: string | true;
}

const SAVE_EVERY_MS = 2000;
const LOOK_EVERY_MS = 40;

export function register(program: Command): void {
  memoryOptions(program.command('board'))
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
  const flash = readFlashFile(options.flash, kind.flashBytes);
  const rom = await romFrom(options);
  const watch = await watchScreen(options, process.stdout);
  let stop = (_error?: unknown): void => {};
  const ended = new Promise<void>((resolve, reject) => {
    stop = (error) => (error === undefined ? resolve() : reject(error));
  });
  ended.catch(() => {}); // awaited below
  const board = createSimulatedBoard({
    board: kind,
    flash,
    rom,
    onFault: (error) => stop(new FailureError(`the simulation stopped: ${describeError(error).message}`)),
  });
  const saver = createFlashSaver(options.flash, board.chip.flash);
  const saving = setInterval(() => keepTrying(saver), SAVE_EVERY_MS);
  const showing = setInterval(() => watch.onLook?.(board.chip), LOOK_EVERY_MS);
  const leave = (): void => stop();
  process.once('SIGINT', leave).once('SIGTERM', leave);
  const closers: (() => unknown)[] = [];
  try {
    const served = await serveTcp(board, options.tcp);
    closers.push(served.close);
    const terminal = await servePseudoTerminal(board);
    if (terminal) closers.push(terminal.close);
    const places = [`socket://localhost:${served.port}`, ...(terminal ? [terminal.path] : [])];
    process.stderr.write(
      `simulated ${kind.name} on ${places.join(' and ')}; flash in ${options.flash}; Ctrl-C ends it\n`,
    );
    await ended;
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave);
    clearInterval(saving);
    clearInterval(showing);
    watch.close();
    board.stop();
    for (const close of closers) await close();
    saver();
  }
}

let saveFailed = false;

/** A save that fails now may go well later, and the last one, at the end, fails aloud. */
function keepTrying(saver: () => boolean): void {
  try {
    saver();
    saveFailed = false;
  } catch (error) {
    if (!saveFailed) process.stderr.write(`${describeError(error).message}; trying again\n`);
    saveFailed = true;
  }
}
