/** What keeps the page's own thread busy, by the browser's trace: a part after the other, with what people do there. */
import type { Browser, Page } from 'playwright-core';
import { serveStudio } from '../../src/node/index.ts';
import { tasksOf } from '../../studio/testing/tasks.ts';
import { TEXT } from './train.ts';

/** The page is never busy for longer, in milliseconds; what comes near is told, too. */
const LONG = 50;

const click = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).last().click();

type Deed = (page: Page, address: string) => Promise<unknown>;

const deeds: readonly (readonly [name: string, deed: Deed])[] = [
  [
    'the first story',
    async (page, address) => {
      await page.goto(address);
      await page.waitForSelector('[data-figure=digest]');
    },
  ],
  [
    'another story',
    async (page) => {
      await click(page, 'Another seed');
      await click(page, 'Tell');
      await page.waitForSelector('[data-figure=digest]', { state: 'detached' });
      await page.waitForSelector('[data-figure=digest]');
    },
  ],
  [
    'inside it',
    async (page) => {
      await click(page, 'Inside');
      await page.waitForSelector('.roof');
      await page.waitForSelector('[data-kernels]');
    },
  ],
  [
    'plans for every board',
    async (page) => {
      await click(page, 'Models');
      await page.waitForSelector('[data-fits]');
    },
  ],
  [
    'a board, written and verified',
    async (page) => {
      await click(page, 'Board');
      await click(page, 'Try it with a simulated board');
      await click(page, 'Write the image');
      await page.getByText('The board runs: esp32-llm').waitFor();
    },
  ],
  [
    'training',
    async (page) => {
      await click(page, 'Train');
      // As a file: what the tool does to put so much text into a text area takes seconds, which a paste does not.
      const file = { name: 'prose.txt', mimeType: 'text/plain', buffer: Buffer.from(TEXT) };
      await page.locator('input[type=file]').setInputFiles(file);
      await click(page, 'Train');
      await page.waitForFunction(
        () => Number(document.querySelector<HTMLElement>('[data-training]')?.dataset.steps) > 20,
      );
      await click(page, 'Pause');
      await page.waitForSelector('[data-training=paused]');
    },
  ],
  [
    'the assembler corner',
    async (page) => {
      await click(page, 'Assembler');
      await page.waitForSelector('[data-outcome=ended]', { state: 'attached' });
    },
  ],
];

export async function* measureBlocking(browser: Browser, folder: string): AsyncGenerator<string> {
  const served = await serveStudio({ folder });
  const context = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(600_000);
  const watched = { page, address: served.address, least: LONG / 2 };
  for (const [name, deed] of deeds) {
    const tasks = await tasksOf(browser, watched, () => deed(page, served.address));
    const list = tasks.map(
      ({ milliseconds, busy, longest }) =>
        `${busy.toFixed(0)} ms (${milliseconds.toFixed(0)} by the clock, ${longest})`,
    );
    yield `${name.padEnd(32)} ${list.join(', ') || `nothing longer than ${LONG / 2} ms`}`;
  }
  await context.close();
  await served.close();
}
