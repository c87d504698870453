import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runVerb } from '../testing/verb.ts';

const folder = mkdtempSync(join(tmpdir(), 'train-verb-'));
afterAll(() => rmSync(folder, { recursive: true }));

const text = join(folder, 'text.txt');
writeFileSync(text, 'The cat sat on the mat and the dog sat on the log. '.repeat(400));

it('trains, tells what it does, and names the model', async () => {
  const out = join(folder, 'out');
  const options = ['--preset', 'tiny', '--vocab', '280', '--context', '32', '--steps', '5', '--threads', '1'];
  const { code, out: printed, error } = await runVerb(['train', '--text', text, '--out', out, ...options]);
  expect(code).toBe(0);
  expect(printed).toMatch(/^done: 5 steps, [\d,]+ tokens; .*model\.safetensors\n$/);
  expect(error).toMatch(
    /100\.0 % {2}step 5 {2}loss \d\.\d{4} {2}\d\.\d{4} bits\/byte .* tokens\/s {2}0:00:00 left/,
  );
});

it.each([
  [['--time', 'soon'], /90s, 45m or 8h/],
  [['--vocab', '100'], /whole number from 259/],
  [['--finish', 'int2'], /int8, int4, none/],
  [['--preset', 'huge'], /no preset is called huge/],
])('refuses %j in one sentence', async (options, message) => {
  const { code, error } = await runVerb(['train', '--text', text, '--out', join(folder, 'no'), ...options]);
  expect(code).toBe(2);
  expect(error).toMatch(message);
});
