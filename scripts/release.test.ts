/** The release command, in a small repository of its own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nextVersion } from './release.ts';

const script = fileURLToPath(new URL('release.ts', import.meta.url));
const tsx = fileURLToPath(new URL('../node_modules/tsx/dist/cli.mjs', import.meta.url));

describe('npm run release', () => {
  let folder: string;
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [tsx, script, ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
    return { code: status, printed: stdout + stderr };
  };
  const commit = (): void => {
    git('add', '--all');
    git('commit', '--quiet', '--message', 'all');
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'release-'));
    git('init', '--quiet');
    for (const [key, value] of [
      ['user.name', 'Somebody'],
      ['user.email', 'somebody@example.org'],
      ['commit.gpgsign', 'false'],
      ['tag.gpgsign', 'false'],
    ])
      git('config', key!, value!);
    const scripts = { lint: 'node -e 0', typecheck: 'node -e 0', 'test:all': 'node -e 0' };
    write('package.json', JSON.stringify({ name: 'a', version: '0.1.9', scripts }));
    write(
      'CHANGELOG.md',
      '# Changelog\n\n## Unreleased\n\n- Something new.\n\n## 0.1.9 (2026-01-01)\n\n- Old.\n',
    );
    mkdirSync(join(folder, 'src/firmware'), { recursive: true });
    write('src/firmware/version.ts', "export const VERSION = '0.1.9';\n");
    commit();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('counts versions as semver does', () => {
    expect(nextVersion('0.1.9', 'patch')).toBe('0.1.10');
    expect(nextVersion('0.1.9', 'minor')).toBe('0.2.0');
    expect(nextVersion('0.1.9', 'major')).toBe('1.0.0');
    expect(() => nextVersion('0.1', 'patch')).toThrow(/not three numbers/);
  });

  it('sets version and changelog, commits and tags', () => {
    const { code, printed } = run('minor');
    expect(printed).toContain('git push origin HEAD v0.2.0');
    expect(code).toBe(0);
    expect(JSON.parse(read('package.json')).version).toBe('0.2.0');
    expect(read('src/firmware/version.ts')).toContain("'0.2.0'");
    expect(read('CHANGELOG.md')).toMatch(
      /## Unreleased\n\n## 0\.2\.0 \(\d{4}-\d\d-\d\d\)\n\n- Something new.\n\n## 0.1.9 /,
    );
    expect(git('describe', '--exact-match')).toBe('v0.2.0');
    expect(git('status', '--porcelain')).toBe('');
  });

  it('refuses misuse, changes, an empty changelog, a failing test, and then changes nothing', () => {
    const refused = (reason: RegExp, ...args: string[]): number | null => {
      const before = git('rev-parse', 'HEAD');
      const { code, printed } = run(...args);
      expect(printed).toMatch(reason);
      expect(printed).not.toContain('    at ');
      expect(git('rev-parse', 'HEAD')).toBe(before);
      expect(git('tag', '--list')).toBe('');
      expect(JSON.parse(read('package.json')).version).toBe('0.1.9');
      return code;
    };
    expect(refused(/patch\|minor\|major/)).toBe(2);
    expect(refused(/patch\|minor\|major/, 'huge')).toBe(2);
    write('new.txt', 'new');
    expect(refused(/not committed/, 'patch')).toBe(1);
    write('CHANGELOG.md', '# Changelog\n\n## Unreleased\n\n## 0.1.9 (2026-01-01)\n\n- Old.\n');
    commit();
    expect(refused(/nothing under "## Unreleased"/, 'patch')).toBe(1);
    write('CHANGELOG.md', '# Changelog\n\n## Unreleased\n\n- New.\n');
    const broken = { lint: 'node -e 0', typecheck: 'node -e 0', 'test:all': 'node -e "process.exit(1)"' };
    write('package.json', JSON.stringify({ name: 'a', version: '0.1.9', scripts: broken }));
    commit();
    expect(refused(/npm run test:all failed; nothing was changed/, 'patch')).toBe(1);
  });
});
