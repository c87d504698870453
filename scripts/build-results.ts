/**
 * Names the build, and computes ahead what `run` without options would compute (`npm run build` runs this last): the device program as
 * machine code for the model that ships, and the simulated cores' translations of it. src/node/cache.ts finds it in dist/results/.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { storySettings } from '../src/contract/index.ts';
import { endBuild } from './stamp.ts';

/** Over all code of dist/: whatever changes in it makes other results. */
function hashOfCode(): string {
  const hash = createHash('sha256');
  const paths = (readdirSync('dist', { recursive: true }) as string[]).map((path) =>
    path.replaceAll('\\', '/'),
  );
  for (const path of paths.filter((path) => /\.(js|wasm)$/.test(path)).sort()) {
    hash.update(path).update(readFileSync(join('dist', path)));
  }
  return hash.digest('hex');
}

const id = hashOfCode();
writeFileSync('dist/build-id', id);

const at = (path: string): Promise<unknown> => import(new URL(`../dist/${path}`, import.meta.url).href);
const { buildFirmware, simulate } = (await at(
  'firmware/index.js',
)) as typeof import('../src/firmware/index.ts');
const { quantize } = (await at('quantize/index.js')) as typeof import('../src/quantize/index.ts');
const { shippedModel, shippedPrograms } = (await at(
  'node/index.js',
)) as typeof import('../src/node/index.ts');
const { createFileCache } = (await at('node/cache.js')) as typeof import('../src/node/cache.ts');

const { model, tokenizer, name } = shippedModel();
const cache = createFileCache({ version: id, folder: 'dist/results' });
const firmware = buildFirmware({
  model: quantize(model),
  modelName: name,
  tokenizer,
  programs: shippedPrograms,
  cache,
});
simulate(firmware, {
  prompt: 'Once upon a time',
  ...storySettings,
  seed: 42,
  cache,
});
endBuild();
