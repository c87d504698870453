/** Compiles every AssemblyScript program of the repository (`npm run build` runs this after tsc), or those whose outputs are named. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Arithmetic, arithmetics, memoryBases } from '../src/contract/index.ts';

interface Program {
  entry: string;
  out: string;
  flags: readonly string[];
}

/** One row a program: entry file, output below dist/, compiler flags. */
const device = ['--debug', '-O3', '--runtime', 'stub', '--importMemory', '--noAssert'];
/** Whether a pass gives the board's screen a moment now and then (device/parallel.ts). */
const screen = ['--use', 'SCREEN=1'];
const noScreen = ['--use', 'SCREEN=0'];
/** Where a program's own data begin; asc reads decimal numbers only. */
const base = (name: keyof typeof memoryBases): string[] => ['--memoryBase', `${memoryBases[name].address}`];
/** Which stages a program has (device/contract/stages.ts), and whether those in floats know biases (device/transformer/float.ts). */
const stages = (arithmetic: Arithmetic, isBiased = false): string[] => [
  ...['--use', `ARITHMETIC=${arithmetics[arithmetic].code}`],
  ...['--use', `BIASED=${isBiased ? 1 : 0}`],
];

/** The programs that exist once an arithmetic, or twice. */
const programsOf = (arithmetic: Arithmetic, suffix: string): Program[] => {
  const flags = [...device, ...stages(arithmetic, suffix !== arithmetics[arithmetic].suffix)];
  return [
    {
      entry: 'device/main.ts',
      out: `dist/device/main.chip${suffix}.wasm`,
      flags: [...flags, ...screen, '--noExportMemory', ...base('chip')],
    },
    {
      entry: 'device/main.ts',
      out: `dist/device/main.host${suffix}.wasm`,
      flags: [...flags, ...screen, '--noExportMemory', ...base('host')],
    },
    {
      entry: 'device/transformer-host.ts',
      out: `dist/device/transformer${suffix}.wasm`,
      flags: [...flags, ...noScreen, ...base('host')],
    },
  ];
};

/** The trainer's operators, twice: with and without fused multiply-add (src/train/wasm/math.ts). */
const trainer = [...device, '--sharedMemory', '--maximumMemory', '65536'];
const programs: readonly Program[] = [
  ...(Object.keys(arithmetics) as Arithmetic[]).flatMap((arithmetic) => {
    const { suffix, biasedSuffix } = arithmetics[arithmetic];
    return [...new Set([suffix, biasedSuffix])].flatMap((one) => programsOf(arithmetic, one));
  }),
  {
    entry: 'src/train/wasm/index.ts',
    out: 'dist/train/kernels.plain.wasm',
    flags: [...trainer, '--enable', 'threads,simd', '--use', 'FUSED=0'],
  },
  {
    entry: 'src/train/wasm/index.ts',
    out: 'dist/train/kernels.fused.wasm',
    flags: [...trainer, '--enable', 'threads,simd,relaxed-simd', '--use', 'FUSED=1'],
  },
  { entry: 'device/kernels/index.ts', out: 'dist/device/kernels.wasm', flags: device },
  {
    entry: 'device/component.ts',
    out: 'dist/device/component.wasm',
    flags: [...device, ...stages('fixed'), ...noScreen, '--noExportMemory', ...base('component')],
  },
  // Has no data of its own, wherever they would begin.
  {
    entry: 'device/draft.ts',
    out: 'dist/device/draft.wasm',
    flags: [...device, ...stages('fixed'), ...noScreen, '--noExportMemory', ...base('host')],
  },
  {
    entry: 'device/screen/host.ts',
    out: 'dist/device/screen.wasm',
    flags: [...device, ...base('host')],
  },
];

/** Processes at most: each takes a few hundred megabytes. */
const MOST_WORKERS = 4;
const workers: ChildProcess[] = [];

async function compile(worker: ChildProcess, { entry, out, flags }: Program): Promise<void> {
  if (!existsSync(entry)) throw new Error(`build-wasm: ${entry} does not exist`);
  mkdirSync(dirname(out), { recursive: true });
  worker.send([entry, '--outFile', out, ...flags]);
  const [failure] = await once(worker, 'message');
  if (failure === '') return;
  process.stderr.write(`${failure}\nbuild-wasm: ${entry} does not compile\n`);
  for (const other of workers) other.kill(); // else they would say that nobody listens
  process.exit(1);
}

const named = process.argv.slice(2);
const wanted = programs.filter(({ out }) => named.length === 0 || named.includes(out));
/** The compiler uses one core: each process takes the next program when it is done with one. */
async function work(): Promise<void> {
  const worker = fork(fileURLToPath(new URL('asc-worker.js', import.meta.url)), { execArgv: [] });
  workers.push(worker);
  worker.once('exit', (code) => {
    if (code !== 0) process.exit(1); // it has said why
  });
  for (let next = wanted.shift(); next; next = wanted.shift()) await compile(worker, next);
  worker.disconnect();
}
await Promise.all(
  Array.from({ length: Math.min(MOST_WORKERS, availableParallelism(), wanted.length) }, work),
);
