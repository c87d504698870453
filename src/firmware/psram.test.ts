/** PSRAM at 80 and 120 MHz: the boot code finds the moment to sample at on boards that differ. */
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultBoard } from '../chip/boards/boards.ts';
import { samplesRight, stepOf, windowOf } from '../chip/soc/psram-timing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { kept as cache } from '../testing/kept.ts';
import { buildFirmware, type Firmware } from './build.ts';
import { createHostProgram } from './host.ts';
import { simulate } from './simulate.ts';
import { formatDigest } from './status.ts';
import { tinyStories } from './testing.ts';

const CONTEXT = 512;
const STORY = { prompt: 'Once', temperature: 0, tokens: 3, cache };
const { quantized, float, tokenizer } = tinyStories();
/** Its flash has no room for weights, so that the KV cache lies in PSRAM. */
const board = { ...defaultBoard, flashBytes: 1 << 20 };

describe('octal PSRAM', () => {
  let firmware: Firmware;
  let digest: string;
  beforeAll(() => {
    firmware = buildFirmware({ programs, model: quantized, tokenizer, board, context: CONTEXT });
    const host = createHostProgram({ programs, model: quantized, tokenizer, context: CONTEXT });
    host.type(`/temp 0\r/tokens ${STORY.tokens}\r${STORY.prompt}\r`);
    host.settle();
    digest = formatDigest(host.status.digest);
  });

  it.each([
    [1, 3, 'delay 2 of 1 to 3'],
    [4, 4, 'delay 6 of 4 to 7'],
    [7, 5, 'delay 9 of 7 to 11'],
  ])('whose window begins at step %i and has %i: %s', (first, length, found) => {
    const story = simulate(firmware, { ...STORY, psramWindow: { first, length } });
    expect(story.printed).toContain(`PSRAM clock 80 MHz, ${found}\r\n`);
    expect(story.digest).toBe(digest);
    expect(story.warnings).toEqual([]);
  });

  it.each([
    ['none', 3, 0],
    ['too few to be more than luck', 3, 2],
    ['all, which cannot be', 0, 14],
  ])('runs at 40 MHz where %s of the settings read right', (_, first, length) => {
    const story = simulate(firmware, { ...STORY, psramWindow: { first, length } });
    expect(story.printed).toContain('PSRAM clock 40 MHz: no delay setting reads right at 80\r\n');
    expect(story.digest).toBe(digest);
    expect(story.warnings).toEqual([]);
  });

  it('is twice as fast at 80 MHz, and says which clock it has without tuning', () => {
    const slow = buildFirmware({
      programs,
      model: quantized,
      tokenizer,
      board: { ...board, psramMegahertz: 40 },
      context: CONTEXT,
    });
    const story = simulate(slow, STORY);
    expect(story.printed).toContain('PSRAM clock 40 MHz\r\n');
    expect(story.digest).toBe(digest);
  });
});

describe('octal PSRAM at 120 MHz, where it is wanted', () => {
  const wanted = { ...board, psramMegahertz: 120 } as const;
  let firmware: Firmware;
  beforeAll(() => {
    firmware = buildFirmware({ programs, model: quantized, tokenizer, board: wanted, context: CONTEXT });
  });

  // A bit is two thirds as long, and the first setting that reads right does not with a faster PLL.
  it.each([
    [1, 3, 'delay 2 of 1 to 2'],
    [2, 5, 'delay 3 of 2 to 4'],
    [6, 4, 'delay 7 of 6 to 7'],
  ])(
    'takes the setting that bears the fastest clock: window from step %i, %i long: %s',
    (first, length, found) => {
      const story = simulate(firmware, { ...STORY, psramWindow: { first, length } });
      expect(story.printed).toContain(`PSRAM clock 120 MHz, ${found}\r\n`);
      expect(story.warnings).toEqual([]);
    },
  );

  it('runs at 80 MHz where no setting bears a clock that is a little faster', () => {
    const psramWindow = { first: 3, length: 4, fastestHertz: 125e6 };
    const story = simulate(firmware, { ...STORY, psramWindow });
    expect(story.printed).toContain('PSRAM clock 80 MHz, delay 5 of 3 to 6: no delay setting bears 120\r\n');
    expect(story.warnings).toEqual([]);
  });

  it('tells the same story in fewer cycles', () => {
    const usual = buildFirmware({ programs, model: quantized, tokenizer, board, context: CONTEXT });
    const [fast, slow] = [firmware, usual].map((image) => simulate(image, STORY));
    expect(fast.digest).toBe(slow.digest);
    expect(fast.tokensPerSecond.mean).toBeGreaterThan(slow.tokensPerSecond.mean);
  });
});

describe('quad PSRAM', () => {
  const quad = { ...board, psramMode: 'quad', psramBytes: 2 << 20 } as const;
  const [usual, wanted, slow] = ([undefined, 120, 40] as const).map((psramMegahertz) =>
    buildFirmware({
      programs,
      model: quantized,
      tokenizer,
      board: { ...quad, ...(psramMegahertz && { psramMegahertz }) },
      context: CONTEXT,
    }),
  );

  it('needs no tuning at 80 and 40 MHz', () => {
    // Whatever the window: there is nothing to wait for.
    const psramWindow = { first: 0, length: 0 };
    const [fast, other] = [usual, slow].map((image) => simulate(image, { ...STORY, psramWindow }));
    expect(fast.printed).toContain('PSRAM clock 80 MHz\r\n');
    expect(other.printed).toContain('PSRAM clock 40 MHz\r\n');
    expect(other.digest).toBe(fast.digest);
    expect(other.tokensPerSecond.mean).toBeLessThan(fast.tokensPerSecond.mean);
  });

  // ESP-IDF's choice: of three the middle, of four the second.
  it.each([
    [1, 3, 'delay 2 of 1 to 3'],
    [3, 4, 'delay 4 of 3 to 6'],
    [6, 3, 'delay 7 of 6 to 8'],
    [8, 4, 'delay 9 of 8 to 11'],
  ])('at 120 MHz, where it is wanted, window from step %i, %i long: %s', (first, length, found) => {
    const story = simulate(wanted, { ...STORY, psramWindow: { first, length } });
    expect(story.printed).toContain(`PSRAM clock 120 MHz, ${found}\r\n`);
    expect(story.warnings).toEqual([]);
  });

  it.each([
    ['none', 3, 0],
    ['too few to be more than luck', 3, 2],
    ['more than a window', 2, 5],
  ])('runs at 80 MHz where %s of the settings read right', (_, first, length) => {
    const story = simulate(wanted, { ...STORY, psramWindow: { first, length } });
    expect(story.printed).toContain('PSRAM clock 80 MHz: no delay setting reads right at 120\r\n');
    expect(story.warnings).toEqual([]);
  });

  it('tells the same story in fewer cycles at 120 MHz', () => {
    const [fast, normal] = [wanted, usual].map((image) => simulate(image, STORY));
    expect(fast.digest).toBe(normal.digest);
    expect(fast.tokensPerSecond.mean).toBeGreaterThan(normal.tokensPerSecond.mean);
  });
});

describe('PSRAM that is too small for all weights', () => {
  it('holds the end of one whose beginning lies in flash, which makes no difference to the story', () => {
    const context = 64;
    const options = { programs, model: float, tokenizer, context };
    const host = createHostProgram(options);
    host.type(`/temp 0\r/tokens ${STORY.tokens}\r${STORY.prompt}\r`);
    host.settle();
    const firmware = buildFirmware({ ...options, board: { ...defaultBoard, psramBytes: 0x50000 }, cache });
    const psram = firmware.memoryMap.regions.find(({ name }) => name === 'psram');
    expect(psram?.entries[0].name).toMatch(/, rest$/);
    expect(simulate(firmware, STORY).digest).toBe(formatDigest(host.status.digest));
  });
});

describe('the moment that a setting samples at', () => {
  it('is in the order in which ESP-IDF tries its settings', () => {
    const at80 = [[0,0,0],[4,2,2],[2,1,2],[4,1,2],[1,0,1],[4,0,2],[0,0,1],[4,2,3],[2,1,3],[4,1,3],[1,0,2],[4,0,3],[0,0,2],[4,2,4]]; // biome-ignore format: a table
    expect(at80.map(([mode, num, dummy]) => stepOf({ mode, num, dummy }, 160))).toEqual(
      at80.map((_, step) => step),
    );
    expect(stepOf({ mode: 3, num: 3, dummy: 1 }, 160)).toBeUndefined();
  });

  it('is so at 120 MHz, too', () => {
    const at120 = [[0,0,0],[4,1,2],[1,0,1],[4,0,2],[0,0,1],[4,1,3],[1,0,2],[4,0,3],[0,0,2],[4,1,4],[1,0,3],[4,0,4],[0,0,3],[4,1,5]]; // biome-ignore format: a table
    expect(at120.map(([mode, num, dummy]) => stepOf({ mode, num, dummy }, 240))).toEqual(
      at120.map((_, step) => step),
    );
  });

  it('is so of quad PSRAM at 120 MHz, too', () => {
    const quad = [[1,0,0],[0,0,0],[1,1,1],[2,3,2],[1,0,1],[0,0,1],[1,1,2],[2,3,3],[1,0,2],[0,0,2],[1,1,3],[2,3,4]]; // biome-ignore format: a table
    expect(quad.map(([mode, num, dummy]) => stepOf({ mode, num, dummy }, 240, 'quad'))).toEqual(
      quad.map((_, step) => step),
    );
  });

  it('comes earlier where the PLL runs faster, when the answer does not', () => {
    const setting = { mode: 0, num: 0, dummy: 2 }; // step 8 of 240 MHz
    const window = { first: 7, length: 3 };
    const reads = (megahertz: number) =>
      samplesRight('octal', setting, window, {
        coreHertz: 240e6,
        busHertz: 120e6,
        pllHertz: megahertz * 1e6,
      });
    expect([480, 544, 552].map(reads)).toEqual([true, true, false]);
    expect([416, 408].map(reads)).toEqual([true, false]);
  });

  it('does not matter up to 40 MHz, and does above', () => {
    const setting = { mode: 0, num: 0, dummy: 0 };
    const window = { first: 3, length: 4 };
    const at80 = { coreHertz: 160e6, busHertz: 80e6 };
    expect(samplesRight('octal', setting, window, { coreHertz: 80e6, busHertz: 40e6 })).toBe(true);
    expect(samplesRight('octal', setting, window, at80)).toBe(false);
    expect(samplesRight('octal', { mode: 0, num: 0, dummy: 1 }, window, at80)).toBe(true);
  });

  it('differs from board to board', () => {
    const windows = Array.from({ length: 40 }, (_, last) => windowOf([0x7c, 0xdf, 0xa1, 1, 2, last]));
    expect(new Set(windows.map(({ first, length }) => `${first}+${length}`)).size).toBeGreaterThan(5);
    for (const { first, length } of windows) expect(first + length).toBeLessThanOrEqual(14);
  });
});
