/** `studio`: the web page, served to this machine's browser. */
import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { integer } from '../arguments.ts';

interface Options {
  port: number;
  open: boolean;
}

export function register(program: Command): void {
  program
    .command('studio')
    .description('the studio in a browser: simulate, look inside, flash, train; served to this machine only')
    .option('--port <n>', 'where to serve (default: any free port)', integer(0, 65535), 0)
    .option('--no-open', 'only say the address')
    .action(studio);
}

async function studio({ port, open }: Options): Promise<void> {
  const { serveStudio } = await import('../../node/index.ts');
  const { address } = await serveStudio({ port });
  process.stdout.write(`${address} (Ctrl-C ends it)\n`);
  if (open) openBrowser(address);
}

/** What opens an address on each system; where that is missing, the address has been said. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [command: string, ...args: string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

function openBrowser(address: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const opener = spawn(command, [...args, address], { stdio: 'ignore', detached: true });
  opener.on('error', () => {});
  opener.unref();
}
