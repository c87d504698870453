/** The GitHub workflows are valid, and run what a clone is told to run. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = '.github/workflows';
const files = readdirSync(join(root, folder));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('workflows', () => {
  it.each(files)('%s is what GitHub takes', (name) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/@action-validator/cli/cli.mjs'), `${folder}/${name}`],
      { cwd: root, encoding: 'utf8' },
    );
    expect({ status, output: stdout + stderr }).toEqual({ status: 0, output: '' });
  });

  it('run scripts that there are, and those of .ci/run', () => {
    const { scripts } = JSON.parse(read('package.json'));
    for (const name of files) {
      const used = [...read(`${folder}/${name}`).matchAll(/- run: npm (?:run )?([\w:]+)$/gm)].map(
        ([, script]) => script!,
      );
      for (const script of used.filter((script) => script !== 'ci')) expect(scripts).toHaveProperty(script);
      expect(used).toEqual(
        name === 'pages.yml' ? ['ci', 'build:studio'] : ['ci', 'lint', 'typecheck', 'test:all'],
      );
    }
    for (const step of ['npm ci', 'lint', 'typecheck', 'test:all']) expect(read('.ci/run')).toContain(step);
  });

  it('test on three systems and the Node versions that package.json promises', () => {
    const text = read(`${folder}/test.yml`);
    expect(text).toContain('os: [ubuntu-latest, macos-latest, windows-latest]');
    expect(text).toContain('node: [20, 22, 24]');
    expect(JSON.parse(read('package.json')).engines.node).toMatch(/^>=20/);
  });
});
