/** npm run check:exec -- FILE.jsonl[.gz]: instruction vectors against the simulated core. */
import { runExecVectors } from '../src/chip/core/testing/exec-vectors.ts';
import { readText } from '../src/testing/shared-files.ts';

const SHOWN = 40;

const file = process.argv[2];
if (!file) {
  console.error('usage: npm run check:exec -- FILE.jsonl');
  process.exit(2);
}
const report = runExecVectors(readText(file));
for (const failure of report.failures.slice(0, SHOWN)) console.log(`FAIL ${failure}`);
if (report.failures.length > SHOWN) console.log(`… and ${report.failures.length - SHOWN} more`);
if (report.unspecified > 0)
  console.log(`${report.unspecified} with an unspecified outcome, counted as passed`);
console.log(`${report.passed} passed, ${report.failed} failed`);
process.exit(report.failed === 0 ? 0 : 1);
