/** Models that do not fit, what would, and what many models leave behind. */
import { expect, it } from 'vitest';
import { tokenizerBytes, version0Bytes } from '../../src/model/testing.ts';
import { formats, SLOW, upload } from './models.ts';
import type { Studio } from './studio.ts';

/** As float32 it is larger than 4 MB of flash, as int8 it is not. */
const LARGER = {
  dim: 128,
  hiddenDim: 384,
  layers: 5,
  heads: 4,
  kvHeads: 4,
  vocabulary: 512,
  context: 64,
  sharedClassifier: true,
  activation: 'silu',
} as const;

/** As int8 SRAM holds its weights and a few stories' lines, and PSRAM what all its positions take. */
const LONGER = {
  ...LARGER,
  dim: 64,
  hiddenDim: 172,
  context: 512,
} as const;

export function testVariants(studio: () => Studio): void {
  it('says why a board is too small, and tells with the nearest variant that fits at a click', async () => {
    const { page, visit } = studio();
    await visit('#models?tokens=4');
    const files = [
      upload('larger.bin', version0Bytes(LARGER)),
      upload('tokenizer.bin', tokenizerBytes(LARGER.vocabulary)),
    ];
    await page.locator('input[type=file]').first().setInputFiles(files);
    await expect.poll(() => page.locator('#model-name').innerText(), SLOW).toBe('larger');
    const row = page.locator('[data-fit="bare-s3 f32"]');
    await row.getByRole('button', { name: 'Why?' }).click();
    await row.locator('.reason').filter({ hasText: 'does not fit the board bare-s3' }).waitFor();
    await row.getByRole('button', { name: 'Tell as int8' }).click();
    await studio().told();
    const asked = new URLSearchParams(new URL(page.url()).hash.split('?')[1]);
    expect([asked.get('board'), asked.get('precision')]).toEqual(['bare-s3', 'int8']);
  });

  it('tells with a shorter context, where everything lies in SRAM then', async () => {
    const { page, visit, figure } = studio();
    await visit('#models?tokens=4');
    const files = [
      upload('long.bin', version0Bytes(LONGER)),
      upload('tokenizer.bin', tokenizerBytes(LONGER.vocabulary)),
    ];
    await page.locator('input[type=file]').first().setInputFiles(files);
    await page.locator('[data-fits=long]').waitFor();
    const row = page.locator('[data-fit="devkitc-n16r8 int8"]');
    expect(await row.innerText()).toContain('512');
    const shorter = row.getByRole('button', { name: /^With \d+ positions/ });
    const positions = Number(/\d+/.exec(await shorter.innerText())![0]);
    await shorter.click();
    await studio().told();
    expect(await page.locator('.figures').innerText()).toContain(`${positions} positions`);
    expect(page.url()).toContain(`context=${positions}`);
    const fast = Number((await figure('speed')).replace(/,/g, ''));
    // Another board takes what it holds again.
    await page.locator('.stage select').selectOption('heltec-v3');
    await page.waitForSelector('[data-figure=digest]', { state: 'detached' });
    await studio().told();
    expect(page.url()).not.toContain('context=');
    expect(Number((await figure('speed')).replace(/,/g, ''))).toBeLessThan(fast);
  });

  it('makes a vocabulary smaller while it still plans for every board, and uses the model that comes of it', async () => {
    const { page, visit } = studio();
    await visit('#models');
    await page.getByLabel('A text of the kind').fill('Once upon a time there was a little cat. '.repeat(8));
    await page.getByRole('button', { name: 'Make it smaller' }).click();
    // The plan is not there yet, and both come.
    expect(await page.locator('[data-fits]').count()).toBe(0);
    await page.getByText('pieces become').waitFor();
    await page.locator('[data-fits]').waitFor();
    expect(await page.locator('.failure').count()).toBe(0);
    const before = await page.locator('.card dl').first().innerText();
    await page.getByRole('button', { name: 'Use this model' }).click();
    await expect.poll(() => page.locator('#model-name').innerText(), SLOW).toMatch(/-pruned$/);
    expect(await page.locator('.card dl').first().innerText()).not.toBe(before);
  });

  it('leaves no Worker and little memory behind ten models', async () => {
    const { page, visit } = studio();
    await visit('#models');
    const used = () =>
      page.evaluate(async () => {
        const { measureUserAgentSpecificMemory: measure } = performance as unknown as {
          measureUserAgentSpecificMemory(): Promise<{ bytes: number }>;
        };
        return (await measure.call(performance)).bytes / 2 ** 20;
      });
    const files = formats().at(-1)!;
    const open = async (name: string): Promise<void> => {
      await page
        .locator('input[type=file]')
        .first()
        .setInputFiles([{ ...files[0], name: `${name}.safetensors` }]);
      await expect.poll(() => page.locator('#model-name').innerText(), SLOW).toBe(name);
    };
    const planned = (name: string) => page.locator(`[data-fits="${name}"]`).waitFor();
    await open('first');
    await planned('first');
    const before = await used();
    for (let round = 1; round <= 10; round++) await open(`model${round}`);
    await planned('model10');
    await expect.poll(() => page.workers().length, { timeout: 20_000 }).toBe(1);
    expect((await used()) - before).toBeLessThan(50);
  });
}
