/** Models: every format, a hub that is not the hub, and the table of boards. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createHostProgram, fitBoards, formatDigest } from '../../src/firmware/index.ts';
import {
  describeModel,
  loadCheckpoint,
  loadTokenizer,
  type OpenedModel,
  openTogether,
  writeCheckpoint,
} from '../../src/model/index.ts';
import { loadTinyStories } from '../../src/model/testing.ts';
import { shippedModel, shippedPrograms } from '../../src/node/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { kept } from '../../src/testing/kept.ts';
import { dataBytes, dataPath } from '../../src/testing/shared-files.ts';
import type { Studio } from './studio.ts';

interface Upload {
  name: string;
  mimeType: string;
  buffer: Buffer;
}
export const upload = (name: string, bytes: Uint8Array): Upload => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(bytes),
});

/** Beside other tests. */
export const SLOW = { timeout: 100_000 };

/** Of a story of another model. */
const TOKENS = 8;

const LLAMA = [
  'config.json',
  'tokenizer.json',
  'model.safetensors.index.json',
  'model-00001-of-00002.safetensors',
  'model-00002-of-00002.safetensors',
];
const llama = (): Upload[] => LLAMA.map((name) => upload(name, dataBytes(`goldens/llama/${name}`)));

function openUploads(files: readonly Upload[]): OpenedModel {
  const byName = new Map(files.map(({ name, buffer }) => [name, new Uint8Array(buffer)]));
  return openTogether({ names: [...byName.keys()], read: (name) => byName.get(name) });
}

/** Uploads by the format that they are of. */
export function formats(): Upload[][] {
  const { files } = loadTinyStories();
  const [model, tokenizer] = [readFileSync(files.model), readFileSync(files.tokenizer)];
  const loaded = loadCheckpoint(model);
  const own = writeCheckpoint(loaded, loadTokenizer(tokenizer, loaded.config.vocabulary));
  return [
    llama(),
    [upload('small.gguf', dataBytes('goldens/llama/model.gguf'))],
    [upload('stories.bin', model), upload('tokenizer.bin', tokenizer)],
    [upload('own.safetensors', own)],
  ];
}

export function testModels(studio: () => Studio): void {
  testUploads(studio);
  testHub(studio);
}

function testUploads(studio: () => Studio): void {
  it('plans what `inspect --json` plans', async () => {
    const { page, problems } = studio();
    // The plan is there: what came before waited for it.
    await page.locator('[data-fits=stories]').waitFor();
    const { model, tokenizer } = shippedModel();
    const expected = fitBoards(model, tokenizer, shippedPrograms, kept);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as JSON' }).click(),
    ]);
    const report = JSON.parse(readFileSync(await download.path(), 'utf8'));
    expect(report).toEqual(
      JSON.parse(
        JSON.stringify({
          file: 'stories',
          ...describeModel(model),
          tokenizer: tokenizer.rules,
          fits: expected,
        }),
      ),
    );
    const { context } = expected.find(
      ({ board, precision }) => `${board} ${precision}` === 'heltec-v3 int4',
    )!;
    expect(await page.locator('[data-fit="heltec-v3 int4"]').innerText()).toContain(`${context}`);
    expect(problems).toEqual([]);
  });

  it('opens every format', async () => {
    const { page } = studio();
    const format = page.locator('.card dl dd').first();
    for (const files of formats()) {
      const expected = openUploads(files);
      await page.locator('input[type=file]').first().setInputFiles(files);
      await expect.poll(() => format.innerText(), SLOW).toBe(describeModel(expected.model).format);
      expect(await page.locator('.failure').count()).toBe(0);
    }
  });

  it('opens a folder, and tells what the same program tells in Node', async () => {
    const { page, figure, told, visit } = studio();
    await visit(`#models?tokens=${TOKENS}`);
    await page.locator('input[type=file]').nth(1).setInputFiles(dataPath('goldens/llama'));
    await expect.poll(() => page.locator('#model-name').innerText(), SLOW).toBe('llama');
    await page.getByRole('button', { name: 'Story', exact: true }).click();
    await page.getByLabel('How the story begins').fill('the');
    await page.getByRole('button', { name: 'Tell', exact: true }).click();
    await page.waitForSelector('[data-figure=digest]', { state: 'detached' });
    await told();
    const { model, tokenizer } = openUploads(llama());
    const image = await page.locator('.figures').innerText();
    const context = Number(/(\d+) positions/.exec(image)?.[1]);
    const host = createHostProgram({ programs: shippedPrograms, model: quantize(model), tokenizer, context });
    host.type(`/temp 0.7\r/topp 0.9\r/seed 42\r/tokens ${TOKENS}\rthe\r`);
    host.settle();
    expect(await figure('digest')).toBe(formatDigest(host.status.digest));
  });

  it('says in a sentence what it cannot open, and takes the tokenizer afterwards', async () => {
    const { page } = studio();
    await page.getByRole('button', { name: 'Models' }).click();
    const input = page.locator('input[type=file]').first();
    await input.setInputFiles([upload('notes.txt', new Uint8Array(100))]);
    await page.getByText('there is no checkpoint among this').waitFor();
    const { files } = loadTinyStories();
    await input.setInputFiles([upload('mine.bin', readFileSync(files.model))]);
    await page.getByText('brings no tokenizer').waitFor();
    await input.setInputFiles([upload('tokenizer.bin', readFileSync(files.tokenizer))]);
    await expect.poll(() => page.locator('#model-name').innerText(), SLOW).toBe('mine');
  });
}

function testHub(studio: () => Studio): void {
  it('asks the hub when it is told to, and never before', async () => {
    const { page, context, problems } = studio();
    problems.length = 0;
    await context.route('https://huggingface.co/**', async (route) => {
      const url = new URL(route.request().url());
      const headers = { 'access-control-allow-origin': '*' };
      if (url.pathname === '/api/models/someone/llama/revision/main')
        return route.fulfill({ headers, json: { siblings: LLAMA.map((rfilename) => ({ rfilename })) } });
      const file = /^\/someone\/llama\/resolve\/main\/([\w.-]+)$/.exec(url.pathname)?.[1];
      return file
        ? route.fulfill({ headers, path: join(dataPath('goldens/llama'), file) })
        : route.fulfill({ headers, status: 404 });
    });
    const name = page.getByLabel('From the Hugging Face hub');
    await name.fill('someone/nothing');
    await page.getByRole('button', { name: 'Fetch' }).click();
    await page.getByText('answered 404').waitFor();
    await name.fill('someone/llama');
    await page.getByRole('button', { name: 'Fetch' }).click();
    await expect.poll(() => page.locator('#model-name').innerText(), SLOW).toBe('llama');
    expect(page.url()).toContain('model=hf%3Asomeone%2Fllama');
    await context.unroute('https://huggingface.co/**');
    await context.route('https://huggingface.co/**', (route) => route.abort());
    await name.fill('someone/other');
    await page.getByRole('button', { name: 'Fetch' }).click();
    await page.getByText('huggingface.co did not answer').waitFor();
    expect(problems.every((problem) => /huggingface|ERR_FAILED|404/.test(problem))).toBe(true);
    problems.length = 0;
  });

  it('a link to a model that is not here asks first', async () => {
    const { page, visit, problems, told } = studio();
    problems.length = 0;
    await visit('#story?model=hf%3Asomeone%2Fllama&prompt=Once');
    await page.getByText('It would come from huggingface.co').waitFor();
    expect(problems).toEqual([]);
    await page.getByRole('button', { name: 'Tell it with stories' }).click();
    await told();
    expect(page.url()).toContain('model=stories');
  });
}
