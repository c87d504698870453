/** Training in the page and in Node, in turns: the same text, the same shape, all cores. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { serveStudio, trainFiles } from '../../src/node/index.ts';

const SECONDS = 20;
const ROUNDS = 3;
const WANTED = 0.9;
const PRESET = 'tiny';

/** Prose of this repository, a paragraph a document. */
export const TEXT = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
  .map((name) => readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8'))
  .join('\n\n')
  .split('\n\n')
  .join('\n<|endoftext|>\n');

interface Rate {
  tokensPerSecond: number;
  threads: number;
}

async function inPage(browser: Browser, address: string): Promise<Rate> {
  const context = await browser.newContext({ locale: 'en-US' });
  const page = await context.newPage();
  page.setDefaultTimeout(600_000);
  await page.goto(`${address}#train`);
  await page.getByLabel('Text', { exact: true }).fill(TEXT);
  await page.getByLabel('Minutes').fill(String(SECONDS / 60));
  await page.getByRole('button', { name: 'Train', exact: true }).last().click();
  await page.locator('[data-training=finished]').waitFor();
  const said = await page.locator('[data-training]').innerText();
  await context.close();
  const [, rate, threads] = /([\d,]+) tokens\/s on (\d+)/.exec(said) ?? [];
  if (!rate) throw new Error(`the page says ${said}`);
  return { tokensPerSecond: Number(rate.replaceAll(',', '')), threads: Number(threads) };
}

async function inNode(threads: number): Promise<number> {
  const out = mkdtempSync(join(tmpdir(), 'bench-train-'));
  writeFileSync(join(out, 'text.txt'), TEXT);
  let tokensPerSecond = 0;
  await trainFiles({
    text: join(out, 'text.txt'),
    out,
    preset: PRESET,
    seconds: SECONDS,
    threads,
    onProgress: (progress) => {
      tokensPerSecond = progress.tokensPerSecond;
    },
  });
  rmSync(out, { recursive: true });
  return tokensPerSecond;
}

export async function* measureTraining(browser: Browser, folder: string): AsyncGenerator<string> {
  const served = await serveStudio({ folder });
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { tokensPerSecond, threads } = await inPage(browser, served.address);
    const node = await inNode(threads);
    ratios.push(tokensPerSecond / node);
    yield `page ${tokensPerSecond.toFixed(0)}, Node ${node.toFixed(0)} tokens/s, both on ${threads} threads: ${ratios.at(-1)!.toFixed(2)}`;
  }
  await served.close();
  const [least, median] = [Math.min(...ratios), [...ratios].sort((a, b) => a - b)[ROUNDS >> 1]];
  yield `${PRESET}, ${SECONDS} s a run: ${median.toFixed(2)} of Node's speed (median; least ${least.toFixed(2)}; ${WANTED} wanted)`;
}
