/** Tests in the order in which they were named: the nearest to the mutant first, and the first failure ends the run. */
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
    pool: 'threads',
    isolate: false,
    maxWorkers: 1,
    reporters: ['dot'],
    sequence: { sequencer: AsNamed },
    experimental: { fsModuleCache: true },
  },
});
