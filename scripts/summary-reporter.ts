/** Closes a test run with what was left out or skipped, by name, and one line that any tool can read: `N passed, N failed, N skipped`. */
import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { goesByTurns, LONG } from './longest-first.ts';

export default class SummaryReporter implements Reporter {
  private leftOut = 0;

  onInit({ config }: Vitest): void {
    this.leftOut = LONG.filter((path) => config.exclude.includes(path)).length;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const skipped: string[] = [];
    const late: string[] = [];
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const testModule of modules) {
      const byTurns = goesByTurns(testModule.moduleId); // scripts/in-time-runner.ts
      const tests = [...testModule.children.allTests()].map((test) => ({ test, ...test.result() }));
      const left = byTurns ? tests.filter(({ state }) => state === 'pending').length : 0;
      if (left > 0)
        late.push(`no time was left for: ${testModule.relativeModuleId} (${left} of ${tests.length} tests)`);
      for (const { test, state } of tests) {
        if (state === 'pending' && byTurns) continue;
        const outcome = state === 'pending' ? 'skipped' : state;
        counts[outcome]++;
        if (outcome === 'skipped') skipped.push(`skipped: ${testModule.relativeModuleId}: ${test.fullName}`);
      }
      if (testModule.errors().length > 0) counts.failed++; // a file that could not even be loaded
    }
    counts.failed += errors.length;
    process.once('exit', () => {
      if (this.leftOut > 0)
        process.stdout.write(`left out: ${this.leftOut} test files that take long (npm run test:all)\n`);
      for (const line of [...late, ...skipped]) process.stdout.write(`${line}\n`);
      process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
    });
  }
}
