import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { main } from '../main.ts';

const folder = mkdtempSync(join(tmpdir(), 'intents-verb-'));
const home = fileURLToPath(new URL('../../intents/test-home.yaml', import.meta.url));
const model = join(folder, 'model.safetensors');
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

/** Exit code and everything printed. */
async function run(args: readonly string[]): Promise<{ code: number; out: string; error: string }> {
  const printed = { out: '', error: '' };
  const catching = (name: keyof typeof printed) => (text: string | Uint8Array) => {
    printed[name] += text;
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(catching('out'));
  vi.spyOn(process.stderr, 'write').mockImplementation(catching('error'));
  const code = await main(['intents', ...args]);
  vi.restoreAllMocks();
  return { code, ...printed };
}

it('builds, judges and asks', async () => {
  const built = await run(['build', home, '--out', folder, '--steps', '2', '--threads', '1']);
  expect(built.code, built.error).toBe(0);
  expect(built.out).toMatch(/model\.safetensors .*KB of answers\n.*image\.bin +for .*flash offset 0/);
  const judged = await run(['eval', home, '--model', model, '--sentences', '10', '--json']);
  expect(JSON.parse(judged.out).rows.map(({ name }: { name: string }) => name)).toContain(
    'held-out phrasings',
  );
  const { out, error } = await run(['ask', '--model', model, 'Turn on the lights!']);
  expect(JSON.parse(out.split('\n')[0])).toHaveProperty('intent'); // lines of pins may follow
  expect(error).toMatch(/^\d+ tokens in \d+\.\d ms \(predicted\)\n$/);
}, 120_000);

it.each([
  [['build', home], 2, /--out/],
  [['build', join(folder, 'none.yaml'), '--out', folder], 2, /none\.yaml/],
  [['ask', 'lights on'], 2, /name the model of your home with --model/],
  [['ask', '--model', 'stories', 'lights on'], 1, /was not trained for requests; esp32-llm intents build/],
])('refuses %j in one sentence', async (args, code, message) => {
  const refused = await run(args);
  expect(refused.error).toMatch(message);
  expect(refused.code).toBe(code);
});
