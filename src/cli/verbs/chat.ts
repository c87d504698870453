/** `chat`: prompts with history, stories with their speed; with a model that converses, questions and answers. */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Command } from 'commander';
import { type SettingValues, settingLines } from '../../contract/index.ts';
import { FailureError, UsageError } from '../../errors.ts';
import type { Turn } from '../../model/index.ts';
import type { Connection, Device, Story } from '../../serial/index.ts';
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
    .description(
      'talk to a board: each line begins a story, or goes on with a conversation where the model has a template',
    )
    .option('--system <text>', 'what a conversation begins with, where the template has a place for it')
    .addHelpText(
      'after',
      '\nLines with a slash are commands of the board (/help lists them); Ctrl-C stops a story, Ctrl-D leaves. In a conversation\n/forget begins anew; the oldest turns are left out where the context is full.\n\nExample:\n  $ esp32-llm chat --port localhost:5555',
    )
    .action(chat);
}

type Options = PortOptions & SettingValues & { system?: string };

async function chat(options: Options): Promise<void> {
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
    if (options.system !== undefined && !device.ready.template?.system)
      throw new UsageError('--system is for models whose template has a place for it, and this one has none');
    const talk: Talk = { system: options.system, turns: [] };
    await converse(connection, device, talk, () => {
      const was = restarted;
      restarted = false;
      return was;
    });
    await device.leave();
  } finally {
    await connection.close();
  }
}

/** A conversation so far. */
interface Talk {
  system?: string;
  turns: Turn[];
}

/** First words of a boot log. */
const RESTART = /^(ESP-ROM:|rst:0x)/;

function introduce({ ready }: Device): void {
  const how = ready.template ? ', converses' : '';
  process.stderr.write(`${ready.model}, context ${ready.context}${how}; Ctrl-D leaves\n`);
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

async function converse(
  connection: Connection,
  device: Device,
  talk: Talk,
  wasRestarted: () => boolean,
): Promise<void> {
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
      await answer(device, talk, line, wasRestarted);
      telling = false;
    }
  } finally {
    terminal.close();
  }
}

/** One line's answer. What the board refuses, or a restart, is said, and the conversation goes on. */
async function answer(device: Device, talk: Talk, line: string, wasRestarted: () => boolean): Promise<void> {
  const { RestartedError, isLasting } = await import('../../serial/index.ts');
  try {
    if (wasRestarted()) await rejoin(device);
    if (/^\/json\b/.test(line)) throw new UsageError('/json belongs to chat itself; type it in monitor');
    if (/^\/reboot\s*$/.test(line)) return await rejoin(device, '/reboot');
    if (/^\/forget\s*$/.test(line) && device.ready.template) talk.turns = [];
    else if (line.startsWith('/'))
      for (const text of await device.command(line)) process.stderr.write(`${text}\n`);
    else if (device.ready.template) await takeTurn(device, talk, line);
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

const tellStory = (device: Device, prompt: string): Promise<void> =>
  printed(async (print) => device.tell(prompt, ({ text }) => print(Buffer.from(text, 'latin1'))));

/** Asks within the conversation; what was refused or broke off is no part of it. */
async function takeTurn(device: Device, talk: Talk, question: string): Promise<void> {
  const { converse: ask } = await import('../../serial/index.ts');
  const system: Turn[] = talk.system === undefined ? [] : [{ role: 'system', content: talk.system }];
  const turns: Turn[] = [...talk.turns, { role: 'user', content: question }];
  await printed(async (print) => {
    const { text, dropped, story } = await ask(device, [...system, ...turns], print);
    talk.turns = [...turns, { role: 'assistant', content: text }];
    return { end: story.end, dropped };
  });
}

/** Prints what comes, ends its line, however it ends, and sums it up. */
async function printed(
  tell: (print: (text: string | Uint8Array) => void) => Promise<{ end: Story['end']; dropped?: number }>,
): Promise<void> {
  let begun = false;
  try {
    const { end, dropped } = await tell((text) => {
      begun = true;
      process.stdout.write(text);
    });
    process.stdout.write('\n');
    await sumUp(end, dropped);
  } catch (error) {
    if (begun) process.stdout.write('\n');
    throw error;
  }
}

/** What a story or an answer was like; of a conversation also how many of its turns were left out. */
async function sumUp(end: Story['end'], dropped = 0): Promise<void> {
  const { tokensPerSecond } = await import('../../serial/index.ts');
  const facts = [
    `${end.tokens} tokens`,
    ...(end.reused === undefined ? [] : [`${end.reused} of them known`]),
    `${tokensPerSecond(end).toFixed(1)} tokens/s`,
    `digest ${end.digest}`,
    ...(end.ending === 'stopped' ? ['stopped'] : []),
    ...(dropped > 0 ? [`without the ${dropped === 1 ? 'oldest turn' : `oldest ${dropped} turns`}`] : []),
  ];
  process.stderr.write(`[${facts.join(', ')}]\n`);
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
