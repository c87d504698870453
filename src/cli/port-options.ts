/** `--port`: where the board is; found by its USB ids when not named. */
import type { Command } from 'commander';
import { type Connection, choosePort, type PortInfo } from '../serial/index.ts';
import { listPorts, openConnection } from '../serial/node/index.ts';

export interface PortOptions {
  port?: string;
}

export function portOptions(command: Command): Command {
  return command.option(
    '--port <p>',
    'serial port, pseudo-terminal or host:port (default: the board on USB)',
  );
}

/** Opens the named port, or the one that a board is on. */
export async function openPort({ port }: PortOptions): Promise<Connection> {
  return openConnection(
    port ?? (await choosePort(await listPorts(), process.stdin.isTTY ? askPort : undefined)),
  );
}

/** Joins this terminal and the board's console until Ctrl-]. @throws FailureError when the board is gone */
export async function watchConsole(
  connection: Connection,
  symbolize?: (address: number) => string | undefined,
): Promise<void> {
  const [{ lostError }, { monitor }] = await Promise.all([
    import('../serial/index.ts'),
    import('../serial/node/index.ts'),
  ]);
  const end = await monitor(connection, { input: process.stdin, output: process.stdout, symbolize });
  if (end === 'lost') throw lostError(connection);
}

async function askPort(candidates: readonly PortInfo[]): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  candidates.forEach(({ path, description }, index) => {
    process.stderr.write(`  ${index + 1}  ${path}  ${description}\n`);
  });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (;;) {
      const choice = candidates[Number(await terminal.question('Which board? ')) - 1];
      if (choice) return choice.path;
    }
  } finally {
    terminal.close();
  }
}
