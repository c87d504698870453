/** Every citation of a document of ours leads to a heading that is there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const chipFacts = 'docs/esp32-s3.md';

/** Sections of the chip's facts: A, A3, C9.4. */
const sections = new Set(
  [...readFileSync(join(root, chipFacts), 'utf8').matchAll(/^#+ ([A-I](?:\d+(?:\.\d+)?)?)\.? /gm)].map(
    ([, label]) => label!,
  ),
);

const sources = ['src', 'device', 'scripts', 'bench'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|c|h|S|s)$/.test(name) && !name.endsWith('.generated.ts'))
    .map((name) => join(folder, name)),
);

/** Comments of a file, and titles of its tests, each with its line. */
function prose(text: string): { line: number; words: string }[] {
  return text.split('\n').flatMap((line, index) => {
    const comment = /(?:\/\/|\/\*|^ *\*).*/.exec(line)?.[0] ?? '';
    const title = /\b(?:describe|it|check)(?:\.\w+)*\((?:[^'`]*)['`](.*)/.exec(line)?.[1] ?? '';
    return comment || title ? [{ line: index + 1, words: `${comment} ${title}` }] : [];
  });
}

describe('citations', () => {
  it('finds the headings of the chip facts', () => {
    expect(sections.size).toBeGreaterThan(45);
    for (const label of ['A', 'A3', 'B5', 'C9.4', 'C10', 'E', 'F4', 'I']) expect(sections).toContain(label);
  });

  it('every section of the chip facts that the code names exists', () => {
    const missing: string[] = [];
    let found = 0;
    for (const file of sources) {
      const text = readFileSync(join(root, file), 'utf8');
      // A file that names the document may then use its labels alone.
      if (!text.includes(chipFacts)) continue;
      for (const { line, words } of prose(text)) {
        for (const [label] of words.matchAll(/(?<![\w.#])[A-I]\d+(?:\.\d+)?(?![\w])/g)) {
          found++;
          if (!sections.has(label)) missing.push(`${file}:${line}: ${label}`);
        }
        const part = new RegExp(`${chipFacts} ([A-Z])\\b`).exec(words)?.[1];
        if (part && !sections.has(part)) missing.push(`${file}:${line}: ${part}`);
      }
    }
    expect(missing).toEqual([]);
    expect(found).toBeGreaterThan(100);
  });

  it('nothing cites a document outside the repository', () => {
    const outside = sources.filter((file) => {
      if (file.endsWith('citations.test.ts')) return false;
      return prose(readFileSync(join(root, file), 'utf8')).some(({ words }) =>
        /\b[Ff]acts [A-I]\d|facts file|facts part/.test(words),
      );
    });
    expect(outside).toEqual([]);
  });
});
