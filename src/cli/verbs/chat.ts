/** `chat`: prompts with history, stories with their speed. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Command } from 'commander';
import { FailureError } from '../../errors.ts';
import type { Machine } from '../../serial/index.ts';
import { openPort, type PortOptions, portOptions } from '../port-options.ts';

const HISTORY = join(
  process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'),
  'esp32-llm',
  'history',
);
const HISTORY_LINES = 500;

export function register(program: Command): void {
  portOptions(program.command('chat'))
    .description('talk to a board: each line begins a story')
    .addHelpText(
      'after',
      '\nLines with a slash are commands of the board (/help lists them); Ctrl-C stops a story, Ctrl-D leaves.\n\nExample:\n  $ esp32-llm chat --port localhost:5555',
    )
    .action(chat);
}

async function chat(options: PortOptions): Promise<void> {
  const { openMachine } = await import('../../serial/index.ts');
  const connection = await openPort(options);
  try {
    const machine = await openMachine(connection, { onText: (line) => process.stderr.write(`${line}\n`) });
    process.stderr.write(`${machine.ready.model}, context ${machine.ready.context}; Ctrl-D leaves\n`);
    await converse(machine);
    await machine.leave();
  } finally {
    await connection.close();
  }
}

async function converse(machine: Machine): Promise<void> {
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdin.isTTY ? process.stderr : undefined,
    prompt: '> ',
    history: loadHistory(),
    historySize: HISTORY_LINES,
  });
  let telling = false;
  terminal.on('SIGINT', () => {
    if (telling) void machine.stop();
    else terminal.close();
  });
  terminal.prompt();
  for await (const line of terminal) {
    if (process.stdin.isTTY) saveHistory(line);
    if (line.startsWith('/')) await runCommand(machine, line);
    else {
      telling = true;
      await tellStory(machine, line, terminal);
      telling = false;
    }
    terminal.prompt();
  }
}

/** The board answers commands in text; a moment later all of it is there. */
async function runCommand(machine: Machine, line: string): Promise<void> {
  if (/^\/json\b/.test(line)) throw new FailureError('/json belongs to chat itself; use monitor to type it');
  await machine.command(line);
  await new Promise((resolve) => setTimeout(resolve, 300));
}

async function tellStory(machine: Machine, prompt: string, terminal: Interface): Promise<void> {
  const { tokensPerSecond } = await import('../../serial/index.ts');
  try {
    const { end } = await machine.tell(prompt, ({ text }) =>
      process.stdout.write(Buffer.from(text, 'latin1')),
    );
    process.stdout.write('\n');
    process.stderr.write(
      `[${end.tokens} tokens, ${tokensPerSecond(end).toFixed(1)} tokens/s, digest ${end.digest}]\n`,
    );
  } catch (error) {
    if (!(error instanceof FailureError) || /lost|silent/.test(error.message)) {
      terminal.close();
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
  }
}

function loadHistory(): string[] {
  if (!process.stdin.isTTY || !existsSync(HISTORY)) return [];
  return readFileSync(HISTORY, 'utf8').split('\n').filter(Boolean).slice(-HISTORY_LINES).reverse();
}

function saveHistory(line: string): void {
  if (line.trim() === '') return;
  mkdirSync(dirname(HISTORY), { recursive: true });
  appendFileSync(HISTORY, `${line}\n`);
}
