/** Compiles every AssemblyScript program of the repository (`npm run build` runs this after tsc). */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import asc from 'assemblyscript/asc';

interface Program {
  entry: string;
  out: string;
  flags: readonly string[];
}

/** One row a program: entry file, output below dist/, compiler flags. */
const device = ['--debug', '-O3', '--runtime', 'stub', '--importMemory', '--noAssert'];
/** Which forward pass the program has (device/transformer/stages.ts). */
const int8 = ['--use', 'PRECISION=8'];
const f32 = ['--use', 'PRECISION=32'];
/** Whether a pass gives the board's screen a moment now and then (device/parallel.ts). */
const screen = ['--use', 'SCREEN=1'];
const noScreen = ['--use', 'SCREEN=0'];
/** First byte of the chip's data RAM, 0x3FC88000 (src/firmware/memory.ts); asc reads decimal numbers only. */
const chipMemory = '1070104576';
/** 0x5EED0000: the ESP-IDF component's static data are found by these addresses and moved (src/idf/program.ts). */
const componentMemory = '1592590336';
const programs: readonly Program[] = [
  {
    entry: 'device/main.ts',
    out: 'dist/device/main.chip.wasm',
    flags: [...device, ...int8, ...screen, '--noExportMemory', '--memoryBase', chipMemory],
  },
  {
    entry: 'device/main.ts',
    out: 'dist/device/main.chip.f32.wasm',
    flags: [...device, ...f32, ...screen, '--noExportMemory', '--memoryBase', chipMemory],
  },
  {
    entry: 'device/main.ts',
    out: 'dist/device/main.host.wasm',
    flags: [...device, ...int8, ...screen, '--noExportMemory', '--memoryBase', '1024'],
  },
  {
    entry: 'device/main.ts',
    out: 'dist/device/main.host.f32.wasm',
    flags: [...device, ...f32, ...screen, '--noExportMemory', '--memoryBase', '1024'],
  },
  {
    entry: 'src/train/wasm/index.ts',
    out: 'dist/train/kernels.wasm',
    flags: [...device, '--sharedMemory', '--maximumMemory', '65536', '--enable', 'threads,simd'],
  },
  { entry: 'device/kernels/index.ts', out: 'dist/device/kernels.wasm', flags: device },
  {
    entry: 'device/transformer-host.ts',
    out: 'dist/device/transformer.wasm',
    flags: [...device, ...int8, ...noScreen, '--memoryBase', '1024'],
  },
  {
    entry: 'device/transformer-host.ts',
    out: 'dist/device/transformer.f32.wasm',
    flags: [...device, ...f32, ...noScreen, '--memoryBase', '1024'],
  },
  {
    entry: 'device/component.ts',
    out: 'dist/device/component.wasm',
    flags: [...device, ...int8, ...noScreen, '--noExportMemory', '--memoryBase', componentMemory],
  },
  {
    entry: 'device/screen/host.ts',
    out: 'dist/device/screen.wasm',
    flags: [...device, '--memoryBase', '1024'],
  },
];

for (const { entry, out, flags } of programs) {
  if (!existsSync(entry)) throw new Error(`build-wasm: ${entry} does not exist`);
  mkdirSync(dirname(out), { recursive: true });
  const { error, stderr } = await asc.main([entry, '--outFile', out, ...flags]);
  if (error) {
    process.stderr.write(`${stderr.toString()}\nbuild-wasm: ${entry}: ${error.message}\n`);
    process.exit(1);
  }
}
