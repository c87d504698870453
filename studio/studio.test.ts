/** The studio in a real browser, as it is built and served: what it tells is what Node tells. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltStudio, buildStudio, formatVisit } from '../scripts/build-studio.ts';
import { type ServedStudio, serveStudio } from '../src/node/index.ts';
import { browserPath, launchBrowser } from '../src/testing/browser.ts';
import { FIRST_STORY } from './state/first-story.ts';

if (!browserPath) console.log('skipped: there is no Chromium here to try the studio in');

describe.skipIf(!browserPath)('the studio', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'esp32-llm-studio-'));
  let built: BuiltStudio;
  let served: ServedStudio;
  let browser: Browser;
  let page: Page;
  /** What the page complained of, and whom it asked beside its own server. */
  const problems: string[] = [];
  beforeAll(async () => {
    [built, browser] = await Promise.all([buildStudio(folder), launchBrowser()]);
    console.log(formatVisit(built));
    served = await serveStudio({ folder });
    const context = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce' });
    page = await context.newPage();
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith(served.address)) problems.push(`asked ${request.url()}`);
    });
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const figure = (name: string): Promise<string> => page.locator(`[data-figure=${name}]`).innerText();

  it('tells Node’s story at once, on the screen of the board, too', async () => {
    await page.goto(served.address);
    await page.waitForSelector('[data-figure=digest]');
    expect(await figure('digest')).toBe(built.digest);
    expect(await page.locator('.story-text').innerText()).toContain(FIRST_STORY.prompt);
    expect(Number((await figure('speed')).replace(/,/g, ''))).toBeGreaterThan(1000);
    const lit = await page.locator('canvas.screen').evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, at) => at % 4 === 0 && value > 128).length;
    });
    expect(lit).toBeGreaterThan(50);
    expect(problems).toEqual([]);
  });

  it('tells the same story by its link', async () => {
    const link = page.url();
    expect(link).toContain(`board=${FIRST_STORY.board}`);
    await page.goto('about:blank');
    await page.goto(link);
    await page.waitForSelector('[data-figure=digest]');
    expect(await figure('digest')).toBe(built.digest);
  });

  it('speaks Russian', async () => {
    await page.getByLabel('Language').selectOption('ru');
    await page.getByRole('heading', { level: 1 }).filter({ hasText: 'Языковая модель' }).waitFor();
    expect(await page.title()).toBe('Студия esp32-llm');
    await page.getByLabel('Язык').selectOption('en');
    expect(problems).toEqual([]);
  });
});
