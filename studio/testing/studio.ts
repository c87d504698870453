/** The studio as it is built and served, and a page of it, for the tests of its parts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type BuiltStudio, buildStudio } from '../../scripts/build-studio.ts';
import { type ServedStudio, serveStudio } from '../../src/node/index.ts';
import { launchBrowser } from '../../src/testing/browser.ts';

export interface Studio {
  built: BuiltStudio;
  served: ServedStudio;
  context: BrowserContext;
  page: Page;
  /** What the page complained of, and whom it asked beside its own server. */
  problems: string[];
  /** A figure of the story, by name. */
  figure(name: string): Promise<string>;
  /** Loads the page at a hash. */
  visit(hash?: string): Promise<void>;
  /** Waits until a story is over. */
  told(): Promise<void>;
  close(): Promise<void>;
}

export async function openStudio(): Promise<Studio> {
  const folder = mkdtempSync(join(tmpdir(), 'esp32-llm-studio-'));
  const [built, browser]: [BuiltStudio, Browser] = await Promise.all([buildStudio(folder), launchBrowser()]);
  const served = await serveStudio({ folder });
  const context = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(400_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  context.on('request', (request) => {
    if (!request.url().startsWith(served.address) && !/^(blob|file):/.test(request.url()))
      problems.push(`asked ${request.url()}`);
  });
  return {
    built,
    served,
    context,
    page,
    problems,
    figure: (name) => page.locator(`[data-figure=${name}]`).innerText(),
    async visit(hash = '') {
      await page.goto('about:blank');
      await page.goto(served.address + hash);
    },
    async told() {
      await page.waitForSelector('[data-figure=digest]');
    },
    async close() {
      await browser.close();
      await served.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
