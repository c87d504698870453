/** A new image for boards that serve: one by one, while the others answer, and back where it is not right. */
import { afterEach, expect, it } from 'vitest';
import { createSimulatedBoard } from '../board/simulated/index.ts';
import { findBoard } from '../chip/boards/boards.ts';
import { type Firmware, simulate } from '../firmware/index.ts';
import { BABBLER_QUESTION, babblerFirmware } from '../firmware/testing.ts';
import { loadCheckpoint, loadTokenizer } from '../model/index.ts';
import { BABBLER, babblerTokenizerBytes, version0Bytes } from '../model/testing.ts';
import { shippedPrograms } from '../node/device-programs.ts';
import { quantize } from '../quantize/index.ts';
import { expectationOf, type RolloutOptions } from '../serial/index.ts';
import { keepLast } from '../testing/kept.ts';
import type { BoardSource } from './board.ts';
import { hostConnection } from './host-board.ts';
import { createPool, type LocalPool } from './pool.ts';

const kind = findBoard('heltec-v3');
const question = { ...BABBLER_QUESTION, tokens: 8 } as const;
const cache = keepLast();

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function boardWith(name: string, { flash }: Firmware): BoardSource {
  const board = createSimulatedBoard({ board: kind, flash });
  closers.push(() => board.stop());
  if (cache.last) board.chip.cores[0].offerTranslations(cache.last);
  return { name, flashable: true, open: async () => ({ ...board.connection, close: async () => {} }) };
}

/** One that keeps what it has: the device program on this machine. */
const hostBoard = (name: string): BoardSource => ({
  name,
  open: async () =>
    hostConnection({
      programs: shippedPrograms,
      model: quantize(loadCheckpoint(version0Bytes(BABBLER))),
      tokenizer: loadTokenizer(babblerTokenizerBytes(), BABBLER.vocabulary),
      modelName: 'old',
    }),
});

const statesOf = (pool: LocalPool) =>
  pool.status.boards.map(({ name, model, state }) => [name, model, state]);
const settled = async (pool: LocalPool): Promise<void> => {
  while (pool.status.boards.some(({ state }) => state !== 'idle'))
    await new Promise((resolve) => setTimeout(resolve, 10));
};

it('takes a bad image back, gives a good one, and has the others serve meanwhile', {
  timeout: 900_000,
}, async () => {
  const [old, next] = ['old', 'next'].map((name) => babblerFirmware(name, kind));
  // It runs, and tells what the simulator tells of it; but under the old one's name it is another model.
  const bad = babblerFirmware('old', kind, { scale: -3 });
  const imageOf = (firmware: Firmware): RolloutOptions['next'] => ({
    flash: firmware.flash,
    needs: { flashBytes: firmware.flash.length, psramBytes: 0 },
    expected: expectationOf(question, firmware, simulate(firmware, { ...question, cache })),
  });
  const [badNext, goodNext] = [imageOf(bad), imageOf(next)];
  const pool = createPool([boardWith('a', old), hostBoard('b')], { retry: 20, silence: 60_000 });
  closers.push(() => pool.close());
  await settled(pool);
  const steps: string[] = [];
  const told: Promise<unknown>[] = [];
  const renew = (image: RolloutOptions['next']) =>
    pool.renew({
      next: image,
      back: old.flash,
      baud: 921_600,
      onStep(board, step) {
        steps.push(`${board} ${step}`);
        told.push(pool.tell({ prompt: 'b', sampling: {}, seed: 3n, tokens: 6, model: 'old' }, () => {}));
      },
    });

  const wrong = await renew(badNext);
  expect(wrong).toMatchObject({
    renewed: [],
    failed: {
      board: 'a',
      why: expect.stringMatching(/tells another story .* than the first board with the model old/),
    },
    left: [],
  });
  expect(wrong.failed).toMatchObject({ back: true });
  expect(steps).toEqual(
    ['asking', 'writing', 'checking', 'going back', 'is back'].map((step) => `a ${step}`),
  );
  await Promise.all(told);
  expect(statesOf(pool)).toEqual([
    ['a', 'old', 'idle'],
    ['b', 'old', 'idle'],
  ]);

  expect(await renew(goodNext)).toEqual({ renewed: ['a'], left: [] });
  // The other one answered all the while.
  expect(await Promise.all(told)).toHaveLength(9);
  expect(statesOf(pool)).toEqual([
    ['a', 'next', 'idle'],
    ['b', 'old', 'idle'],
  ]);
});
