import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { a2, createAssembler } from '../xtensa/index.ts';
import { pruneCode } from './prune.ts';
import { smallFirmware } from './testing.ts';

/** An object with a function per entry: its name, and what it calls. */
function objectOf(functions: Record<string, string[]>) {
  const asm = createAssembler({ section: '.data' });
  for (const [name, callees] of Object.entries(functions)) {
    asm.section(`.text.${name}`, { code: true });
    asm.function(name);
    for (const callee of callees) asm.call0(callee);
    asm.movi(a2, 1);
    asm.ret();
  }
  return asm.finish();
}

const names = (objects: ReturnType<typeof pruneCode>): string[] =>
  objects.flatMap(({ sections }) => sections.map(({ name }) => name)).filter((name) => name !== '.data');

describe('pruneCode', () => {
  it('keeps what roots reach, across objects and around cycles', () => {
    const objects = [
      objectOf({ start: ['a'] }),
      objectOf({ a: ['b', 'c'], b: ['a'], unused: ['b'], lonely: ['lonely'] }),
      objectOf({ c: [], d: ['c'] }),
    ];
    const kept = pruneCode(objects, ({ name }) => name === '.text.start');
    expect(names(kept)).toEqual(['.text.start', '.text.a', '.text.b', '.text.c']);
  });
});

describe('a board without a screen', () => {
  it('has no screen driver in its image', () => {
    const isScreen = ({ name }: { name: string }): boolean => name.includes('screen');
    const build = (id: string) => smallFirmware({ board: findBoard(id) }).code;
    expect(build('t-camera-s3').filter(isScreen).length).toBeGreaterThan(5);
    expect(build('bare-s3').filter(isScreen)).toEqual([]);
  });
});
