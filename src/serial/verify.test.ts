import { describe, expect, it } from 'vitest';
import type { Device } from './device.ts';
import { type Expectation, verifyBoard } from './verify.ts';

const expected: Expectation = {
  prompt: 'Once upon a time',
  seed: 42n,
  temperature: 0,
  topp: 0.9,
  topk: 0,
  minp: 0,
  penalty: 1,
  tokens: 20,
  digest: '0123456789abcdef',
  map: 'fedcba9876543210',
  cycles: 1_000_000,
  first: 60_000,
  last: 55_000,
  passes: 20,
};

/** A board that answers as expected, but for what is given. */
function boardThat({ map = expected.map, digest = expected.digest } = {}) {
  const commands: string[] = [];
  const device: Device = {
    ready: { event: 'ready', model: 'stories260K', context: 256, map },
    command: async (line) => {
      commands.push(line);
      return [];
    },
    tell: async () => ({
      tokens: [],
      end: {
        event: 'end',
        ending: 'finished',
        tokens: 20,
        digest,
        cycles: '1100000',
        first: 61_000,
        last: 56_000,
        megahertz: 240,
      },
    }),
    bind: async () => {},
    stop: async () => {},
    rejoin: async () => device.ready,
    leave: async () => {},
  };
  return { device, commands };
}

describe('a board is the image that it should be', () => {
  it.each([
    ['when digest and memory map agree', {}, true],
    ['not with another digest', { digest: '0123456789abcdee' }, false],
    ['not with another memory map, though the story is the same', { map: 'fedcba9876543211' }, false],
  ])('%s', async (_, difference, ok) => {
    const { device } = boardThat(difference);
    expect((await verifyBoard(device, expected)).ok).toBe(ok);
  });

  it('with the story asked for, and its speed beside the prediction', async () => {
    const { device, commands } = boardThat();
    const { cyclesPerToken, tokensPerSecond, firstToken, lastToken } = await verifyBoard(device, expected);
    expect(commands).toEqual([
      '/temp 0',
      '/topp 0.9',
      '/topk 0',
      '/minp 0',
      '/penalty 1',
      '/seed 42',
      '/tokens 20',
    ]);
    expect(cyclesPerToken).toEqual({ predicted: 50_000, measured: 55_000 });
    expect(firstToken).toEqual({ predicted: 60_000, measured: 61_000 });
    expect(lastToken).toEqual({ predicted: 55_000, measured: 56_000 });
    expect(tokensPerSecond.predicted).toBe(4800);
  });
});
