import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { askServed, killStarted, startVerb } from './testing/verb.ts';

afterEach(killStarted);

const serve = (args: readonly string[], pattern: RegExp) => startVerb(['serve', ...args], pattern);

describe('serve', () => {
  it('serves the model that ships from a thread, and ends by Ctrl-C', async () => {
    const { match, ended, end } = await serve(['--listen', '0', '--context', '64'], /on (http:\S+);/);
    expect(await askServed(match![1])).toMatch(/^, there was a/);
    end();
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
