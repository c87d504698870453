/** The official WebAssembly tests (2.0, without SIMD), where they are there: every assertion that is run holds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { needing } from '../testing/needs.ts';
import { sharedBytes } from '../testing/shared-files.ts';
import { unpackArchive } from './testing/archive.ts';
import { runScript } from './testing/script.ts';

const archive = sharedBytes('wasm-testsuite.tgz');
const folder = mkdtempSync(join(tmpdir(), 'wasm-suite-'));
afterAll(() => rmSync(folder, { recursive: true }));
const files = archive ? unpackArchive(archive, folder).filter((name) => name.endsWith('.json')) : [];

/** Checking every step of the compiler takes as long again; these files have the control flow and the loops. */
const verified = new Set(
  'block br br_if br_table call_indirect if labels loop nop switch unwind float_exprs memory_redundancy'.split(
    ' ',
  ),
);

const suite = needing('the official test suite', !!archive, '../shared/wasm-testsuite.tgz is not there');
describe.skipIf(!archive)(suite, () => {
  let passed = 0;
  const skipped = new Map<string, number>();
  it.each(files)('%s', (name) => {
    const report = runScript(join(folder, name), { verify: verified.has(name.replace('.json', '')) });
    expect(report.failures).toEqual([]);
    passed += report.passed;
    for (const [about, count] of report.skipped) skipped.set(about, (skipped.get(about) ?? 0) + count);
  });

  it('is run but for what is named', () => {
    expect(passed).toBeGreaterThan(20_000);
    expect([...skipped.keys()].sort()).toEqual(['f64', 'text syntax', 'too many locals']);
  });
});
