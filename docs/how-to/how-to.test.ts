/** Every page of this folder, followed to the letter in a copy of the repository. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Copy, copyRepository, followPage, readBlocks, runCommand, TYPE_CHECK } from './follow.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = readdirSync(here).filter((name) => name.endsWith('.md') && name !== 'README.md');

describe('how-to pages', () => {
  const read = (name: string): string => readFileSync(join(here, name), 'utf8');
  /** Pages with commands are followed here; others name a test of their own. */
  const followed = pages.filter((name) => readBlocks(read(name)).some(({ language }) => language === 'sh'));

  it('are all in the table of contents, and nothing else is', () => {
    const linked = [...read('README.md').matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, name]) => name);
    expect(linked.toSorted()).toEqual(pages.toSorted());
  });

  it('that are not followed here name the test that keeps them true', () => {
    for (const name of pages.filter((page) => !followed.includes(page))) {
      const tests = [...read(name).matchAll(/\b(?:src|docs|examples|studio)\/[\w/.-]+\.test\.ts\b/g)].map(
        ([path]) => path,
      );
      expect(tests.length, name).toBeGreaterThan(0);
      for (const path of tests) expect(existsSync(join(root, path)), `${name}: ${path}`).toBe(true);
    }
  });

  let copy: Copy;
  beforeAll(() => {
    copy = copyRepository(root, mkdtempSync(join(tmpdir(), 'how-to-')));
  });
  afterAll(() => rmSync(copy.folder, { recursive: true, force: true }));
  afterEach(() => copy.restore());

  it('leave a copy as it was', () => {
    const { folder, restore } = copy;
    const [changed, removed, created] = ['src/index.ts', 'device/main.ts', 'src/how-to.ts'];
    writeFileSync(join(folder, changed), '');
    writeFileSync(join(folder, created), '');
    rmSync(join(folder, removed));
    restore();
    for (const path of [changed, removed])
      expect(readFileSync(join(folder, path), 'utf8'), path).toBe(readFileSync(join(root, path), 'utf8'));
    expect(existsSync(join(folder, created))).toBe(false);
  });

  it.each(followed)('%s is true', { timeout: 300_000 }, (name) => {
    followPage(read(name), copy.folder, (command) => command !== TYPE_CHECK);
  });

  it('keep all types, together', { timeout: 300_000 }, () => {
    for (const name of followed) expect(read(name)).toContain(`\n${TYPE_CHECK}\n`);
    for (const name of followed) followPage(read(name), copy.folder, () => false);
    runCommand(TYPE_CHECK, copy.folder);
  });
});

describe('followPage', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'follow-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const follow = (...lines: string[]) => followPage(lines.join('\n'), folder);

  it('notices text to change that is not there, a command that fails, output that does not come', () => {
    follow('```ts a.ts', 'one', 'two', '```', '```diff a.ts', ' one', '-two', '+three', '```');
    expect(readFileSync(join(folder, 'a.ts'), 'utf8')).toBe('one\nthree\n');
    expect(() => follow('```diff a.ts', '-two', '```')).toThrow(/line 1: a.ts holds this 0 times/);
    expect(() => follow('', '```sh', 'exit 3', '```')).toThrow(/line 2: exit 3 ends with 3/);
    const print = ['```sh', 'echo one', 'echo two', '```', '```text'];
    expect(() => follow(...print, 'two', 'one', '```')).toThrow(/line 5: "one" is not printed/);
    follow(...print, 'one', '…', 'two', '```');
  });
});
