import { afterEach, expect, it } from 'vitest';
import { createSimulatedBoard } from '../board/simulated/index.ts';
import { findBoard } from '../chip/boards/boards.ts';
import { type Firmware, simulate } from '../firmware/index.ts';
import { BABBLER_QUESTION, babblerFirmware } from '../firmware/testing.ts';
import { keepLast } from '../testing/kept.ts';
import { openDevice } from './device.ts';
import { type RolloutBoard, rollOut } from './rollout.ts';
import { expectationOf } from './verify.ts';

const kind = findBoard('heltec-v3');
const question = { ...BABBLER_QUESTION, tokens: 8 } as const;

/** What the simulator has translated of the image that is rolled out: the other's code is the same. */
const cache = keepLast();

const imageOf = (modelName: string): Firmware => babblerFirmware(modelName, kind);

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A board that runs an image, and what model it says it has. */
function boardWith(name: string, { flash }: Firmware) {
  const board = createSimulatedBoard({ board: kind, flash });
  stops.push(() => board.stop());
  if (cache.last) board.chip.cores[0].offerTranslations(cache.last);
  const one: RolloutBoard = { name, open: async () => ({ ...board.connection, close: async () => {} }) };
  return {
    one,
    async model(): Promise<string> {
      const device = await openDevice(board.connection);
      await device.leave();
      return device.ready.model;
    },
  };
}

it('stops at the canary, which gets its old image back, and goes through where all is right', {
  timeout: 600_000,
}, async () => {
  const [old, next] = [imageOf('old'), imageOf('next')];
  const expected = expectationOf(question, next, simulate(next, { ...question, cache }));
  const needs = { flashBytes: next.flash.length, psramBytes: 0 };
  const a = boardWith('a', old);
  const b: RolloutBoard = { name: 'b', open: () => Promise.reject(new Error('b was touched')) };
  const silent: RolloutBoard = { name: 'c', open: () => Promise.reject(new Error('c: cannot be opened')) };
  const steps: string[] = [];
  const go = (boards: RolloutBoard[], digest = expected.digest) =>
    rollOut(boards, {
      next: { flash: next.flash, needs, expected: { ...expected, digest } },
      back: old.flash,
      baud: 921_600,
      onStep: (board, step) => steps.push(`${board} ${step}`),
    });

  // As if a bit of the new image were wrong.
  const wrong = await go([a.one, b], '0'.repeat(16));
  expect(wrong).toMatchObject({ renewed: [], failed: { board: 'a', back: true }, left: ['b'] });
  expect(wrong.failed?.why).toMatch(
    /tells another story \(digest [0-9a-f]{16}\) than the simulator \(0{16}\)/,
  );
  expect(steps).toEqual(
    ['asking', 'writing', 'checking', 'going back', 'is back'].map((step) => `a ${step}`),
  );
  expect(await a.model()).toBe('old');

  const right = await go([a.one, silent, b]);
  expect(right).toEqual({
    renewed: ['a'],
    failed: { board: 'c', why: 'c: cannot be opened', back: true },
    left: ['b'],
  });
  expect(await a.model()).toBe('next');
});
