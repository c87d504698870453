/** `flash`: builds for a board and writes it there. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import type { Firmware } from '../../firmware/index.ts';
import { integer } from '../arguments.ts';
import {
  type BoardsOptions,
  type BuildOptions,
  boardsOption,
  buildBoardsFrom,
  buildFrom,
  firmwareOptions,
} from '../firmware-options.ts';
import { openNamed } from '../model-options.ts';
import { openPort, type PortOptions, portOptions, watchConsole } from '../port-options.ts';
import { createProgressBar } from '../progress.ts';

interface Options extends BuildOptions, BoardsOptions, PortOptions {
  baud: number;
  monitor: boolean;
  part?: number;
}

export function register(program: Command): void {
  portOptions(boardsOption(firmwareOptions(program.command('flash'))))
    .description('build for a board, write it to its flash, verify, and open the monitor')
    .option('--baud <n>', 'rate of the transfer', integer(9600, 4_000_000), 921_600)
    .option('--part <n>', 'with --boards: which of them this one is', integer(1, 3))
    .option('--no-monitor', 'do not open the monitor afterwards')
    .addHelpText('after', '\nExample:\n  $ esp32-llm flash --board t-camera-s3')
    .action(flash);
}

/** The image, or the one of the board that this is. */
async function imageFor(options: Options): Promise<Firmware> {
  const boards = Number(options.boards ?? 1);
  const { part } = options;
  if ((part === undefined) !== (boards === 1) || (part ?? 1) > boards)
    throw new UsageError(
      '--boards and --part belong together: --boards 2 --part 1 writes the first of two boards, the one with the console',
    );
  const opened = await openNamed(options);
  return part === undefined
    ? buildFrom(opened, options)
    : (await buildBoardsFrom(opened, options, boards)).images[part - 1];
}

/** What an interruption leaves behind. */
const INTERRUPTED = {
  connecting: 'nothing was written',
  writing: 'the flash is half written and the board will not start; run the same command again',
  starting: 'the image is written and verified; press RESET if the board does not start',
} as const;
const INTERRUPTED_EXIT = 130;

async function flash(options: Options): Promise<void> {
  const [{ awaitProgram, createSymbolizer, flashBoard, isNativeUsb, needsOf }, { openConnection }] =
    await Promise.all([import('../../serial/index.ts'), import('../../serial/node/index.ts')]);
  const firmware = await imageFor(options);
  let connection = await openPort(options);
  let stage: keyof typeof INTERRUPTED = 'connecting';
  const interrupt = (): void => {
    process.stderr.write(`\ninterrupted: ${INTERRUPTED[stage]}\n`);
    process.exit(INTERRUPTED_EXIT);
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const { name } = connection;
    let running: ReturnType<typeof awaitProgram> | undefined;
    const progress = createProgressBar('writing');
    await flashBoard(connection, [{ address: 0, data: firmware.flash }], {
      needs: needsOf(firmware),
      baud: options.baud,
      onIdentity: ({ chip, revision, mac, flashBytes, psramMegabytes }) => {
        const psram = psramMegabytes > 0 ? `${psramMegabytes} MB PSRAM` : 'no PSRAM in its package';
        process.stderr.write(
          `${name}: ${chip} ${revision}, ${flashBytes / 2 ** 20} MB flash, ${psram}, MAC ${mac}\n`,
        );
      },
      onProgress(done, total) {
        stage = 'writing';
        progress(done, total);
      },
      onRestart() {
        stage = 'starting';
        process.stderr.write('verified; waiting for the board to start\n');
        running = awaitProgram(connection, {
          reopen: isNativeUsb(connection) ? () => openConnection(name) : undefined,
          onData: options.monitor ? (bytes) => process.stdout.write(bytes) : undefined,
        });
        running.catch(() => {}); // told below
      },
    });
    const started = await running!;
    connection = started.connection;
    const ends = options.monitor ? ' (Ctrl-] leaves the monitor)' : '';
    process.stderr.write(`${options.monitor ? '\n' : ''}the board runs: ${started.greeting}${ends}\n`);
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    if (options.monitor) await watchConsole(connection, createSymbolizer(firmware.symbols));
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await connection.close();
  }
}
