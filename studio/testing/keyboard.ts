/** The main job without a pointer: whatever is reached shows that it is. */
import { expect, it } from 'vitest';
import { SLOW } from './models.ts';
import type { Studio } from './studio.ts';

/** More than there are on any part. */
const MOST_STOPS = 80;

/** In the page: what has the focus, the editor's own tree included. */
function focused(): { name: string; isMarked: boolean } {
  let element = document.activeElement!;
  while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  const { labels } = element as HTMLInputElement;
  const name = element.getAttribute('aria-label') ?? (labels?.[0] as HTMLElement | undefined)?.innerText;
  const marked = element.closest('.cm-editor') ?? element;
  return {
    // A label may go on with what helps.
    name: (name ?? (element as HTMLElement).innerText ?? '').trim().split('\n')[0],
    isMarked: element === document.body || getComputedStyle(marked).outlineStyle !== 'none',
  };
}

export function testKeyboard(studio: () => Studio): void {
  it('does the main job by keyboard alone, and shows where that is', async () => {
    const { page, problems, told, figure } = studio();
    problems.length = 0;
    const { keyboard } = page;
    /** From stop to stop until one is called that; each is marked. */
    const go = async (key: 'Tab' | 'Shift+Tab', wanted: string | RegExp): Promise<void> => {
      const passed: string[] = [];
      while (passed.length < MOST_STOPS) {
        await keyboard.press(key);
        const { name, isMarked } = await page.evaluate(focused);
        expect(isMarked, `the focus on ${name}`).toBe(true);
        if (typeof wanted === 'string' ? name === wanted : wanted.test(name)) return;
        passed.push(name);
      }
      expect.fail(`no stop is called ${wanted}: ${passed.join(', ')}`);
    };
    const open = async (name: string): Promise<void> => {
      await page.evaluate(() => (document.activeElement as HTMLElement).blur());
      await go('Tab', name);
      await keyboard.press('Enter');
    };

    await open('Story');
    await told();
    const before = await figure('digest');
    await go('Tab', 'How the story begins');
    await keyboard.press('ControlOrMeta+A');
    await keyboard.type('Lily saw a');
    await keyboard.press('Enter');
    await page.waitForSelector('[data-figure=digest]', { state: 'detached' });
    await told();
    expect(await page.locator('.story-text').innerText()).toContain('Lily saw a');
    expect(await figure('digest')).not.toBe(before);

    await open('Inside');
    await go('Tab', (await page.locator('.token[aria-pressed=true]').innerText()).trim());
    const place = () =>
      page.evaluate(() => [...document.querySelectorAll('.strip .token')].indexOf(document.activeElement!));
    const first = await place();
    await keyboard.press('ArrowRight');
    await expect.poll(place, SLOW).toBe(first + 1);
    expect((await page.evaluate(focused)).isMarked).toBe(true);

    await open('Assembler');
    await page.locator('[data-outcome=ended]').waitFor({ state: 'attached' });
    await go('Tab', 'Assembly');
    await keyboard.type('# mine');
    await go('Tab', 'Registers before');
    expect(await page.locator('.cm-content').innerText()).toContain('# mine');

    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await go('Tab', 'Language');
    await keyboard.press('ArrowDown');
    await page.getByRole('heading', { level: 1 }).filter({ hasText: 'Уголок ассемблера' }).waitFor();
    await keyboard.press('ArrowUp');
    await page.getByRole('heading', { level: 1 }).filter({ hasText: 'Assembler' }).waitFor();

    await open('Models');
    await page.locator('[data-fits]').waitFor();
    await go('Tab', 'Save as JSON');
    await go('Tab', /^Tell a story: /);
    expect(problems).toEqual([]);
  });
}
