/** The package as a stranger gets it: packed, installed into an empty folder, run, imported and type-checked there. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHostProgram, formatDigest } from '../src/firmware/index.ts';
import { shippedModel, shippedPrograms } from '../src/node/index.ts';
import { quantize } from '../src/quantize/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'esp32-llm-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Packed, with the model that ships. */
const LARGEST_TARBALL = 3_000_000;

/** Runs a program to its end; a failure shows everything that it said. */
function run(command: string, args: readonly string[], cwd = folder): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32', // npm and npx are batch files there
  });
  if (status !== 0) throw error ?? new Error(`${[command, ...args].join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}

const tool = (name: string): string => join(root, 'node_modules', '.bin', name);

interface Packed {
  filename: string;
  size: number;
  unpackedSize: number;
  files: { path: string }[];
}

let packed: Packed;
let tarball: string;
beforeAll(() => {
  // `npm test` has just built; the package's own `prepare` would only look at dates again.
  const answer = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], root);
  // A list of packages in npm 10 and 11, an object by name in npm 12.
  packed = Object.values(JSON.parse(answer) as Packed[] | Record<string, Packed>)[0];
  tarball = join(folder, packed.filename);
});

describe('the tarball', () => {
  it('is small', () => {
    const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
    console.log(
      `${packed.filename}: ${megabytes(packed.size)} packed, ${megabytes(packed.unpackedSize)} unpacked, ${packed.files.length} files`,
    );
    expect(packed.size).toBeLessThan(LARGEST_TARBALL);
  });

  it('holds code, types, WebAssembly, templates and the model; no test helper, no source map', () => {
    const odd = packed.files
      .map(({ path }) => path)
      .filter(
        (path) =>
          /(^|[/-])(test|tests|testing|fuzz|random-module)([./-]|$)|\.map$|screen\.wasm$/.test(path) ||
          !/^(dist\/|models\/|README\.md$|LICENSE$|package\.json$)/.test(path) ||
          (path.endsWith('.ts') && !path.endsWith('.d.ts')),
      );
    expect(odd).toEqual([]);
  });

  it('is what publint and arethetypeswrong expect of an ES module', () => {
    expect(run(tool('publint'), [tarball, '--strict'])).toContain('All good!');
    run(tool('attw'), [tarball, '--profile', 'esm-only']);
  });
});

/** Why the packages that it depends on could not be fetched, if they could not. */
function install(): string | undefined {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }\n');
  try {
    run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball]);
    return undefined;
  } catch (error) {
    const network = /\b(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTCACHED)\b/.exec(
      String(error),
    );
    if (network) return network[0];
    throw error;
  }
}

describe('installed in an empty folder', () => {
  let missing: string | undefined;
  beforeAll(() => {
    missing = install();
    if (missing) console.log(`skipped: the npm registry cannot be reached (${missing})`);
  }, 300_000);

  it('npx esp32-llm run tells a story', ({ skip }) => {
    skip(missing !== undefined);
    const { model, tokenizer } = shippedModel();
    const host = createHostProgram({ programs: shippedPrograms, model: quantize(model), tokenizer });
    host.type('/temp 0\r/tokens 40\rOnce\r');
    host.settle();
    const words = ['--prompt', 'Once', '--temperature', '0', '--penalty', '1', '--tokens', '40'];
    expect(run('npx', ['--offline', 'esp32-llm', 'run', ...words])).toContain(
      `digest ${formatDigest(host.status.digest)}`,
    );
  });

  it('says where the model is that is too large for it', ({ skip }) => {
    skip(missing !== undefined);
    expect(() => run('npx', ['--offline', 'esp32-llm', 'build', '--model', 'stories-large'])).toThrow(
      /stories-large is not in the npm package.*models\/stories-large\.safetensors/,
    );
  });

  it('its entries can be imported', ({ skip }) => {
    skip(missing !== undefined);
    writeFileSync(
      join(folder, 'user.js'),
      `import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as all from 'esp32-llm';
for (const part of ['xtensa', 'chip', 'compiler', 'train', 'serial', 'node']) await import(\`esp32-llm/\${part}\`);
const bytes = (name) => readFileSync(fileURLToPath(import.meta.resolve(\`esp32-llm/\${name}\`)));
const model = all.loadCheckpoint(bytes('models/stories.safetensors'));
const programs = all.devicePrograms({ 'main.chip.wasm': bytes('device/main.chip.wasm') });
console.log(all.buildFirmware({ programs, model: all.quantize(model), tokenizer: model.tokenizer }).flash.length);
`,
    );
    expect(Number(run('node', ['user.js']))).toBeGreaterThan(300_000);
  });

  it.for([
    ['Node', ['--module', 'nodenext']],
    ['a bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
  ] as const)(
    'its types hold for %s, checked to the last declaration, without Node’s',
    ([, resolution], { skip }) => {
      skip(missing !== undefined);
      writeFileSync(
        join(folder, 'user.ts'),
        `import { boards, buildFirmware, fetchDevicePrograms, type Firmware, loadCheckpoint, loadTokenizer, quantize, simulate } from 'esp32-llm';
import { executeElf } from 'esp32-llm/chip';
import { executeWasm } from 'esp32-llm/compiler';
import { type Connection, flashBoard } from 'esp32-llm/serial';
import { train } from 'esp32-llm/train';
import { assembleFile } from 'esp32-llm/xtensa';

export async function build(checkpoint: Uint8Array, vocabulary: Uint8Array): Promise<Firmware> {
  const model = loadCheckpoint(checkpoint);
  const tokenizer = loadTokenizer(vocabulary, model.config.vocabulary);
  return buildFirmware({ programs: await fetchDevicePrograms('device'), model: quantize(model), tokenizer, board: boards[0] });
}
export const digestOf = (firmware: Firmware): string => simulate(firmware, { prompt: 'Once' }).digest;
export const flash = (board: Connection, { flash: data, board: needs }: Firmware) => flashBoard(board, [{ address: 0, data }], { needs });
export const cyclesOf = (wasm: Uint8Array): number => executeWasm(wasm, { invoke: 'f' }).cycles;
export const exitOf = (text: string): number => executeElf(assembleFile(text).elf()).exitCode;
export const trainer: typeof train = train;
// @ts-expect-error a board is no text
export const wrong: Firmware['board'] = 'bare-s3';
`,
      );
      const strict = ['--strict', '--target', 'es2022', '--types', '', '--noEmit'];
      run('node', [join(root, 'node_modules/typescript/bin/tsc'), ...strict, ...resolution, 'user.ts']);
    },
  );
});
