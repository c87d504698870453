/** Every generated file can be made again in a clone, and is what its generator makes today. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Outputs } from '../scripts/generated.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** `npm run` name -> script, of all generators. */
const generators = Object.entries<string>(JSON.parse(read('package.json')).scripts).flatMap(
  ([name, command]) => (name.startsWith('generate:') ? [[name, command.replace(/^tsx /, '')] as const] : []),
);

const made = new Map<string, Outputs>();

async function outputsOf(script: string): Promise<Outputs> {
  const { outputs } = (await import(/* @vite-ignore */ `${root}${script}`)) as { outputs: () => Outputs };
  const known = made.get(script) ?? outputs();
  made.set(script, known);
  return known;
}

describe('generated files', () => {
  it.each(generators)('%s: what is in the repository is up to date', async (name, script) => {
    const outputs = await outputsOf(script);
    expect(outputs.size).toBeGreaterThan(0);
    for (const [path, text] of outputs)
      expect(read(path) === text, `${path} is not what \`npm run ${name}\` writes; run it`).toBe(true);
  });

  it('are all named by a generator: no file says "generated" that nothing makes', async () => {
    const paths = new Set<string>();
    for (const [, script] of generators) for (const path of (await outputsOf(script)).keys()) paths.add(path);
    const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n');
    const named = tracked.filter((path) => /\.generated\.\w+$|\/generated\//.test(path));
    expect(named.filter((path) => !paths.has(path))).toEqual([]);
    expect(named).toContain('src/xtensa/table.generated.ts');
  });
});
