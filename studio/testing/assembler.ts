/** The assembler corner: what it says is what the rooms say in Node, and what is wrong stands at its line. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runKernel } from '../../src/chip/index.ts';
import { executeWasm } from '../../src/compiler/index.ts';
import { assembleFile } from '../../src/xtensa/index.ts';
import { examples } from '../page/assembler-examples.ts';
import { SLOW } from './models.ts';
import type { Studio } from './studio.ts';

const BASE = 0x40378000;
const MODULE = fileURLToPath(new URL('../../bench/compiler/crc.wasm', import.meta.url));

export function testAssembler(studio: () => Studio): void {
  const outcome = (state: string) =>
    studio().page.locator(`[data-outcome=${state}]`).waitFor({ state: 'attached' });
  const editor = () => studio().page.getByRole('textbox', { name: 'Assembly', exact: true });
  /** As people put a text there: what browsers do for `fill` writes styles into it, which the page's policy refuses. */
  const write = async (text: string): Promise<void> => {
    await editor().press('ControlOrMeta+A');
    await editor().evaluate((element, pasted) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', pasted);
      element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, cancelable: true }));
    }, text);
  };

  it('runs an example when it is opened, with the cycles of Node, and is no part of the first load', async () => {
    const { page, visit, problems, built } = studio();
    problems.length = 0;
    expect(built.firstVisit.map(([path]) => path).join()).not.toContain('assembler');
    await visit('#assembler');
    await outcome('ended');
    const { cycles, explained, registers } = runKernel(
      assembleFile(examples.vector.source, { base: BASE }).elf(),
    );
    expect(await page.locator('[data-outcome]').innerText()).toContain(`${cycles} cycles`);
    const { value } = registers.find(({ name }) => name === 'a2')!;
    expect(await page.locator('[data-register=a2] td').first().innerText()).toBe(value);
    for (const line of explained.lines) {
      const row = page.locator(`[data-address="${line.address.toString(16)}"] td`);
      expect(await row.nth(5).innerText()).toBe(String(line.cycles));
    }
    expect(await page.locator('.cm-notes').innerText()).toContain('4 waits for q1');
    expect(problems).toEqual([]);
  });

  it('takes registers, and says at which line something is wrong', async () => {
    const { page } = studio();
    await write(' add a2, a2, a3\n ret\n');
    await page.getByLabel('Registers before').fill('a2=40 a3=2');
    await expect.poll(() => page.locator('[data-register=a2] td').first().innerText(), SLOW).toBe('42');
    await write(' add a2, a2, a3\n addd a2, a2, a3\n ret\n');
    await outcome('failed');
    await page.getByRole('button', { name: 'To line 2' }).click();
    const selected = await editor().evaluate((element) => {
      const root = element.getRootNode() as ShadowRoot & { getSelection(): Selection };
      return root.getSelection().toString();
    });
    expect(selected).toBe(' addd a2, a2, a3');
    const marker = await page.locator('.cm-lint-marker-error').boundingBox();
    const line = await editor().locator('.cm-line').nth(1).boundingBox();
    expect(marker!.y).toBeGreaterThanOrEqual(line!.y);
    expect(marker!.y + marker!.height).toBeLessThanOrEqual(line!.y + line!.height);
    expect(await editor().getAttribute('aria-invalid')).toBe('true');
  });

  it('shows long code in pieces, as far as it is wanted', async () => {
    const { page } = studio();
    const buffer = Buffer.from(`${' nop\n'.repeat(2100)} ret\n`);
    await page.locator('input[type=file]').setInputFiles({ name: 'long.s', mimeType: 'text/plain', buffer });
    await page.getByRole('button', { name: 'Show more of the other 101 instructions' }).click();
    await expect.poll(() => page.locator('[data-address]').count(), { timeout: 60_000 }).toBe(2101);
    await page.getByLabel('Examples').selectOption('divide');
    await outcome('ended');
  });

  it('ends a loop without an end with a sentence', async () => {
    const { page } = studio();
    await write('1: j 1b\n');
    await page.getByText('did not end within 240,000,000 cycles').waitFor();
    await outcome('failed');
  });

  it('compiles a WebAssembly module and calls a function of it', async () => {
    const { page, problems } = studio();
    const bytes = new Uint8Array(readFileSync(MODULE));
    await page.locator('input[type=file]').setInputFiles(MODULE);
    await page.locator('[data-results]').waitFor();
    const { cycles, results } = executeWasm(bytes, { invoke: 'run', args: [] });
    expect(await page.locator('[data-results]').innerText()).toBe(String(results[0].words[0]));
    expect(await page.locator('[data-outcome]').innerText()).toContain(cycles.toLocaleString('en'));
    expect(problems).toEqual([]);
  });
}
