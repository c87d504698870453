/** The page for everybody: no violations of WCAG that axe finds, no sideways scrolling, offline from the second visit on. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { expect, it } from 'vitest';
import { FIRST_STORY } from '../state/first-story.ts';
import type { Studio } from './studio.ts';
import { tasksOf } from './tasks.ts';
import { PROSE } from './train.ts';

const PARTS = ['Story', 'Inside', 'Board', 'Train', 'Assembler', 'Models'] as const;
const WIDTHS = [360, 768, 1440] as const;
const axe = (): string => readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A host that sends no headers but the type. */
async function servePlainly(folder: string) {
  const types: Record<string, string> = {
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.css': 'text/css',
  };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname.replace(/\/$/, '/index.html');
    const body = await readFile(join(folder, path)).catch(() => undefined);
    response.writeHead(body ? 200 : 404, {
      'content-type': types[extname(path)] ?? 'application/octet-stream',
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Milliseconds of the processor; twice what the page promises, as other tests run beside this one. */
const LONG_TASK = 100;

export function testThread(studio: () => Studio): void {
  // What runs beside it can only make tasks longer: a page that is as quick as it says is so in one of three tries.
  const name = 'keeps its thread free while it tells a story, shows its inside and plans for every board';
  it(name, { retry: 2 }, async () => {
    const { page, context, served, visit, told } = studio();
    const tasks = await tasksOf(
      context.browser()!,
      { page, address: served.address, least: LONG_TASK },
      async () => {
        await visit('#story?tokens=64');
        await told();
        await page.getByRole('button', { name: 'Inside', exact: true }).click();
        await page.locator('[data-kernels]').waitFor();
        await page.getByRole('button', { name: 'Models', exact: true }).click();
        await page.locator('[data-fits]').waitFor();
      },
    );
    expect(tasks).toEqual([]);
  });
}

export function testPage(studio: () => Studio): void {
  it('has no violations that axe finds, in both themes, and scrolls one way only', async () => {
    const { page, visit, told } = studio();
    await visit('#story?tokens=8&temperature=0');
    await told();
    await page.evaluate(axe());
    for (const name of PARTS) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByRole('heading', { level: 1 }).waitFor();
      if (name === 'Inside') await page.locator('.roof').waitFor();
      if (name === 'Assembler') await page.locator('[data-outcome=ended]').waitFor();
      for (const theme of ['light', 'dark']) {
        await page.getByLabel('Theme').selectOption(theme);
        const violations = await page.evaluate(async () => {
          const { axe: found } = globalThis as unknown as {
            axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
          };
          return (await found.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
        });
        expect(violations, `${name}, ${theme}`).toEqual([]);
      }
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(
          width,
        );
        const outside = await page.evaluate(() =>
          [...document.querySelectorAll('.card :is(input, select, textarea, button)')]
            .filter(
              (field) =>
                field.getBoundingClientRect().right > field.closest('.card')!.getBoundingClientRect().right,
            )
            .map(({ outerHTML }) => outerHTML),
        );
        expect(outside, `${name}, ${width}`).toEqual([]);
      }
    }
  });

  it('serves a host without headers and a browser without Web Serial; without a network on the second visit, then on all cores', async () => {
    const { built, context } = studio();
    const host = await servePlainly(built.folder);
    const page = await context.newPage();
    const digest = (): Promise<string> => page.locator('[data-figure=digest]').innerText();
    await page.goto(host.address);
    expect(await digest()).toBe(built.digest);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByLabel('Text', { exact: true }).fill(PROSE);
    await page.getByRole('button', { name: 'Train', exact: true }).last().click();
    await page.getByText('tokens/s on 1 core.').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('[data-training=paused]').waitFor();
    await page.evaluate(() => Reflect.deleteProperty(Navigator.prototype, 'serial'));
    await page.getByRole('button', { name: 'Board', exact: true }).click();
    await page.getByText('This browser has no Web Serial').waitFor();
    const [image] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the image' }).click(),
    ]);
    expect(
      createHash('sha256')
        .update(readFileSync(await image.path()))
        .digest('hex'),
    ).toBe(built.image);
    expect(await page.locator('.commands').innerText()).toContain(`--board ${FIRST_STORY.board}`);
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    host.close();
    await page.goto('about:blank');
    await page.goto(`${host.address}#story?board=${FIRST_STORY.board}`);
    expect(await digest()).toBe(built.digest);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await page.close();
  });
}
