import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { runVerb } from '../testing/verb.ts';

const folder = mkdtempSync(join(tmpdir(), 'intents-verb-'));
const home = fileURLToPath(new URL('../../intents/test-home.yaml', import.meta.url));
const model = join(folder, 'model.safetensors');
afterAll(() => rmSync(folder, { recursive: true }));

it('builds, judges and asks', async () => {
  const built = await runVerb(['intents', 'build', home, '--out', folder, '--steps', '2', '--threads', '1']);
  expect(built.code, built.error).toBe(0);
  expect(built.out).toMatch(/model\.safetensors .*KB of answers\n.*image\.bin +for .*flash offset 0/);
  const judged = await runVerb(['intents', 'eval', home, '--model', model, '--sentences', '10', '--json']);
  expect(JSON.parse(judged.out).rows.map(({ name }: { name: string }) => name)).toContain(
    'held-out phrasings',
  );
  const { out, error } = await runVerb(['intents', 'ask', '--model', model, 'Turn on the lights!']);
  expect(JSON.parse(out.split('\n')[0])).toHaveProperty('intent'); // lines of pins may follow
  expect(error).toMatch(/^\d+ tokens in \d+\.\d ms \(predicted\)\n$/);
}, 120_000);

it('has the model of the example home at hand', async () => {
  const { out } = await runVerb(['intents', 'ask', 'is the front door locked?']);
  expect(JSON.parse(out)).toEqual({ intent: 'query', slots: { about: 'door', door: 'front door' } });
}, 120_000);

it.each([
  [['build', home], 2, /--out/],
  [['build', join(folder, 'none.yaml'), '--out', folder], 2, /none\.yaml/],
  [['ask', '--input', '3=9V', 'hello'], 2, /carries 3\.3 V at most/],
  [['ask', '--input', 'high', 'hello'], 2, /Give a pin from 0 to 48/],
  [['ask', '--model', 'stories', 'lights on'], 1, /was not trained for requests; esp32-llm intents build/],
])('refuses %j in one sentence', async (args, code, message) => {
  const refused = await runVerb(['intents', ...args]);
  expect(refused.error).toMatch(message);
  expect(refused.code).toBe(code);
});
