/** How long a visitor waits for the first story. */
import type { Browser } from 'playwright-core';
import { type Line, serveOver } from './serve.ts';

/** What issue 11 asks for: seconds until the story is being told. */
const LINES: readonly (Line & { wanted: number })[] = [
  { name: 'this machine', delay: 0, wanted: 2 },
  { name: 'DSL: 16 Mbit/s, 40 ms', rate: 16e6, delay: 40, wanted: 5 },
];
const VISITS = 3;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Seconds until the model's first word, and until the end. */
async function visit(browser: Browser, address: string): Promise<{ first: number; end: number }> {
  const context = await browser.newContext({ locale: 'en-US' });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const begun = performance.now();
  await page.goto(address, { waitUntil: 'commit' });
  await page.waitForFunction(
    () => (document.querySelector('.story-text')?.textContent ?? '').trim().split(/\s+/).length > 4,
    undefined,
    { polling: 'raf' },
  );
  const first = (performance.now() - begun) / 1000;
  await page.waitForSelector('[data-figure=digest]');
  const end = (performance.now() - begun) / 1000;
  await context.close();
  return { first, end };
}

export async function* measureLoading(browser: Browser, folder: string): AsyncGenerator<string> {
  for (const { wanted, ...line } of LINES) {
    const served = await serveOver(line, folder);
    const visits = [];
    for (let round = 0; round < VISITS; round++) visits.push(await visit(browser, served.address));
    served.close();
    const [first, end] = [median(visits.map((one) => one.first)), median(visits.map((one) => one.end))];
    yield `${line.name.padEnd(24)} first word after ${first.toFixed(2)} s (${wanted} wanted), the end after ${end.toFixed(2)} s; median of ${VISITS} cold visits`;
  }
}
