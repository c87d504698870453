import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Runs `serve`; resolves once `pattern` was printed or it has ended. */
async function serve(args: readonly string[], pattern: RegExp) {
  const child = spawn(process.execPath, ['dist/cli/main.js', 'serve', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  let err = '';
  const ended = once(child, 'close');
  const found = new Promise<RegExpExecArray | null>((resolve) => {
    child.stderr!.on('data', (chunk) => {
      err += chunk;
      const match = pattern.exec(err);
      if (match) resolve(match);
    });
    void ended.then(() => resolve(pattern.exec(err)));
  });
  return { match: await found, ended, stop: () => child.kill('SIGINT') };
}

describe('serve', () => {
  it('serves the model that ships from a thread, and ends by Ctrl-C', async () => {
    const { match, ended, stop } = await serve(['--listen', '0', '--context', '64'], /on (http:\S+);/);
    const url = match![1];
    while ((await fetch(`${url}/healthz`)).status !== 200)
      await new Promise((resolve) => setTimeout(resolve, 100));
    const body = JSON.stringify({
      model: 'tinystories',
      prompt: 'Once upon a time',
      max_tokens: 8,
      temperature: 0,
    });
    const answer = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { choices } = (await answer.json()) as { choices: { text: string }[] };
    expect(choices[0].text).toMatch(/^, there was a/);
    stop();
    expect((await ended)[0]).toBe(0);
  });

  it('says in a sentence what cannot be served', async () => {
    const busy = createServer().listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const { port } = busy.address() as AddressInfo;
    const open = await serve(['--listen', '0.0.0.0:0'], /give a --token/);
    expect([open.match?.[0], (await open.ended)[0]]).toEqual(['give a --token', 2]);
    const taken = await serve(['--listen', String(port), '--port', '/dev/nothing'], /is in use/);
    expect([taken.match?.[0], (await taken.ended)[0]]).toEqual(['is in use', 1]);
    busy.close();
  });
});
