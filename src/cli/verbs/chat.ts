/** `chat`: prompts with history, stories with their speed. */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Command } from 'commander';
import { type SettingValues, settingLines } from '../../contract/index.ts';
import { FailureError, UsageError } from '../../errors.ts';
import type { Connection, Device } from '../../serial/index.ts';
import { openPort, type PortOptions, portOptions } from '../port-options.ts';
import { settingOptions } from '../setting-options.ts';

const HISTORY = join(
  process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'),
  'esp32-llm',
  'history',
);
const HISTORY_LINES = 500;

export function register(program: Command): void {
  settingOptions(portOptions(program.command('chat')))
    .description('talk to a board: each line begins a story')
    .addHelpText(
      'after',
      '\nLines with a slash are commands of the board (/help lists them); Ctrl-C stops a story, Ctrl-D leaves.\n\nExample:\n  $ esp32-llm chat --port localhost:5555',
    )
    .action(chat);
}

async function chat(options: PortOptions & SettingValues): Promise<void> {
  const { openDevice } = await import('../../serial/index.ts');
  const connection = await openPort(options);
  try {
    let restarted = false;
    const device = await openDevice(connection, {
      onText(line) {
        if (RESTART.test(line)) restarted = true;
        if (!restarted) process.stderr.write(`${line}\n`);
      },
    });
    for (const line of settingLines(options)) await device.command(line);
    introduce(device);
    await converse(connection, device, () => {
      const was = restarted;
      restarted = false;
      return was;
    });
    await device.leave();
  } finally {
    await connection.close();
  }
}

/** First words of a boot log. */
const RESTART = /^(ESP-ROM:|rst:0x)/;

function introduce({ ready }: Device): void {
  process.stderr.write(`${ready.model}, context ${ready.context}; Ctrl-D leaves\n`);
}

/** Lines of the terminal, one at a time; undefined at their end. */
interface Lines {
  next(): Promise<string | undefined>;
}

function linesOf(terminal: Interface): Lines {
  const waiting: string[] = [];
  let wanted: ((line: string | undefined) => void) | undefined;
  let ended = false;
  const give = (line: string | undefined): void => {
    const take = wanted;
    wanted = undefined;
    if (take) take(line);
    else if (line !== undefined) waiting.push(line);
  };
  terminal.on('line', give);
  terminal.once('close', () => {
    ended = true;
    give(undefined);
  });
  return {
    next: () =>
      new Promise((resolve) => {
        if (waiting.length > 0 || ended) resolve(waiting.shift());
        else wanted = resolve;
      }),
  };
}

async function converse(connection: Connection, device: Device, wasRestarted: () => boolean): Promise<void> {
  const { whileConnected } = await import('../../serial/index.ts');
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdin.isTTY ? process.stderr : undefined,
    prompt: '> ',
    history: loadHistory(),
    historySize: HISTORY_LINES,
  });
  const lines = linesOf(terminal);
  let telling = false;
  terminal.on('SIGINT', () => {
    if (telling)
      void device.stop().catch(() => {}); // a board that is gone ends the story itself
    else terminal.close();
  });
  try {
    for (;;) {
      terminal.prompt();
      const line = await whileConnected(connection, lines.next());
      if (line === undefined) return;
      if (process.stdin.isTTY) saveHistory(line);
      telling = !line.startsWith('/');
      await answer(device, line, wasRestarted);
      telling = false;
    }
  } finally {
    terminal.close();
  }
}

/** One line's answer. What the board refuses, or a restart, is said, and the conversation goes on. */
async function answer(device: Device, line: string, wasRestarted: () => boolean): Promise<void> {
  const { RestartedError, isLasting } = await import('../../serial/index.ts');
  try {
    if (wasRestarted()) await rejoin(device);
    if (/^\/json\b/.test(line)) throw new UsageError('/json belongs to chat itself; type it in monitor');
    if (/^\/reboot\s*$/.test(line)) return await rejoin(device, '/reboot');
    if (line.startsWith('/'))
      for (const text of await device.command(line)) process.stderr.write(`${text}\n`);
    else await tellStory(device, line);
  } catch (error) {
    const goesOn = error instanceof UsageError || (error instanceof FailureError && !isLasting(error));
    if (!goesOn) throw error;
    process.stderr.write(`${error.message}\n`);
    if (error instanceof RestartedError) await rejoin(device);
  }
}

async function rejoin(device: Device, command?: string): Promise<void> {
  await device.rejoin(command);
  introduce(device);
}

async function tellStory(device: Device, prompt: string): Promise<void> {
  const { tokensPerSecond } = await import('../../serial/index.ts');
  let begun = false;
  try {
    const { end } = await device.tell(prompt, ({ text }) => {
      begun = true;
      process.stdout.write(Buffer.from(text, 'latin1'));
    });
    const stopped = end.ending === 'stopped' ? ', stopped' : '';
    process.stdout.write('\n');
    process.stderr.write(
      `[${end.tokens} tokens, ${tokensPerSecond(end).toFixed(1)} tokens/s, digest ${end.digest}${stopped}]\n`,
    );
  } catch (error) {
    if (begun) process.stdout.write('\n');
    throw error;
  }
}

function loadHistory(): string[] {
  if (!process.stdin.isTTY) return [];
  try {
    return readFileSync(HISTORY, 'utf8').split('\n').filter(Boolean).slice(-HISTORY_LINES).reverse();
  } catch {
    return []; // none yet, or none that may be read
  }
}

let historyIsKept = true;

function saveHistory(line: string): void {
  if (line.trim() === '' || !historyIsKept) return;
  try {
    mkdirSync(dirname(HISTORY), { recursive: true });
    appendFileSync(HISTORY, `${line}\n`);
  } catch (error) {
    historyIsKept = false;
    process.stderr.write(`the history is not kept: ${(error as Error).message}\n`);
  }
}
