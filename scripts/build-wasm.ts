/** Compiles every AssemblyScript program of the repository (`npm run build` runs this after tsc), or those whose outputs are named. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
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

async function compile({ entry, out, flags }: Program): Promise<void> {
  if (!existsSync(entry)) throw new Error(`build-wasm: ${entry} does not exist`);
  mkdirSync(dirname(out), { recursive: true });
  const { error, stderr } = await asc.main([entry, '--outFile', out, ...flags]);
  if (error) {
    process.stderr.write(`${stderr.toString()}\nbuild-wasm: ${entry}: ${error.message}\n`);
    process.exit(1);
  }
}

/** This script in a process of its own, for some of the programs. @throws Error where it fails */
function compileElsewhere(outs: readonly string[]): Promise<void> {
  const script = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [...process.execArgv, script, ...outs], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`build-wasm: ${outs.join(', ')}: exit code ${code}`)),
    );
  });
}

const named = process.argv.slice(2);
if (named.length > 0) {
  for (const program of programs) if (named.includes(program.out)) await compile(program);
} else {
  // Two processes: the compiler uses one core, and most machines have two.
  const elsewhere = compileElsewhere(programs.filter((_, index) => index % 2 === 1).map(({ out }) => out));
  for (const [index, program] of programs.entries()) if (index % 2 === 0) await compile(program);
  await elsewhere;
}
