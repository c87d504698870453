import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { storySettings } from '../../contract/index.ts';
import { runVerb } from '../testing/verb.ts';

const folder = mkdtempSync(join(tmpdir(), 'eval-verb-'));
afterAll(() => rmSync(folder, { recursive: true }));
const text = join(folder, 'real.txt');
const real = [
  'Once upon a time, there was a cat who sat on a mat and saw a dog. ',
  'One day, a boy ran to the big park to play. ',
];
writeFileSync(text, real.map((story) => story.repeat(9)).join('\n<|endoftext|>\n'));

it('measures the stories of seeds 1 and up beside real ones, with a judge, the same each time', async () => {
  const options = [
    '--samples',
    '2',
    '--tokens',
    '40',
    '--text',
    text,
    '--judge',
    'data/tinystories/tinystories.bin',
  ];
  const { code, out } = await runVerb(['eval', ...options, '--json']);
  expect(code).toBe(0);
  const report = JSON.parse(out);
  expect(report.settings).toMatchObject(storySettings);
  expect(report.told.map(({ seed }: { seed: number }) => seed)).toEqual([1, 2]);
  expect(report.told[0].text).toMatch(/^Once upon a time/);
  expect(report.samples).toMatchObject({ stories: 2, ended: 0 });
  expect(report.samples.words).toBe(report.real.words);
  expect(report.samples.judged).toBeGreaterThan(0);
  const again = await runVerb(['eval', ...options]);
  expect(again.out).toMatch(/^ +samples +real stories +ratio\n/);
  expect(again.out).toContain(report.samples.judged.toFixed(4));
});

it.each([
  [['--samples', '3', '--tokens', '40', '--text', text], /has only 2 stories that are as long/],
  [['--samples', '1', '--judge-tokenizer', 'x'], /of no use without --judge/],
  [[], /name a text with --text, or measure stories with --samples/],
])('refuses %j in one sentence', async (options, message) => {
  const { code, error } = await runVerb(['eval', ...options]);
  expect(code).toBe(2);
  expect(error).toMatch(message);
});
