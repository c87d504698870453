/** `monitor`: the board's console in this terminal. */
import type { Command } from 'commander';
import { FailureError } from '../../errors.ts';
import { type BuildOptions, buildFrom, firmwareOptions } from '../firmware-options.ts';
import { openModelAndTokenizer } from '../model-options.ts';
import { openPort, type PortOptions, portOptions } from '../port-options.ts';

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
  const [{ createSymbolizer }, { monitor }] = await Promise.all([
    import('../../serial/index.ts'),
    import('../../serial/node/index.ts'),
  ]);
  // The image is built anew for its symbols; a checkout without a model has a monitor all the same.
  const firmware = await buildFrom(openModelAndTokenizer(options), options).catch((error: Error) => {
    process.stderr.write(`addresses stay numbers: ${error.message}\n`);
    return undefined;
  });
  const connection = await openPort(options);
  process.stderr.write(`${connection.name}: Ctrl-] leaves\n`);
  try {
    const symbolize = firmware && createSymbolizer(firmware.symbols);
    const end = await monitor(connection, { input: process.stdin, output: process.stdout, symbolize });
    if (end === 'lost')
      throw new FailureError(`${connection.name}: the connection was lost; plug the board in again`);
  } finally {
    await connection.close();
  }
}
