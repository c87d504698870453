/** What keeps the page's own thread busy, by the Long Tasks API: a part after the other, with what people do there. */
import type { Browser, Page } from 'playwright-core';
import { serveStudio } from '../../src/node/index.ts';

/** The Long Tasks API tells of what takes longer, in milliseconds. */
const LONG = 50;

const click = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).last().click();

const deeds: readonly (readonly [name: string, deed: (page: Page) => Promise<unknown>])[] = [
  ['the first story', (page) => page.waitForSelector('[data-figure=digest]')],
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
      await page
        .getByLabel('Text', { exact: true })
        .fill('The cat sat on the mat.\n<|endoftext|>\n'.repeat(2000));
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
  await page.addInitScript(() => {
    const found: number[] = [];
    Object.assign(globalThis, { longTasks: found });
    new PerformanceObserver((list) =>
      found.push(...list.getEntries().map(({ duration }) => duration)),
    ).observe({
      type: 'longtask',
      buffered: true,
    });
  });
  await page.goto(served.address);
  for (const [name, deed] of deeds) {
    await deed(page);
    const tasks = await page.evaluate(() =>
      (globalThis as unknown as { longTasks: number[] }).longTasks.splice(0),
    );
    const list = tasks.map((duration) => duration.toFixed(0)).join(', ');
    yield `${name.padEnd(32)} ${tasks.length === 0 ? `nothing longer than ${LONG} ms` : `${list} ms`}`;
  }
  await context.close();
  await served.close();
}
