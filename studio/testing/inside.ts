/** Inside: what is shown is what the rooms say, and the file that is saved needs nothing else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { shippedModel } from '../../src/node/index.ts';
import { createReference, likeliest } from '../../src/reference/index.ts';
import type { Studio } from './studio.ts';

export function testInside(studio: () => Studio): void {
  it('shows what the reference thinks, where the cycles went, and what bounds the speed', async () => {
    const { page, visit, problems } = studio();
    problems.length = 0;
    await visit('#inside?temperature=0&tokens=12');
    const bars = page.locator('[data-top] li');
    await bars.first().waitFor();
    const { model, tokenizer } = shippedModel();
    const reference = createReference(model);
    const prompt = tokenizer.encode('Once upon a time');
    const logits = prompt.map((token, position) => reference.forward(token, position)).at(-1)!;
    const expected = likeliest(logits, 10);
    expect(await bars.count()).toBe(10);
    const percents = await page.locator('[data-top] .bar-value').allInnerTexts();
    expect(Number.parseFloat(percents[0])).toBeCloseTo(100 * expected[0].probability, -0.3);
    await page.locator('button[aria-expanded]').getByText('matvec_dim', { exact: true }).click();
    expect(await page.locator('.assembly').innerText()).toContain('ee.vsmulas.s8.qacc');
    await page.getByText('Bound by arithmetic').waitFor();
    await page.keyboard.press('Tab');
    await page.locator('.token[aria-pressed=true]').focus();
    await page.keyboard.press('ArrowRight');
    const names = await page.locator('.token[aria-pressed=true]').innerText();
    expect(names).not.toBe('');
    expect(problems).toEqual([]);
  });

  it('leads from a token to its kernels, and from there to what each instruction cost', async () => {
    const { page, problems } = studio();
    await page.locator('.strip .token').nth(7).hover();
    await addsUp(page, 7);
    expect(await page.locator('[data-code=matvec_dim]').innerText()).toMatch(
      /ee\.vsmulas\.s8\.qacc[\s\S]*transfer of control/,
    );
    expect(problems).toEqual([]);
  });

  it('saves it as one file that opens offline, and holds every token', async () => {
    const { page, context } = studio();
    const folder = mkdtempSync(join(tmpdir(), 'studio-file-'));
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save all of this' }).click(),
    ]);
    const path = join(folder, 'inside.html');
    await download.saveAs(path);
    const file = await context.newPage();
    const asked: string[] = [];
    file.on('request', (request) => asked.push(request.url()));
    file.on('console', (message) => asked.push(message.text()));
    await context.setOffline(true);
    await file.goto(pathToFileURL(path).href);
    expect(await file.locator('h1').innerText()).toBe('Inside the story');
    const other = 9;
    const seen: string[][] = [];
    for (const one of [page, file]) {
      await one.locator('.strip .token').nth(other).click();
      await one.locator('.strip .token').nth(other).and(one.locator('[aria-pressed=true]')).waitFor();
      seen.push([
        await one.locator('.detail').innerText(),
        await one.locator('.curve').getAttribute('aria-label').then(String),
        ...(await one.locator('.region, .roof').allInnerTexts()),
      ]);
    }
    expect(seen[1]).toEqual(seen[0]);
    await addsUp(file, other);
    expect(asked).toEqual([pathToFileURL(path).href]);
    await context.setOffline(false);
    // What looked inside is gone with its work: the one that tells stories is left.
    await expect.poll(() => page.workers().length, { timeout: 20_000 }).toBe(1);
    await file.close();
    rmSync(folder, { recursive: true });
  });
}

/** Of a token, the cycles of each line of a kernel are those of the kernel together. */
async function addsUp(page: Page, index: number): Promise<void> {
  await page.locator(`[data-kernels="${index}"]`).waitFor();
  await page.locator('.kernels tr').filter({ hasText: 'matvec_dim' }).first().hover();
  const code = page.locator('[data-code=matvec_dim]');
  await code.waitFor();
  const figures = (texts: string[]): number[] => texts.map((text) => Number(text.replace(/,/g, '')));
  const whole = await page.locator('.kernels tr.said td').allInnerTexts();
  for (const [core, cycles] of figures(whole).entries()) {
    const lines = code.locator(`tbody td:nth-child(${core + 1})`);
    // Long functions come in pieces.
    const sum = async () => figures(await lines.allInnerTexts()).reduce((all, line) => all + line, 0);
    await expect.poll(sum, { timeout: 20_000 }).toBe(cycles);
    expect(cycles).toBeGreaterThan(1000);
  }
}
