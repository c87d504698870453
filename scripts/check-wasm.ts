/** npm run check:wasm -- DIR: the official WebAssembly tests, as wabt's wast2json writes them, on the simulated chip. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runScript } from '../src/compiler/testing/script.ts';

const SHOWN = 20;

const target = process.argv[2];
if (!target) {
  console.error('usage: npm run check:wasm -- DIR   (a folder of .json and .wasm files, or one .json file)');
  process.exit(2);
}
const files = statSync(target).isDirectory()
  ? readdirSync(target)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(target, name))
  : [target];

let [passed, failed, skipped] = [0, 0, 0];
for (const file of files) {
  const report = runScript(file);
  passed += report.passed;
  failed += report.failures.length;
  skipped += report.skipped;
  const name = file.split('/').at(-1);
  console.log(
    `${name}: ${report.passed} passed, ${report.failures.length} failed, ${report.skipped} skipped`,
  );
  for (const skip of report.skips) console.log(`  skipped ${skip}`);
  for (const failure of report.failures.slice(0, SHOWN)) console.log(`  FAIL ${failure}`);
  if (report.failures.length > SHOWN) console.log(`  … and ${report.failures.length - SHOWN} more`);
}
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exit(failed === 0 ? 0 : 1);
