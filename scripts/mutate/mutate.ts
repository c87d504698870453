/**
 * npm run mutate -- [--count N] [--seed N] [--tests FILES] FILES_OR_FOLDERS: a sample of small changes to these files, each tried
 * against the tests of its room that see the file: its own first, then the cheapest. Says which were noticed (killed) and which survived, with the line. Survivors that change
 * nothing are listed, with reasons, in data/mutants.tsv.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readRepository } from '../check-rooms.ts';
import { isTestOnly, roomOf } from '../rooms.ts';
import { type Mutant, mutantsOf } from './mutants.ts';
import { nearestTests } from './nearest.ts';
import { createSlot, type Slot } from './slot.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    tests: { type: 'string' },
    workers: { type: 'string', default: '2' },
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

/** Mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function sample(mutants: Mutant[], count: number, seed: number): Mutant[] {
  const random = createRandom(seed);
  const pool = [...mutants];
  return Array.from({ length: Math.min(count, pool.length) }, () => {
    const [taken] = pool.splice(Math.floor(random() * pool.length), 1);
    return taken;
  });
}

const { rooms, imports } = readRepository();
const testsOf = (file: string): string[] => {
  if (options.tests) return options.tests.split(',');
  // No test imports the device's sources: those of the kernels run the twins as WebAssembly.
  if (file.startsWith('device/')) return tracked.filter((path) => /^src\/kernels\/.*\.test\.ts$/.test(path));
  const room = roomOf(rooms, file)?.path ?? '';
  const own = nearestTests(imports, file, room.endsWith('/') ? room : `${dirname(room)}/`);
  return own.length > 0 ? own : nearestTests(imports, file).slice(0, 3);
};

/** Tests of a file, its own first, then the cheapest; and how long they may take: three times what they do, and a bit. */
type Order = (file: string) => { tests: readonly string[]; limit: number };

async function orderTests(slot: Slot, files: readonly string[]): Promise<Order> {
  const costs = await slot.measure([...new Set(files.flatMap(testsOf))]);
  const costOf = (test: string): number => costs.get(test) ?? 0;
  return (file) => {
    const [own, ...others] = testsOf(file);
    const tests = [own, ...others.toSorted((one, other) => costOf(one) - costOf(other))];
    return { tests, limit: 3 * tests.reduce((sum, test) => sum + costOf(test), 0) + 20_000 };
  };
}

/** The program through which the kernels' twins are tested. */
const TWINS = 'dist/device/kernels.wasm';

async function attempt(slot: Slot, mutant: Mutant, order: Order): Promise<boolean> {
  const { file, line, before, after, text } = mutant;
  const { tests, limit } = order(file);
  slot.write(file, text);
  const compiled = !file.startsWith('device/') || (await slot.buildDevice(TWINS));
  const outcome = compiled ? await slot.run(tests, limit) : 'failed';
  slot.write(file, originals.get(file)!);
  const killed = outcome !== 'passed';
  console.log(`${killed ? 'killed  ' : 'SURVIVED'} ${file}:${line}\t${before}\t${after}`);
  return killed;
}

const all = files.flatMap((file) => mutantsOf(file, originals.get(file)!));
const chosen = sample(
  all.filter((mutant) => !equivalent.has(keyOf(mutant))),
  Number(options.count),
  Number(options.seed),
);
console.log(
  `${all.length} mutants of ${files.length} files, ${chosen.length} of them tried (seed ${options.seed})`,
);
for (const { file } of chosen)
  if (testsOf(file).length === 0) throw new Error(`mutate: no test sees ${file}; name some with --tests`);
const queue = [...chosen];
let killed = 0;
let order: Promise<Order> | undefined;
const work = async () => {
  const slot = createSlot(root, tracked);
  try {
    order ??= orderTests(
      slot,
      chosen.map(({ file }) => file),
    );
    for (let mutant = queue.shift(); mutant; mutant = queue.shift())
      if (await attempt(slot, mutant, await order)) killed++;
  } finally {
    slot.remove();
  }
};
await Promise.all(Array.from({ length: Number(options.workers) }, work));
console.log(`${killed} of ${chosen.length} killed: ${((100 * killed) / chosen.length).toFixed(1)} %`);
