/** A board by Web Serial: the simulated one in the page, with the faults that a cable and its user can have. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Studio } from './studio.ts';

const TOKENS = 8;

export function testBoard(studio: () => Studio): void {
  const button = (name: string) => studio().page.getByRole('button', { name, exact: true });

  it('identifies, writes, verifies and starts the simulated board, and talks with it', async () => {
    const { page, visit, problems } = studio();
    problems.length = 0;
    await visit(`#board?temperature=0&tokens=${TOKENS}`);
    await button('Try it with a simulated board').click();
    await button('Write the image').waitFor();
    expect(await page.locator('[data-identity]').innerText()).toMatch(
      /ESP32-S3 v0\.2[\s\S]*16 MB[\s\S]*8 MB/,
    );
    await button('Write the image').click();
    await page.getByText('The board runs: esp32-llm').waitFor();
    await button('Tell').click();
    await page.locator('[data-device-digest]').waitFor();
    await button('Verify my board').click();
    await page.locator('[data-verified=true]').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the report' }).click(),
    ]);
    const { digest } = JSON.parse(readFileSync(await download.path(), 'utf8'));
    expect(digest.actual).toBe(digest.expected);
    expect(await page.locator('[data-device-digest]').innerText()).toBe(digest.expected);
    expect(problems).toEqual([]);
  });

  it('says that the cable was pulled', async () => {
    const { page } = studio();
    await button('Tell').click();
    await button('Pull the cable').click();
    await page.getByText('the connection was lost').waitFor();
    await page.getByText('Some cables carry power only').waitFor();
    await button('Try it with a simulated board').waitFor();
  });

  it('leaves a board alone when it is told to', async () => {
    const { page } = studio();
    await button('Try it with a simulated board').click();
    await button('Leave it as it is').click();
    await page.getByText('nothing was written').waitFor();
  });

  it('takes no refusal and no silence for a board', async () => {
    const { page, visit } = studio();
    await page.context().addInitScript(() => {
      const refuse = (name: string) => async () => {
        throw new DOMException('because', name);
      };
      const silent = {
        readable: null as unknown,
        writable: null as unknown,
        async open() {
          silent.readable = new ReadableStream();
          silent.writable = new WritableStream();
        },
        async close() {},
        async setSignals() {},
        getInfo: () => ({}),
        addEventListener() {},
        removeEventListener() {},
      };
      const answers = [refuse('NotFoundError'), refuse('SecurityError'), async () => silent];
      Object.defineProperty(navigator, 'serial', {
        configurable: true,
        value: { requestPort: () => answers.shift()!(), getPorts: async () => [] },
      });
    });
    await visit('#board');
    await button('Connect and write the image').click();
    await page.getByRole('region', { name: 'Was the board not in the list?' }).waitFor();
    await button('Connect and write the image').click();
    await page.getByText('does not let this page use serial ports').waitFor();
    await button('It runs already: only talk').click();
    await page.getByText('no esp32-llm device answers (the port is silent)').waitFor();
    await page.locator('[data-trouble=silent]').getByText('It may be the wrong port').waitFor();
  });
}
