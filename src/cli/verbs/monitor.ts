/** `monitor`: the board's console in this terminal. */
import type { Command } from 'commander';
import type { Firmware } from '../../firmware/index.ts';
import { type BuildOptions, buildFrom, firmwareOptions } from '../firmware-options.ts';
import { openNamed } from '../model-options.ts';
import { openPort, type PortOptions, portOptions, watchConsole } from '../port-options.ts';

export function register(program: Command): void {
  portOptions(firmwareOptions(program.command('monitor')))
    .description('the console of a board in this terminal; names the functions in a panic')
    .addHelpText(
      'after',
      '\nModel and board tell which image is on the board, for the function names.\n\nExample:\n  $ esp32-llm monitor --port /dev/ttyACM0',
    )
    .action(runMonitor);
}

async function runMonitor(options: BuildOptions & PortOptions): Promise<void> {
  const { createSymbolizer } = await import('../../serial/index.ts');
  // The image is built anew for its symbols; a checkout without a model has a monitor all the same.
  const firmware = await buildNamed(options).catch((error: Error) => {
    process.stderr.write(`addresses stay numbers: ${error.message}\n`);
    return undefined;
  });
  const connection = await openPort(options);
  process.stderr.write(`${connection.name}: Ctrl-] leaves\n`);
  try {
    await watchConsole(connection, firmware && createSymbolizer(firmware.symbols));
  } finally {
    await connection.close();
  }
}

const buildNamed = async (options: BuildOptions): Promise<Firmware> =>
  buildFrom(await openNamed(options), options);
