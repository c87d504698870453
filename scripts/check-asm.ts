/** `npm run check:asm -- FILE.tsv[.gz] ...`: vectors of the format of data/isa/asm-vectors.tsv.gz, both ways. */
import { readText } from '../src/testing/shared-files.ts';
import { checkVectors } from '../src/xtensa/vectors.ts';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('Which file? npm run check:asm -- FILE.tsv');
  process.exit(2);
}

let passed = 0;
let failed = 0;
for (const file of files) {
  let source: string;
  try {
    source = readText(file);
  } catch {
    console.error(`Cannot read ${file}.`);
    process.exit(2);
  }
  const result = checkVectors(source);
  for (const failure of result.failures) console.log(`${file}: ${failure}`);
  passed += result.passed;
  failed += result.failures.length;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
