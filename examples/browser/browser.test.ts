/** The bundle in a real browser: a page compiles a model for a board, a Worker boots it, and the digest is Node's. */
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, entryGzip, formatSizes } from '../../scripts/bundle.ts';
import {
  buildFirmware,
  findBoard,
  loadCheckpoint,
  loadTokenizer,
  quantize,
  simulate,
} from '../../src/index.ts';
import { shippedPrograms } from '../../src/node/index.ts';
import { browserPath, launchBrowser } from '../../src/testing/browser.ts';
import { needing } from '../../src/testing/needs.ts';
import { sharedPath } from '../../src/testing/shared-files.ts';
import { servePage } from './serve.ts';

if (!browserPath) console.log('skipped: there is no Chromium here to try the browser bundle in');

/** Most that each entry may weigh, in KB of gzip: a third above what it weighs today, so that only what nobody meant to load is noticed. */
const BUDGET: Readonly<Record<string, number>> = {
  '.': 400,
  './xtensa': 70,
  './chip': 175,
  './compiler': 235,
  './train': 75,
  './serial': 75,
};

/** stories260K where it is at hand, else our own tinystories. */
const shared = sharedPath('models/stories260K.bin');
const modelPath = shared ?? new URL('../../data/tinystories/tinystories.bin', import.meta.url);
const tokenizerPath = shared
  ? sharedPath('models/tok512.bin')!
  : new URL('../../data/tinystories/tokenizer.bin', import.meta.url);

describe('the browser bundle', () => {
  let files: Awaited<ReturnType<typeof bundle>>;
  let server: Server;
  let address: string;
  beforeAll(async () => {
    files = await bundle();
    const models = { '/models/model.bin': modelPath, '/models/tokenizer.bin': tokenizerPath };
    ({ server, address } = await servePage(models));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is no larger than it needs to be', () => {
    console.log(formatSizes(files));
    for (const [entry, kilobytes] of Object.entries(BUDGET))
      expect(entryGzip(files, entry), entry).toBeLessThan(1000 * kilobytes);
    expect(files.flatMap(({ entry }) => entry ?? []).toSorted()).toEqual(Object.keys(BUDGET).toSorted());
  });

  it.skipIf(!browserPath)(
    needing('builds in a page, boots in a Worker, and tells Node’s story', !!browserPath, 'no Chromium'),
    { timeout: 300_000 },
    async () => {
      const model = loadCheckpoint(readFileSync(modelPath));
      const tokenizer = loadTokenizer(readFileSync(tokenizerPath), model.config.vocabulary);
      const board = findBoard('t-camera-s3');
      const firmware = buildFirmware({ programs: shippedPrograms, model: quantize(model), tokenizer, board });
      const expected = simulate(firmware, { prompt: 'One day', tokens: 24, temperature: 0 });

      const browser = await launchBrowser();
      try {
        const page = await browser.newPage();
        const problems: string[] = [];
        const failed = new Promise<never>((_, reject) => page.on('pageerror', reject));
        page.on('requestfailed', (request) => problems.push(request.url()));
        await page.goto(`${address}?board=${board.id}&prompt=One%20day&tokens=24`);
        const told = page.waitForSelector('body[data-digest], body[data-error]', {
          state: 'attached',
          timeout: 280_000,
        });
        await Promise.race([told, failed]);
        const body = await page.evaluate(() => ({ ...document.body.dataset, text: document.body.innerText }));
        expect(problems).toEqual([]);
        expect(body).toMatchObject({ digest: expected.digest });
        expect(body.text).toContain(`for ${board.name}`);
        expect(body.text).toContain(`digest ${expected.digest}`);
      } finally {
        await browser.close();
      }
    },
  );
});
