/**
 * `npx tsx bench/startup.ts`: what `npm start` and `build` take, of this checkout's dist/: until the first word of the story, until the end,
 * and by phases. CPU time is what counts on a machine that others use, too; wall-clock time on an idle one. The user's caches are not used
 * (a folder of this run is), so that the first run of a model that does not ship is seen, too.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const RUNS = Number(process.argv[2] ?? 3);
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'startup-'));
const command = join(root, 'dist/cli/main.js');

/** Writes the process's CPU time to a file at its end. */
const hook = join(folder, 'hook.mjs');
writeFileSync(
  hook,
  `import { writeFileSync } from 'node:fs';
process.on('exit', () => writeFileSync(process.env.STARTUP_CPU, JSON.stringify(process.cpuUsage())));`,
);

interface Took {
  /** Seconds until the story's first word, which follows its prompt; undefined for commands without one. */
  firstWord: number | undefined;
  /** CPU until then, where the system tells: what an idle machine takes at most. */
  firstWordCpu: number | undefined;
  wall: number;
  cpu: number;
}

/** The echo of the prompt, then the story's own beginning: what comes after is the model's. */
const STORY = /> Once upon a time\r?\n+Once upon a time\S*\s+\S+\s/;

/** Seconds of CPU of a process that runs, on Linux: user and system time are fields 14 and 15, in ticks of 10 ms (man 5 proc). */
function cpuOf(pid: number | undefined): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
}

function take(args: readonly string[], cache: string): Promise<Took> {
  const report = join(folder, 'cpu.json');
  const env = { ...process.env, XDG_CACHE_HOME: cache, STARTUP_CPU: report };
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', pathToFileURL(hook).href, command, ...args], {
      env,
      cwd: folder,
    });
    let text = '';
    let firstWord: number | undefined;
    let firstWordCpu: number | undefined;
    child.stdout.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (firstWord !== undefined || !STORY.test(text)) return;
      firstWord = (performance.now() - start) / 1000;
      firstWordCpu = cpuOf(child.pid);
    });
    child.stderr.pipe(process.stderr);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error(`${args.join(' ')}: exit code ${code}`));
      const { user, system } = JSON.parse(readFileSync(report, 'utf8')) as NodeJS.CpuUsage;
      resolve({
        firstWord,
        firstWordCpu,
        wall: (performance.now() - start) / 1000,
        cpu: (user + system) / 1e6,
      });
    });
  });
}

const seconds = (value: number | undefined): string =>
  (value === undefined ? '-' : value.toFixed(2)).padStart(10);

async function row(name: string, args: readonly string[], cacheOf: (run: number) => string): Promise<void> {
  const all: Took[] = [];
  for (let run = 0; run < RUNS; run++) all.push(await take(args, cacheOf(run)));
  const least = (of: (took: Took) => number | undefined): number | undefined => {
    const values = all.flatMap((took) => of(took) ?? []);
    return values.length > 0 ? Math.min(...values) : undefined;
  };
  console.log(
    `${name.padEnd(46)}${seconds(least((t) => t.firstWord))}${seconds(least((t) => t.firstWordCpu))}${seconds(least((t) => t.wall))}${seconds(least((t) => t.cpu))}`,
  );
}

const common = join(folder, 'cache');
const fresh = (run: number): string => join(folder, `fresh-${Math.random()}-${run}`);
const other = ['--context', '200'];
console.log(`least of ${RUNS}, seconds`.padEnd(46) + ' first word   CPU then       wall        CPU');
await row('--version', ['--version'], () => common);
await row('build', ['build', '--out', join(folder, 'a.bin')], () => common);
await row('build, nothing compiled ahead', ['build', ...other, '--out', join(folder, 'b.bin')], fresh);
await row('run (npm start)', ['run'], () => common);
await row('run, nothing ahead', ['run', ...other], fresh);
await row('run, the second time', ['run', ...other], () => common);

/** In this process, by what it waits for. */
const at = (path: string): Promise<unknown> => import(new URL(`../dist/${path}`, import.meta.url).href);
const phases: [string, number][] = [];
let before = process.cpuUsage();
const lap = (name: string): void => {
  const { user, system } = process.cpuUsage(before);
  phases.push([name, (user + system) / 1000]);
  before = process.cpuUsage();
};
const { buildFirmware, createSession } = (await at(
  'firmware/index.js',
)) as typeof import('../src/firmware/index.ts');
const { quantize } = (await at('quantize/index.js')) as typeof import('../src/quantize/index.ts');
const { shippedModel, shippedPrograms, userCache } = (await at(
  'node/index.js',
)) as typeof import('../src/node/index.ts');
lap('modules');
const { model, tokenizer, name } = shippedModel();
lap('model');
const quantized = quantize(model);
lap('quantise');
const cache = userCache();
const firmware = buildFirmware({
  model: quantized,
  modelName: name,
  tokenizer,
  programs: shippedPrograms,
  cache,
});
lap('image');
const session = createSession(firmware, { cache });
lap('chip');
session.boot();
lap(`boot, ${session.chip.seconds.toFixed(3)} simulated s`);
session.command('/temp 0.7');
session.command('/seed 42');
lap('settings');
session.tell('Once upon a time', 10);
lap(`story, ${session.status.passes} passes`);
session.tell('Once upon a time', 10);
lap('the same again');
console.log(
  `\nby phase, milliseconds of CPU\n${phases.map(([what, ms]) => `  ${what.padEnd(34)}${ms.toFixed(0).padStart(7)}`).join('\n')}`,
);
rmSync(folder, { recursive: true });
