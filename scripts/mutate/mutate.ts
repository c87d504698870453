/**
 * npm run mutate -- [--count N] [--seed N] [--tests FILES] [--without WORDS] [--dearest SECONDS] FILES_OR_FOLDERS: a sample of small changes to these
 * files, each tried against the tests of its room that see the file, the cheapest first. Says which were noticed (killed) and which
 * survived, with the line. Survivors that change nothing are listed, with reasons, in data/mutants.tsv.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readRepository } from '../check-rooms.ts';
import { isTestOnly, roomOf } from '../rooms.ts';
import { type Mutant, mutantsOf } from './mutants.ts';
import { nearestTests } from './nearest.ts';
import { sample } from './sample.ts';
import { createSlot, type Slot } from './slot.ts';
import { isTwin, type Seen, tryAlone, trySwitched } from './trials.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    tests: { type: 'string' },
    /** Tests whose names hold one of these words are left out: what takes minutes proves little about one line. */
    without: { type: 'string', default: 'fuzz' },
    /** CPU seconds: dearer tests are not run again for each mutant, dearer files not for mutants that need a process of their own. */
    dearest: { type: 'string', default: '2' },
  },
});

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
    positionals.some((given) => file === given || file.startsWith(given.replace(/\/?$/, '/'))),
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
const left = options.without.split(',').filter(Boolean);
const testsOf = (file: string): string[] =>
  testsNear(file).filter((test) => !left.some((word) => test.includes(word)));

function testsNear(file: string): string[] {
  if (options.tests) {
    const named = options.tests.split(',');
    return tracked.filter(
      (path) =>
        path.endsWith('.test.ts') && named.some((name) => path === name || path.startsWith(`${name}/`)),
    );
  }
  // No test imports the device's sources: those of the kernels run the twins as WebAssembly.
  if (isTwin(file)) return tracked.filter((path) => /^src\/kernels\/.*\.test\.ts$/.test(path));
  const room = roomOf(rooms, file)?.path ?? '';
  const own = nearestTests(imports, file, room.endsWith('/') ? room : `${dirname(room)}/`);
  return own.length > 0 ? own : nearestTests(imports, file).slice(0, 3);
}

/** CPU milliseconds that test files took in earlier runs; those that are not known are taken for cheap. */
const costsFile = join(root, 'node_modules/.cache/mutate-costs.json');
function readCosts(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(costsFile, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}
const costs = readCosts();
const cheapestFirst = (tests: readonly string[]): string[] =>
  tests.toSorted((one, other) => (costs[one] ?? 0) - (costs[other] ?? 0));

const dearest = 1000 * Number(options.dearest);
const all = files.flatMap((file) => mutantsOf(file, originals.get(file)!));
const chosen = sample(all, Number(options.count), Number(options.seed));
const equivalents = chosen.filter((mutant) => equivalent.has(keyOf(mutant)));
const tried = chosen.filter((mutant) => !equivalents.includes(mutant));
console.log(
  `${all.length} mutants of ${files.length} files, ${chosen.length} drawn (seed ${options.seed}), ${equivalents.length} of them known to change nothing`,
);
for (const { file } of tried)
  if (testsOf(file).length === 0) throw new Error(`mutate: no test sees ${file}; name some with --tests`);

let killed = 0;
function report({ file, line, before, after }: Mutant, by: string | undefined): void {
  if (by !== undefined) killed++;
  console.log(
    `${by === undefined ? 'SURVIVED' : 'killed  '} ${file}:${line}\t${before}\t${after}\t${by ?? ''}`,
  );
}

/** CPU seconds for tests of a mutant in a process of its own: three times what they take, and what starting takes. */
const secondsFor = (tests: readonly string[]) =>
  (3 * tests.reduce((sum, test) => sum + (costs[test] ?? dearest), 0)) / 1000 + 30;

/** In a process of its own, what a switch cannot say. @returns by what it was killed */
async function tryLater(slot: Slot, mutant: Mutant, id: number, seen: Seen): Promise<string | undefined> {
  const spoilt = seen.spoiling.get(id);
  const needed = spoilt !== undefined || seen.early.has(id) || !seen.switchable.has(id);
  if (!needed) return undefined;
  const tests = cheapestFirst(testsOf(mutant.file).filter((test) => (costs[test] ?? 0) <= dearest * 5));
  const all = spoilt === undefined ? tests : [spoilt, ...tests.filter((test) => test !== spoilt)];
  const outcome = await tryAlone(slot, mutant, originals.get(mutant.file)!, all, secondsFor(all));
  return outcome === 'killed' ? 'alone' : undefined;
}

const slot = createSlot(root, tracked, positionals.join(' '));
try {
  const tests = cheapestFirst([...new Set(tried.flatMap(({ file }) => testsOf(file)))]);
  const seen = await trySwitched(slot, tried, originals, tests, dearest);
  for (const [file, cpu] of seen.costs) costs[file] = Math.round(cpu);
  mkdirSync(dirname(costsFile), { recursive: true });
  writeFileSync(costsFile, JSON.stringify(costs));
  for (const [id, mutant] of tried.entries()) {
    report(mutant, seen.killed.get(id) ?? (await tryLater(slot, mutant, id, seen)));
  }
} finally {
  slot.remove();
}
console.log(
  `${killed} of ${tried.length} killed: ${((100 * killed) / tried.length).toFixed(1)} %, ${equivalents.length} more change nothing`,
);
