/** Training in the page: the loss falls, a reload loses nothing, and what comes out tells a story. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Studio } from './studio.ts';

/** Some prose of this repository, a paragraph a document. */
export const PROSE = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md']
  .map((name) => readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8'))
  .join('\n\n')
  .split('\n\n')
  .join('\n<|endoftext|>\n');

export function testTrain(studio: () => Studio): void {
  it('takes a text file that is dropped anywhere', async () => {
    const { page, visit } = studio();
    await visit('#models');
    const dataTransfer = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['Once upon a time. '.repeat(100)], 'tales.txt', { type: 'text/plain' }));
      return transfer;
    });
    await page.dispatchEvent('main', 'drop', { dataTransfer });
    expect(await page.locator('[data-text-file]').innerText()).toBe('tales.txt, 1.8 KB');
    expect(await page.getByRole('button', { name: 'Train', exact: true }).last().isEnabled()).toBe(true);
    await page.getByRole('button', { name: 'Another text' }).click();
    await page.getByLabel('Text', { exact: true }).waitFor();
  });

  it('trains to a falling loss, resumes after a reload, and tells with what it made', async () => {
    const { page, visit, told, problems } = studio();
    problems.length = 0;
    await visit('#train?tokens=8');
    await page.getByLabel('Text', { exact: true }).fill(PROSE);
    await page.getByLabel('Minutes').fill('10');
    await page.getByRole('button', { name: 'Train', exact: true }).last().click();
    const status = page.locator('[data-training]');
    const steps = async (): Promise<number> => Number(await status.getAttribute('data-steps'));
    await expect.poll(steps, { timeout: 300_000 }).toBeGreaterThan(10);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('[data-training=paused]').waitFor();
    const before = await steps();
    await visit('#train?tokens=8');
    await page.getByRole('button', { name: /Go on with the run/ }).click();
    await expect.poll(steps, { timeout: 300_000 }).toBeGreaterThan(before + 20);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('[data-training=paused]').waitFor();
    const curve = page.getByRole('img', { name: 'Loss' });
    await curve.locator('canvas').waitFor();
    const said = await curve.getAttribute('aria-label');
    const [first, last] = Array.from(said!.matchAll(/[\d.]+/g), Number);
    expect(last).toBeLessThan(first);
    await page.getByRole('button', { name: 'Tell with it' }).click();
    await told();
    expect(problems).toEqual([]);
  });
}
