/**
 * npm run mutate -- [--count N] [--seed N] [--quick] [--tests FILES] [--without WORDS] [--dearest SECONDS] ROOM_OR_FILES: a sample of small changes
 * to these files. Each is tried against the cheap tests of its room that see the file, and what survives those against all that would notice
 * it in the whole suite (deciding.ts), the cheapest first. Says which were noticed (killed) and which survived, with the line. Survivors that
 * change nothing are listed, with reasons, in data/mutants.tsv.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readRepository } from '../check-rooms.ts';
import { isTestOnly, roomOf } from '../rooms.ts';
import { decidingFor } from './deciding.ts';
import { type Mutant, mutantsOf } from './mutants.ts';
import { nearestTests } from './nearest.ts';
import { sample } from './sample.ts';
import { type Asked, createSlot, fileOf } from './slot.ts';
import { type Costs, type StageOptions, tryStage } from './stages.ts';

/** CPU milliseconds of a test above which it is never run again for mutants. */
const DEAREST_LATE = 60_000;

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    /** Asked first, instead of what the room's row says. */
    tests: { type: 'string' },
    /** Test files whose names hold one of these words are asked late, instead of what the room's row says. */
    without: { type: 'string' },
    /** CPU seconds: dearer tests are asked late, and files five times as dear about mutants that need a process of their own. */
    dearest: { type: 'string', default: '2' },
    /** Nothing is asked late. */
    quick: { type: 'boolean', default: false },
  },
});
const room = decidingFor(positionals);

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n');
const files = tracked.filter(
  (file) =>
    /\.ts$/.test(file) &&
    !/generated|\.d\.ts$/.test(file) &&
    !isTestOnly(file) &&
    room.files.some((given) => file === given || file.startsWith(`${given}/`)),
);
if (files.length === 0) {
  console.error(
    'mutate: no source file is called so; name files or folders, from the root of the repository',
  );
  process.exit(2);
}

/** The text of every file as the run began: the tree may be worked on meanwhile. */
const originals = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));

/** Tab-separated: file, line before, line after, reason. */
const equivalent = new Set(
  readFileSync(join(root, 'data/mutants.tsv'), 'utf8')
    .split('\n')
    .map((line) => line.split('\t').slice(0, 3).join('\t')),
);
const keyOf = ({ file, before, after }: Mutant) => [file, before, after].join('\t');

const { rooms, imports } = readRepository();
const lateWords = options.without?.split(',').filter(Boolean) ?? room.late ?? ['fuzz'];
const isLate = (test: string) => lateWords.some((word) => test.includes(word));

function testsNear(file: string): string[] {
  const named = options.tests?.split(',') ?? room.own;
  if (named)
    return tracked.filter(
      (path) =>
        path.endsWith('.test.ts') && named.some((name) => path === name || path.startsWith(`${name}/`)),
    );
  const home = roomOf(rooms, file)?.path ?? '';
  const own = nearestTests(imports, file, home.endsWith('/') ? home : `${dirname(home)}/`);
  return own.length > 0 ? own : nearestTests(imports, file).slice(0, 3);
}
const near = new Map(files.map((file) => [file, testsNear(file)]));

const costsFile = join(root, 'node_modules/.cache/mutate-costs.json');
function readCosts(): Costs {
  try {
    return JSON.parse(readFileSync(costsFile, 'utf8')) as Costs;
  } catch {
    return {};
  }
}
const costs = readCosts();

const dearest = 1000 * Number(options.dearest);
const all = files.flatMap((file) => mutantsOf(file, originals.get(file)!));
const chosen = sample(all, Number(options.count), Number(options.seed));
const equivalents = chosen.filter((mutant) => equivalent.has(keyOf(mutant)));
const tried = chosen.filter((mutant) => !equivalents.includes(mutant));
console.log(
  `${all.length} mutants of ${files.length} files, ${chosen.length} drawn (seed ${options.seed}), ${equivalents.length} of them known to change nothing`,
);
for (const { file } of tried)
  if (near.get(file)!.length === 0) throw new Error(`mutate: no test sees ${file}; name some with --tests`);

type Outcome = 'killed' | 'killed late' | 'SURVIVED';
const outcomes = new Map<Mutant, Outcome>();
function report(mutant: Mutant, outcome: Outcome, by = ''): void {
  const { file, line, before, after } = mutant;
  outcomes.set(mutant, outcome);
  console.log(`${outcome.padEnd(11)} ${file}:${line}\t${before}\t${after}\t${by}`);
}

/** The stage's survivors, and its test files that were too dear to be asked. */
async function stage(
  mutants: readonly Mutant[],
  outcome: Outcome,
  more: Pick<StageOptions, 'testsOf' | 'dearest' | 'dearestAlone' | 'before'>,
) {
  const { killed, dear } = await tryStage({ slot, mutants, originals, costs, ...more });
  mkdirSync(dirname(costsFile), { recursive: true });
  writeFileSync(costsFile, JSON.stringify(costs));
  for (const [id, by] of killed) report(mutants[id], outcome, by);
  return { survivors: mutants.filter((_, id) => !killed.has(id)), dear };
}

const slot = createSlot(root, tracked, positionals.join(' '));
try {
  const early = (file: string): Asked[] => near.get(file)!.filter((test) => !isLate(test));
  const first = { testsOf: early, dearest, dearestAlone: 5 * dearest };
  let { survivors, dear } = await stage(tried, 'killed', first);
  if (!options.quick && survivors.length > 0) {
    console.log(`${tried.length - survivors.length} of ${tried.length} killed; now what is dear`);
    const late = (file: string): Asked[] => [
      ...near.get(file)!.filter((test) => isLate(test) || dear.has(test)),
      ...room.others.filter((test) => !near.get(file)!.includes(fileOf(test))),
    ];
    const before = { files: [...new Set(tried.flatMap(({ file }) => early(file)))], upTo: 0.7 * dearest };
    const second = { testsOf: late, dearest: DEAREST_LATE, dearestAlone: Number.POSITIVE_INFINITY, before };
    ({ survivors } = await stage(survivors, 'killed late', second));
  }
  for (const mutant of survivors) report(mutant, 'SURVIVED');
} finally {
  slot.remove();
}
const share = (...of: readonly Outcome[]): string => {
  const count = [...outcomes.values()].filter((outcome) => of.includes(outcome)).length;
  return `${count} of ${tried.length} (${((100 * count) / tried.length).toFixed(0)} %)`;
};
console.log(
  `killed by the room's own cheap tests: ${share('killed')}` +
    (options.quick ? '' : `; killed at all: ${share('killed', 'killed late')}`) +
    `; ${equivalents.length} more change nothing`,
);
