import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { hasMosquitto, startMosquitto } from '../broker/testing.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Starts a verb; resolves once it has said `pattern`, or has ended. */
async function start(args: readonly string[], pattern: RegExp) {
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

it('says in a sentence what a worker needs, and what the two cannot do at once', async () => {
  const none = await start(['worker', '--host-boards', '1'], /needs a broker/);
  expect([none.match?.[0], (await none.ended)[0]]).toEqual(['needs a broker', 2]);
  const odd = await start(['worker', '--broker', 'http://x'], /Give mqtt:/);
  expect([odd.match?.[0], (await odd.ended)[0]]).toEqual(['Give mqtt:', 2]);
  const both = await start(['serve', '--broker', 'mqtt://127.0.0.1:1', '--usb'], /without boards here/);
  expect([both.match?.[0], (await both.ended)[0]]).toEqual(['without boards here', 2]);
  const gone = await start(
    ['worker', '--broker', 'mqtt://me:secret@127.0.0.1:1', '--context', '64'],
    /the broker at .*/,
  );
  expect([gone.match?.[0], (await gone.ended)[0]]).toEqual([
    expect.stringMatching(/^the broker at mqtt:\/\/127.0.0.1:1 cannot be used: .*ECONNREFUSED/),
    1,
  ]);
});

it.skipIf(!hasMosquitto())(
  'serves through a broker what a worker offers (skipped without mosquitto)',
  async () => {
    const broker = await startMosquitto();
    try {
      const worker = await start(
        ['worker', '--broker', broker.url, '--context', '64'],
        /1 board on the broker/,
      );
      const gateway = await start(['serve', '--broker', broker.url, '--listen', '0'], /on (http:\S+);/);
      const url = gateway.match![1];
      while ((await fetch(`${url}/healthz`)).status !== 200)
        await new Promise((resolve) => setTimeout(resolve, 100));
      const body = JSON.stringify({
        model: 'tinystories',
        prompt: 'Once upon a time',
        max_tokens: 8,
        temperature: 0,
      });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${url}/v1/completions`, { method: 'POST', headers, body });
      const { choices } = (await answer.json()) as { choices: { text: string }[] };
      expect(choices[0].text).toMatch(/^, there was a/);
      worker.end();
      gateway.end();
      expect([(await worker.ended)[0], (await gateway.ended)[0]]).toEqual([0, 0]);
    } finally {
      await broker.remove();
    }
  },
);
