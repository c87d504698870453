/** A verb run in this process or as a command of its own, and what it said. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { vi } from 'vitest';
import { main } from '../main.ts';

/** Exit code and everything printed. */
export async function runVerb(
  args: readonly string[],
): Promise<{ code: number; out: string; error: string }> {
  const printed = { out: '', error: '' };
  const catching = (name: keyof typeof printed) => (text: string | Uint8Array) => {
    printed[name] += text;
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(catching('out'));
  vi.spyOn(process.stderr, 'write').mockImplementation(catching('error'));
  try {
    return { code: await main(args), ...printed };
  } finally {
    vi.restoreAllMocks();
  }
}

export interface StartedVerb {
  /** Of what it said on stderr; null where it ended without. */
  match: RegExpExecArray | null;
  /** Exit code and signal. */
  ended: Promise<unknown[]>;
  /** Ctrl-C. */
  end: () => void;
}

const children: ChildProcess[] = [];

/** Starts a verb of dist/ that goes on until it is ended; resolves once it has said `pattern`, or has ended. */
export async function startVerb(args: readonly string[], pattern: RegExp): Promise<StartedVerb> {
  const child = spawn(process.execPath, ['dist/cli/main.js', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  let text = '';
  const ended = once(child, 'close');
  const match = await new Promise<RegExpExecArray | null>((resolve) => {
    child.stderr!.on('data', (chunk) => {
      text += chunk;
      const found = pattern.exec(text);
      if (found) resolve(found);
    });
    void ended.then(() => resolve(pattern.exec(text)));
  });
  return { match, ended, end: () => child.kill('SIGINT') };
}

/** For afterEach. */
export function killStarted(): void {
  for (const child of children.splice(0)) child.kill('SIGKILL');
}

/** Waits until a server answers, and gives the beginning of the shipped model's greedy story from its endpoint. */
export async function askServed(url: string): Promise<string> {
  while ((await fetch(`${url}/healthz`)).status !== 200)
    await new Promise((resolve) => setTimeout(resolve, 100));
  const body = JSON.stringify({
    model: 'stories',
    prompt: 'Once upon a time',
    max_tokens: 8,
    temperature: 0,
  });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/completions`, { method: 'POST', headers, body });
  const { choices } = (await answer.json()) as { choices: { text: string }[] };
  return choices[0].text;
}
