import { afterEach, expect, it } from 'vitest';
import { hasMosquitto, startMosquitto } from '../broker/testing.ts';
import { askServed, killStarted, startVerb } from './testing/verb.ts';

afterEach(killStarted);

it('says in a sentence what a worker needs, and what the two cannot do at once', async () => {
  const none = await startVerb(['worker', '--host-boards', '1'], /needs a broker/);
  expect([none.match?.[0], (await none.ended)[0]]).toEqual(['needs a broker', 2]);
  const odd = await startVerb(['worker', '--broker', 'http://x'], /Give mqtt:/);
  expect([odd.match?.[0], (await odd.ended)[0]]).toEqual(['Give mqtt:', 2]);
  const both = await startVerb(['serve', '--broker', 'mqtt://127.0.0.1:1', '--usb'], /without boards here/);
  expect([both.match?.[0], (await both.ended)[0]]).toEqual(['without boards here', 2]);
  const gone = await startVerb(
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
      const worker = await startVerb(
        ['worker', '--broker', broker.url, '--context', '64'],
        /1 board on the broker/,
      );
      const gateway = await startVerb(['serve', '--broker', broker.url, '--listen', '0'], /on (http:\S+);/);
      expect(await askServed(gateway.match![1])).toMatch(/^, there was a/);
      worker.end();
      gateway.end();
      expect([(await worker.ended)[0], (await gateway.ended)[0]]).toEqual([0, 0]);
    } finally {
      await broker.remove();
    }
  },
);
