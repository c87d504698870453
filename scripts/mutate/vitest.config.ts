/** Tests in the order in which they were named, run by switch-runner.ts; the first failure ends it. */
import { mergeConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from '../../vitest.config.ts';

const order = (process.env.MUTATE_TESTS ?? '').split(',');

class AsNamed extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => order.findIndex((name) => moduleId.endsWith(name));
    return [...files].sort((one, other) => place(one) - place(other));
  }
}

export default mergeConfig(base, {
  test: {
    bail: 1,
    // Mutants that take too long are stopped by their CPU time; a full machine must kill none.
    testTimeout: 0,
    hookTimeout: 0,
    runner: './scripts/mutate/switch-runner.ts',
    pool: 'threads',
    isolate: false,
    maxWorkers: 1,
    reporters: ['dot'],
    sequence: { sequencer: AsNamed },
    experimental: { fsModuleCache: true },
  },
});
