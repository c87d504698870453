import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readImports } from '../rooms.ts';
import { DECIDING, decidingFor } from './deciding.ts';
import { mutantsOf } from './mutants.ts';
import { nearestTests } from './nearest.ts';

/** A hole in a template text. */
const hole = (name: string) => ['$', '{', name, '}'].join('');
const changes = (text: string) => mutantsOf('a.ts', text).map(({ before, after }) => `${before} -> ${after}`);

describe('mutants', () => {
  it('change operators, numbers, conditions and statements, one at a time', () => {
    expect(changes('f(a + 1);')).toEqual([
      'f(a + 1); -> ;',
      'f(a + 1); -> f(a - 1);',
      'f(a + 1); -> f(a + 2);',
    ]);
    expect(changes('const x = a && !b ? c : d;')).toEqual([
      'const x = a && !b ? c : d; -> const x = true ? c : d;',
      'const x = a && !b ? c : d; -> const x = false ? c : d;',
      'const x = a && !b ? c : d; -> const x = a || !b ? c : d;',
      'const x = a && !b ? c : d; -> const x = a && b ? c : d;',
    ]);
  });

  it('change the code that template texts are', () => {
    expect(changes(`const text = (s) => \`${hole('s')}>>>3\`;`)).toEqual([
      `const text = (s) => \`${hole('s')}>>>3\`; -> const text = (s) => \`${hole('s')}>>3\`;`,
    ]);
  });

  it('leave types, imports and what is thrown alone', () => {
    expect(changes("import { a } from './b.ts'; type T = 1 | 2; interface U { x: 3 }")).toEqual([]);
    expect(changes(`function f() { throw new Error(\`a + ${hole('b + 1')}\`); }`)).toEqual([]);
  });

  it('keep the rest of the file, and know the line', () => {
    const [mutant] = mutantsOf('a.ts', 'const a = 0;\n\nexport const b = a - c;\n').slice(1);
    expect(mutant).toMatchObject({
      line: 3,
      before: 'export const b = a - c;',
      after: 'export const b = a + c;',
    });
    expect(mutant.text).toBe('const a = 0;\n\nexport const b = a + c;\n');
  });

  it('tell statements of several lines as one', () => {
    expect(changes('f({\n  a,\n  b,\n});\n')).toEqual(['f({ a, b, }); -> ;']);
  });

  it('come from AssemblyScript, too, whose decorators TypeScript does not know', () => {
    expect(
      changes('// @ts-ignore: decorator\n@inline\nexport function f(x: i32): i32 {\n  return x * y;\n}\n'),
    ).toEqual(['return x * y; -> return x / y;']);
  });
});

describe('nearest tests', () => {
  it('are those that import the file, its own first, then by distance', () => {
    const texts = {
      'src/a/x.ts': '',
      'src/a/x.test.ts': `import './y.ts';`,
      'src/a/y.ts': `import './x.ts';`,
      'src/a/z.test.ts': `import './x.ts';`,
      'src/b/far.test.ts': `import '../a/y.ts';`,
      'src/b/other.test.ts': `import './none.ts';`,
    };
    const imports = new Map(Object.entries(texts).map(([file, text]) => [file, readImports(file, text)]));
    expect(nearestTests(imports, 'src/a/x.ts')).toEqual([
      'src/a/x.test.ts',
      'src/a/z.test.ts',
      'src/b/far.test.ts',
    ]);
    expect(nearestTests(imports, 'src/a/x.ts', 'src/a/')).toEqual(['src/a/x.test.ts', 'src/a/z.test.ts']);
  });
});

describe('rooms that decide', () => {
  const pathOf = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

  it.each(Object.entries(DECIDING))('%s: what is named is there', (_, { files, own = [], others }) => {
    for (const name of [...files, ...own]) expect(existsSync(pathOf(name)), name).toBe(true);
    for (const asked of others) {
      const [file, words = ''] = asked.split(' > ');
      expect(readFileSync(pathOf(file), 'utf8'), asked).toContain(words);
    }
  });

  it('are asked for by name, or by what is in them', () => {
    expect(decidingFor(['core'])).toMatchObject({ files: ['src/chip/core'], late: DECIDING.core.late });
    expect(decidingFor(['src/chip/core/wasm/'])).toEqual({
      ...decidingFor(['core']),
      files: ['src/chip/core/wasm'],
    });
    expect(decidingFor(['planner'])).toMatchObject({ own: DECIDING.planner.own });
    expect(decidingFor(['src/xtensa'])).toEqual({ files: ['src/xtensa'], others: [] });
  });
});
