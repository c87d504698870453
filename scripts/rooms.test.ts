import { describe, expect, it } from 'vitest';
import { checkRepository } from './check-rooms.ts';
import { findBreaches, findCircles, type Import, isTestOnly, readImports, readRooms } from './rooms.ts';

const PAGE = `
| room | Node | what lives there |
|---|---|---|
| \`src/errors.ts\` | | |
| \`src/top/\`, \`src/top/inner/\` | | two rooms, the first above the second |
| \`src/low/\` | yes | |

Below the table \`src/other/\` is no room.
`;

/** Files and what they import, written as text. */
const files = (texts: Record<string, string>) =>
  new Map<string, readonly Import[]>(
    Object.entries(texts).map(([file, text]) => [file, readImports(file, text)]),
  );
const breachesOf = (texts: Record<string, string>) => findBreaches(readRooms(PAGE), files(texts));

describe('the rooms', () => {
  it('are kept by every file of this repository', () => {
    expect(checkRepository()).toEqual([]);
  });

  it('come from the page, in its order', () => {
    expect(readRooms(PAGE)).toEqual([
      { path: 'src/errors.ts', node: false },
      { path: 'src/top/', node: false },
      { path: 'src/top/inner/', node: false },
      { path: 'src/low/', node: true },
    ]);
  });

  it('import from above, through the face', () => {
    expect(
      breachesOf({
        'src/low/a.ts': `import { x } from '../top/index.ts'; import '../errors.ts'; import 'node:fs'; import './b.ts';`,
        'src/top/inner/a.ts': `export * from '../index.ts';`,
      }),
    ).toEqual([]);
  });

  it.each([
    ['import from below', 'src/top/a.ts', `import '../low/index.ts';`, 'src/low/ is below src/top/'],
    ['types count', 'src/top/a.ts', `import type { T } from '../low/index.ts';`, 'src/low/ is below'],
    ['as do type queries', 'src/top/a.ts', `let x: import('../low/index.ts').T;`, 'src/low/ is below'],
    ['and lazy imports', 'src/top/a.ts', `await import('../low/index.ts');`, 'src/low/ is below'],
    ['and exports', 'src/top/a.ts', `export { x } from '../low/index.ts';`, 'src/low/ is below'],
    ['inner rooms have their place', 'src/top/a.ts', `import './inner/index.ts';`, 'src/top/inner/ is below'],
    ['past the face', 'src/low/a.ts', `import '../top/b.ts';`, 'not the face of src/top/'],
    ['from nowhere', 'src/low/a.ts', `import '../other/index.ts';`, 'belongs to no room'],
    ['Node upstairs', 'src/top/a.ts', `import 'node:fs';`, 'no room for Node'],
    ['what tests share', 'src/low/a.ts', `import './test-board.ts';`, 'for tests only'],
    ['no room', 'src/stray.ts', '', 'belongs to no room'],
  ])('%s', (_, file, text, sentence) => {
    expect(breachesOf({ [file]: text })).toEqual([expect.stringContaining(sentence)]);
  });

  it('let tests pass faces by', () => {
    expect(breachesOf({ 'src/low/a.test.ts': `import '../top/b.ts'; import 'node:fs';` })).toEqual([]);
    const testOnly = [
      'src/a/b.test.ts',
      'src/a/test-b.ts',
      'src/a/testing.ts',
      'src/a/testing/b.ts',
      'bench/a.ts',
    ];
    expect(testOnly.filter(isTestOnly)).toEqual(testOnly);
    expect(['src/a/latest.ts', 'src/a/attest-b.ts', 'src/a/contest/b.ts'].filter(isTestOnly)).toEqual([]);
  });

  it('know circles of files, types included', () => {
    const imports = files({
      'a.ts': `import './b.ts'; import './d.ts';`,
      'b.ts': `import type { C } from './c.ts';`,
      'c.ts': `import './b.ts';`,
      'd.ts': '',
    });
    expect(findCircles(imports)).toEqual([['b.ts', 'c.ts', 'b.ts']]);
  });

  it('resolve AssemblyScript, which leaves the ending out', () => {
    const imports = files({
      'device/a.ts': `import { b } from './b'; import { c } from './c';`,
      'device/b.ts': `import { c } from './c';`,
      'device/c/index.ts': `import { a } from '../a';`,
    });
    expect(findCircles(imports)).toHaveLength(1);
  });
});
