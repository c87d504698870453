/** Closes a test run with what was skipped, by name, and one line that any tool can read: `N passed, N failed, N skipped`. */
import type { Reporter, TestModule } from 'vitest/node';

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const skipped: string[] = [];
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const testModule of modules) {
      for (const test of testModule.children.allTests()) {
        const { state } = test.result();
        const outcome = state === 'pending' ? 'skipped' : state;
        counts[outcome]++;
        if (outcome === 'skipped') skipped.push(`skipped: ${testModule.relativeModuleId}: ${test.fullName}`);
      }
      if (testModule.errors().length > 0) counts.failed++; // a file that could not even be loaded
    }
    counts.failed += errors.length;
    process.once('exit', () => {
      for (const line of skipped) process.stdout.write(`${line}\n`);
      process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
    });
  }
}
