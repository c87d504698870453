/** Which tests see a file, the nearest first. */
import type { Imports } from '../rooms.ts';

/** Test files that import `file`, directly or through others, by distance; of `folder` alone where one is given. */
export function nearestTests(imports: Imports, file: string, folder = ''): string[] {
  const importers = new Map<string, string[]>();
  for (const [from, list] of imports) {
    for (const { target } of list) {
      if (target) importers.set(target, [...(importers.get(target) ?? []), from]);
    }
  }
  const seen = new Set([file]);
  const tests: string[] = [];
  for (let level = [file]; level.length > 0; ) {
    const next = level.flatMap((at) => importers.get(at) ?? []).filter((at) => !seen.has(at));
    for (const at of next) seen.add(at);
    level = [...new Set(next)].sort();
    tests.push(...level.filter((at) => at.endsWith('.test.ts') && at.startsWith(folder)));
  }
  // The file's own test knows it best.
  const own = file.replace(/\.ts$/, '.test.ts');
  return tests.includes(own) ? [own, ...tests.filter((test) => test !== own)] : tests;
}
