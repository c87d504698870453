/** `flash`: builds for a board and writes it there. */
import type { Command } from 'commander';
import { integer } from '../arguments.ts';
import { type BuildOptions, buildFrom, firmwareOptions } from '../firmware-options.ts';
import { openModelAndTokenizer } from '../model-options.ts';
import { openPort, type PortOptions, portOptions } from '../port-options.ts';
import { createProgressBar } from '../progress.ts';

interface Options extends BuildOptions, PortOptions {
  baud: number;
  monitor: boolean;
}

export function register(program: Command): void {
  portOptions(firmwareOptions(program.command('flash')))
    .description('build for a board, write it to its flash, verify, and open the monitor')
    .option('--baud <n>', 'rate of the transfer', integer(9600, 4_000_000), 921_600)
    .option('--no-monitor', 'do not open the monitor afterwards')
    .addHelpText('after', '\nExample:\n  $ esp32-llm flash --board t-camera-s3')
    .action(flash);
}

async function flash(options: Options): Promise<void> {
  const [{ createSymbolizer, flashBoard }, { monitor }] = await Promise.all([
    import('../../serial/index.ts'),
    import('../../serial/node/index.ts'),
  ]);
  const firmware = await buildFrom(openModelAndTokenizer(options), options);
  const connection = await openPort(options);
  try {
    const usesPsram = firmware.memoryMap.regions.some(({ name }) => name === 'psram');
    await flashBoard(connection, [{ address: 0, data: firmware.flash }], {
      needs: { flashBytes: firmware.flash.length, psramBytes: usesPsram ? firmware.board.psramBytes : 0 },
      baud: options.baud,
      onIdentity: ({ chip, revision, mac, flashBytes, psramMegabytes }) => {
        const psram = psramMegabytes > 0 ? `${psramMegabytes} MB PSRAM` : 'no PSRAM in its package';
        process.stderr.write(
          `${connection.name}: ${chip} ${revision}, ${flashBytes / 2 ** 20} MB flash, ${psram}, MAC ${mac}\n`,
        );
      },
      onProgress: createProgressBar('writing'),
    });
    process.stderr.write(
      `verified; the board starts${options.monitor ? ' (Ctrl-] leaves the monitor)' : ''}\n`,
    );
    if (options.monitor) {
      const symbolize = createSymbolizer(firmware.symbols);
      await monitor(connection, { input: process.stdin, output: process.stdout, symbolize });
    }
  } finally {
    await connection.close();
  }
}
