/**
 * The rooms whose mutants are tried, by name: their files, which of their own tests are asked first, and what else of the suite would
 * notice a change there and is asked about what those let live.
 */
export interface Deciding {
  /** Files and folders. */
  readonly files: readonly string[];
  /** Test files and folders that are asked first; where there is none, those of the room that see the file. */
  readonly own?: readonly string[];
  /** Of those that see the file, what is asked late: test files whose names hold one of these words. */
  readonly late?: readonly string[];
  /** Asked late, too: test files, or `FILE > WORDS` for those of its tests that have these words in their names. */
  readonly others: readonly string[];
}

const firmware = 'src/firmware/';
/** A whole story on the chip: all that is compiled, placed, loaded and run. */
const STORY = `${firmware}golden-story.test.ts`;
/** What compiles much code and looks at what it does. */
const BULKY = ['fuzz', 'suite', 'large', 'live'];

export const DECIDING: Readonly<Record<string, Deciding>> = {
  middle: { files: ['src/compiler/middle'], late: BULKY, others: [STORY] },
  back: { files: ['src/compiler/back'], late: BULKY, others: [STORY] },
  core: {
    files: ['src/chip/core'],
    late: ['fuzz', 'exec-vectors'],
    others: [
      'src/chip/pie/model.test.ts',
      'src/chip/pie/timing.test.ts',
      'src/chip/exec/exec.test.ts',
      'src/chip/exec/kernel.test.ts',
      'src/chip/soc/chip.test.ts',
      'src/chip/soc/watch-spin.test.ts',
      'src/compiler/cost.test.ts',
      'src/kernels/kernels.test.ts',
      `${firmware}explain-token.test.ts`,
      STORY,
      `${firmware}simulate.test.ts > gives the same digest with`,
      `${firmware}simulate.test.ts > reports a fault`,
    ],
  },
  planner: {
    files: ['plan', 'plan-items', 'plan-search', 'place', 'subset', 'arrange'].map(
      (name) => `${firmware}${name}.ts`,
    ),
    own: ['plan', 'place', 'kept-plans'].map((name) => `${firmware}${name}.test.ts`),
    others: [
      ...['fit', 'predict', 'image', 'psram', 'lanes', 'explain-token'].map(
        (name) => `${firmware}${name}.test.ts`,
      ),
      'src/testing/mixed.test.ts',
      'src/testing/lanes.test.ts',
      STORY,
    ],
  },
  loader: {
    files: ['src/chip/soc/rom'],
    own: ['src/chip/soc/rom'],
    others: [
      'src/chip/soc/chip.test.ts',
      'src/chip/soc/program/execute.test.ts',
      'src/chip/download/loader.test.ts',
      `${firmware}image.test.ts`,
      'src/serial/flash.test.ts',
      STORY,
      `${firmware}simulate.test.ts > restarts`,
      `${firmware}simulate.test.ts > refused by the ROM`,
      `${firmware}simulate.test.ts > reports a fault`,
    ],
  },
  twins: { files: ['device/kernels'], own: ['src/kernels'], others: [] },
};

/** What names as asked for mean: those of rooms, or files and folders, for which the room decides that they are of. */
export function decidingFor(names: readonly string[]): Deciding {
  const given = names.map((name) => name.replace(/\/$/, ''));
  const isIn = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);
  const rooms = Object.entries(DECIDING).flatMap(([name, room]) =>
    given.some((one) => one === name || room.files.some((file) => isIn(one, file))) ? [room] : [],
  );
  const all = (lists: readonly (readonly string[] | undefined)[]) => {
    const known = lists.filter((list) => list !== undefined);
    return known.length > 0 ? [...new Set(known.flat())] : undefined;
  };
  return {
    files: given.flatMap((one) => DECIDING[one]?.files ?? [one]),
    own: all(rooms.map(({ own }) => own)),
    late: all(rooms.map(({ late }) => late)),
    others: all(rooms.map(({ others }) => others)) ?? [],
  };
}
