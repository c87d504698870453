/**
 * XTENSA_GCC=xtensa-esp32s3-elf-gcc npx tsx bench/llama2c.ts --llm FOLDER --idf FOLDER --dsp FOLDER --newlib FOLDER [--tokens N] [--greedy]:
 * another project's program, DaveBben/esp32-llm, as its README measured it (19.13 tokens a second), built by GCC with ESP-IDF's FreeRTOS
 * and timed on the simulated board. The folders are clones of github.com/DaveBben/esp32-llm, espressif/esp-idf (v5.3, as that project
 * locked it), espressif/esp-dsp and espressif/newlib-esp32. GCC compiles C and FreeRTOS; the dot products and newlib's memory routines our
 * assembler assembles. See docs/how-to/foreign-program.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { executeOnBoard, findBoard } from '../src/chip/index.ts';
import { includeReader } from '../src/cli/include-files.ts';
import { assembleObject } from '../src/xtensa/index.ts';
import { findGcc } from './compiler/gcc.ts';
import { createIdfBuild } from './idf/build.ts';

/** README of that project. */
const MEASURED = 19.13;

const { values } = parseArgs({
  options: {
    llm: { type: 'string' },
    idf: { type: 'string' },
    dsp: { type: 'string' },
    newlib: { type: 'string' },
    tokens: { type: 'string', default: '256' },
    greedy: { type: 'boolean', default: false },
  },
});
const { llm, idf, dsp, newlib, tokens, greedy } = values;
const gcc = findGcc();
if (!llm || !idf || !dsp || !newlib || !gcc) {
  console.error(
    'usage: XTENSA_GCC=… npx tsx bench/llama2c.ts --llm FOLDER --idf FOLDER --dsp FOLDER --newlib FOLDER [--tokens N]',
  );
  process.exit(2);
}

const here = fileURLToPath(new URL('llama2c/', import.meta.url));
const include = join(here, 'include');
const folder = mkdtempSync(join(tmpdir(), 'llama2c-'));
const libc = join(newlib, 'newlib/libc');

/** What the program calls of the C library. */
const mathFiles =
  'math/ef_exp math/ef_pow math/ef_rem_pio2 math/kf_rem_pio2 math/kf_cos math/kf_sin math/sf_cos math/sf_sin math/sf_fabs math/sf_floor math/wf_exp math/wf_pow math/wf_sqrt common/sf_scalbn common/sf_copysign common/sf_finite common/sf_nan common/math_errf'.split(
    ' ',
  );

function compile(source: string, ...options: readonly string[]): string {
  const object = join(folder, `${basename(source).replace(/\.\w+$/, '')}.o`);
  const common = ['-O2', '-mlongcalls', '-ffunction-sections', '-fdata-sections', '-w'];
  execFileSync(gcc as string, [...common, ...options, '-c', '-o', object, source]);
  return object;
}

function assemble(source: string): string {
  const object = join(folder, `${basename(source).replace(/\.\w+$/, '')}.o`);
  const settings = { file: source, preprocess: true, readInclude: includeReader([include]) };
  writeFileSync(object, assembleObject(readFileSync(source, 'utf8'), settings));
  return object;
}

function build(): Uint8Array {
  const main = join(llm as string, 'main');
  const headers = [join(libc, 'include'), join(newlib as string, 'newlib/libm/common')];
  const library = ['-fno-builtin', '-D_IEEE_LIBM', ...headers.map((path) => `-I${path}`)];
  const dotProducts = join(dsp as string, 'modules/dotprod/float/dsps_dotprod_f32_');
  const tools = { gcc: gcc as string, idf: idf as string, newlib: newlib as string, folder };
  const esp = createIdfBuild({ ...tools, config: join(llm as string, 'sdkconfig') });
  const objects = [
    // As its CMakeLists.txt has it. Its floats are declared as aligned to 16 bytes here and as plain ones there, which GCC passes in
    // different registers: without the attribute what main.c sets (temperature 1, top-p 0.9) is what the sampler gets.
    esp.compile(
      join(main, 'llm.c'),
      '-fno-if-conversion',
      '-D__attribute__(x)=',
      `-I${join(include, 'quiet')}`,
    ),
    esp.compile(join(here, 'shim.c'), `-I${main}`),
    ...esp.freertos(),
    ...mathFiles.map((name) => compile(join(newlib as string, 'newlib/libm', `${name}.c`), ...library)),
    ...['qsort', 'bsearch'].map((name) => compile(join(libc, 'search', `${name}.c`), ...library)),
    compile(
      join(here, 'files.S'),
      `-DMODEL="${join(llm as string, 'data/stories260K.bin')}"`,
      `-DTOKENIZER="${join(llm as string, 'data/tok512.bin')}"`,
    ),
    ...['memcpy', 'memset', 'strlen', 'strcmp', 'strcpy'].map((name) =>
      assemble(join(libc, 'machine/xtensa', `${name}.S`)),
    ),
    ...['aes3', 'ae32'].map((name) => assemble(`${dotProducts}${name}.S`)),
  ];
  return esp.link(objects);
}

try {
  const text: number[] = [];
  // Caches as its sdkconfig has them; 2 MB of quad PSRAM as on the ESP32-S3FH4R2.
  const { cycles, seconds, exitCode } = executeOnBoard(build(), {
    board: findBoard('s3-zero'),
    dataCache: { bytes: 64 << 10, ways: 8, lineBytes: 32 },
    instructionCache: { bytes: 32 << 10, ways: 8, lineBytes: 32 },
    core1: 'worker',
    argv: ['llm', tokens, ...(greedy ? ['greedy'] : [])],
    stdout: (bytes) => {
      text.push(...bytes);
      process.stdout.write(bytes);
    },
  });
  if (exitCode !== 0) throw new Error(`the program ended with ${exitCode}`);
  const rate = Number(/achieved tok\/s: ([\d.]+)/.exec(Buffer.from(text).toString())?.[1]);
  console.log(`\n${cycles.toLocaleString('en')} cycles, ${seconds.toFixed(3)} s on the board`);
  console.log(
    `predicted ${rate.toFixed(2)} tokens a second, mean of ${tokens}; measured ${MEASURED}, mean of 256: ${(100 * (rate / MEASURED - 1)).toFixed(1)} %`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
