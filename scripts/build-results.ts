/**
 * Names the build, and computes ahead what `run` without options would compute (`npm run build` runs this last): the device program as
 * machine code for the model that ships, and the simulated cores' translations of it. src/node/cache.ts finds it in dist/results/.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

const script = fileURLToPath(new URL('results-worker.js', import.meta.url));
const { status } = spawnSync(process.execPath, [script, id], { stdio: 'inherit' });
if (status !== 0) process.exit(1);
endBuild();
