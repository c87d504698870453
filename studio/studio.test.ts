/** The studio in a real browser, as it is built and served: what it tells is what Node tells. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatVisit } from '../scripts/build-studio.ts';
import { browserPath } from '../src/testing/browser.ts';
import { needing } from '../src/testing/needs.ts';
import { FIRST_STORY } from './state/first-story.ts';
import { testAssembler } from './testing/assembler.ts';
import { testBoard } from './testing/board.ts';
import { testInside } from './testing/inside.ts';
import { testKeyboard } from './testing/keyboard.ts';
import { testModels } from './testing/models.ts';
import { testPage, testThread } from './testing/page.ts';
import { testRefusals } from './testing/refusals.ts';
import { openStudio, type Studio } from './testing/studio.ts';
import { testTrain } from './testing/train.ts';
import { testVariants } from './testing/variants.ts';

if (!browserPath) console.log('skipped: there is no Chromium here to try the studio in');

describe.skipIf(!browserPath)(
  needing('the studio', !!browserPath, 'no Chromium'),
  { timeout: 600_000 },
  () => {
    let studio: Studio;
    beforeAll(async () => {
      studio = await openStudio();
      console.log(formatVisit(studio.built));
    }, 300_000);
    afterAll(() => studio?.close());

    it('tells Node’s story at once, on the screen of the board, too', async () => {
      const { page, visit, told, figure, built, problems } = studio;
      await visit();
      await told();
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
      const { page, visit, told, figure, built } = studio;
      const link = new URL(page.url()).hash;
      expect(link).toContain(`board=${FIRST_STORY.board}`);
      await visit(link);
      await told();
      expect(await figure('digest')).toBe(built.digest);
    });

    it('stops when it is told to, however early', async () => {
      const { page, told } = studio;
      await page.getByRole('button', { name: 'Tell', exact: true }).click();
      await page.getByRole('button', { name: 'Stop', exact: true }).click();
      await told();
      expect(await page.locator('.story-foot').innerText()).toContain('stopped');
    });

    it('speaks Russian', async () => {
      const { page, problems } = studio;
      await page.getByLabel('Language').selectOption('ru');
      await page.getByRole('heading', { level: 1 }).filter({ hasText: 'Языковая модель' }).waitFor();
      expect(await page.title()).toBe('Студия esp32-llm');
      await page.getByLabel('Язык').selectOption('en');
      expect(problems).toEqual([]);
    });

    testThread(() => studio);
    testKeyboard(() => studio);
    testModels(() => studio);
    testVariants(() => studio);
    testInside(() => studio);
    testAssembler(() => studio);
    testPage(() => studio);
    testTrain(() => studio);
    testRefusals(() => studio);
    testBoard(() => studio);
  },
);
