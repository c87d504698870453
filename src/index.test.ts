/** What the package promises of its entries: browsers can run all but `./node`, and whatever they offer is what ships. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readImports } from '../scripts/rooms.ts';
import { deviceProgramNames } from './device-programs.ts';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  bin: Record<string, string>;
  exports: Record<string, string | { types: string; default: string }>;
};

/** Source files of the entries that are code, by sub-path. */
const entries = new Map(
  Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === 'string'
      ? []
      : [[path, target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts')] as const],
  ),
);
const forBrowsers = [...entries].filter(([path]) => path !== './node');

/** Packages that run everywhere. */
const EVERYWHERE = ['@noble/hashes', 'esptool-js', 'pako', 'hyllama'];
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** Everything that a file imports, directly or not, with the way that leads there. */
function reach(entry: string): { way: string[]; specifier?: string }[] {
  const found: { way: string[]; specifier?: string }[] = [];
  const seen = new Set<string>();
  const visit = (file: string, way: string[]): void => {
    if (seen.has(file)) return;
    seen.add(file);
    found.push({ way: [...way, file] });
    for (const { specifier, target } of readImports(file, read(file))) {
      if (target) visit(target, [...way, file]);
      else found.push({ way: [...way, file], specifier });
    }
  };
  visit(entry, []);
  return found;
}

describe('entries', () => {
  it('have their types first, beside their code', () => {
    for (const target of Object.values(manifest.exports)) {
      if (typeof target === 'string') continue;
      expect(Object.keys(target)).toEqual(['types', 'default']);
      expect(target.types).toBe(target.default.replace(/\.js$/, '.d.ts'));
    }
  });

  it.each(forBrowsers)('%s reaches nothing of Node', (_, entry) => {
    const forbidden = reach(entry).filter(
      ({ specifier }) => specifier && !EVERYWHERE.includes(packageOf(specifier)),
    );
    expect(forbidden.map(({ way, specifier }) => [...way, specifier].join(' -> '))).toEqual([]);
  });

  it.each(forBrowsers)('%s reaches no use of Buffer', (_, entry) => {
    const users = reach(entry).filter(({ way }) => /\bBuffer\s*[.(]/.test(read(way.at(-1)!)));
    expect(users.map(({ way }) => way.join(' -> '))).toEqual([]);
  });

  it('are what is built, and without Node’s types what is checked', () => {
    const build = JSON.parse(read('tsconfig.build.json').replace(/^\s*\/\/.*$/gm, '')) as { files: string[] };
    const bin = Object.values(manifest.bin).map((path) =>
      path.replace('dist/', 'src/').replace(/\.js$/, '.ts'),
    );
    const workers = ['src/node/train-worker.ts', 'src/node/board-worker.ts'];
    expect(build.files.toSorted()).toEqual([...entries.values(), ...bin, ...workers].toSorted());
    const browser = JSON.parse(read('tsconfig.browser.json').replace(/^\s*\/\/.*$/gm, '')) as {
      files: string[];
      compilerOptions: { types: string[] };
    };
    expect(browser.files.toSorted()).toEqual(forBrowsers.map(([, entry]) => entry).toSorted());
    expect(browser.compilerOptions.types).toEqual([]);
  });

  it('know every device program that is built', () => {
    const built = readdirSync(new URL('../dist/device', import.meta.url));
    // The screen's driver by itself is for its test.
    expect(built.filter((name) => name !== 'screen.wasm').toSorted()).toEqual(deviceProgramNames.toSorted());
  });

  it('can be imported by name from within the package', async () => {
    const names = await Promise.all(
      [...entries.keys()].map((path) => import(`esp32-llm${path.slice(1)}`).then(Object.keys)),
    );
    expect(names.every((list) => list.length > 3)).toBe(true);
  });
});
