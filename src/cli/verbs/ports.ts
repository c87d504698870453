/** `ports`: the serial ports of this machine. */
import type { Command } from 'commander';
import { formatTable } from '../table.ts';

export function register(program: Command): void {
  program
    .command('ports')
    .description('list serial ports and which of them may be a board')
    .option('--json', 'as JSON on stdout')
    .action(async ({ json }: { json?: boolean }) => {
      const { listPorts } = await import('../../serial/node/index.ts');
      const ports = await listPorts();
      if (json) process.stdout.write(`${JSON.stringify(ports, null, 2)}\n`);
      else if (ports.length === 0) process.stderr.write('no serial ports were found\n');
      else
        process.stdout.write(
          `${formatTable(ports.map(({ path, description, likely }) => [likely ? '*' : '', path, description]))}\n`,
        );
    });
}
