/** Every example runs on the built package, its types taken off, and does what it says; one of them as its reader would run it. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformWithOxc } from 'vite';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What each prints. */
const expected: Readonly<Record<string, RegExp>> = {
  'tell-story.ts':
    /> Once upon a time\r\nOnce upon a time, there was[\s\S]*digest [0-9a-f]{16}, predicted \d{4} tokens\/s/,
  'fit-boards.ts':
    /LILYGO T-Camera S3, int8: \d{3} positions, weights in sram, flash, psram\n(.*\n)+.*int4: \d+ positions, weights in sram\n(.*\n)+.*f32: \d+ positions/,
  'run-kernel.ts': /ee\.vmulas\.s8\.accx[\s\S]*64 \* 1 \* 3 = 192, in 26 cycles/,
  'compile-wasm.ts': /remu[\s\S]*gcd\(3528, 3780\) = 252: \d+ instructions, \d+ cycles/,
  'read-screen.ts': /^(.{128}\n){32}$/,
  'train-tiny.ts': /model\.safetensors: loss 5\.\d\d -> [01]\.\d\d in 60 steps/,
};

it('are the ones that the page lists', () => {
  const files = readdirSync(new URL('.', import.meta.url)).filter((name) => /(?<!\.test)\.ts$/.test(name));
  expect(files.toSorted()).toEqual(Object.keys(expected).toSorted());
  const page = readFileSync(new URL('README.md', import.meta.url), 'utf8');
  for (const name of files) expect(page).toContain(`[${name}](${name})`);
});

it.each(Object.entries(expected))('%s', { timeout: 300_000 }, async (name, output) => {
  const path = `examples/${name}`;
  // tsx goes through all of dist/, which takes longer than most of them.
  const isRead = name === 'compile-wasm.ts';
  const { code: input } = await transformWithOxc(readFileSync(`${root}${path}`, 'utf8'), name);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    isRead ? ['--import', 'tsx', path] : ['--input-type=module'],
    { cwd: root, encoding: 'utf8', input },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout).toMatch(output);
});
