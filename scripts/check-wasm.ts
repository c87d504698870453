/** npm run check:wasm -- DIR: the official WebAssembly tests, as wabt's wast2json writes them, on the simulated chip. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackArchive } from '../src/compiler/testing/archive.ts';
import { runScript, skippedIn } from '../src/compiler/testing/script.ts';

const SHOWN = 20;

const target = process.argv[2];
if (!target) {
  console.error(
    'usage: npm run check:wasm -- DIR   (a folder of .json and .wasm files, a .tgz of them, or one .json file)',
  );
  process.exit(2);
}
let files = [target];
let folder = target;
if (/\.(tgz|tar\.gz)$/.test(target)) {
  folder = mkdtempSync(join(tmpdir(), 'wasm-suite-'));
  process.on('exit', () => rmSync(folder, { recursive: true }));
  unpackArchive(readFileSync(target), folder);
}
if (statSync(folder).isDirectory())
  files = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(folder, name));

let [passed, failed] = [0, 0];
const skipped = new Map<string, number>();
for (const file of files) {
  const report = runScript(file);
  passed += report.passed;
  failed += report.failures.length;
  for (const [about, count] of report.skipped) skipped.set(about, (skipped.get(about) ?? 0) + count);
  const name = file.split('/').at(-1);
  console.log(
    `${name}: ${report.passed} passed, ${report.failures.length} failed, ${skippedIn(report)} skipped`,
  );
  for (const skip of report.skips) console.log(`  skipped ${skip}`);
  for (const failure of report.failures.slice(0, SHOWN)) console.log(`  FAIL ${failure}`);
  if (report.failures.length > SHOWN) console.log(`  … and ${report.failures.length - SHOWN} more`);
}
const about = [...skipped].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${count} ${name}`);
if (about.length) console.log(`skipped: ${about.join(', ')}`);
const left = [...skipped.values()].reduce((sum, count) => sum + count, 0);
console.log(`${passed} passed, ${failed} failed${left ? `, ${left} skipped` : ''}`);
process.exit(failed === 0 ? 0 : 1);
