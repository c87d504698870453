/**
 * Leaves out those of the tests that take long whose time has passed: TEST_UNTIL, in seconds since 1970. CI sets it and runs the others first; which of
 * the long ones come next goes by turns (scripts/longest-first.ts), and the summary names those that were left out.
 */
import { type RunnerTask, type RunnerTestSuite, TestRunner } from 'vitest';
import { goesByTurns } from './longest-first.ts';

const until = 1000 * Number(process.env.TEST_UNTIL ?? Number.POSITIVE_INFINITY);

export default class InTimeRunner extends TestRunner {
  override async onBeforeRunSuite(suite: RunnerTestSuite): Promise<void> {
    leaveOut(suite);
    await super.onBeforeRunSuite(suite);
  }

  override async onBeforeRunTask(test: RunnerTask): Promise<void> {
    leaveOut(test);
    await super.onBeforeRunTask(test);
  }
}

function leaveOut(task: RunnerTask | RunnerTestSuite): void {
  if (task.mode === 'run' && Date.now() > until && goesByTurns(task.file.filepath)) task.mode = 'skip';
}
