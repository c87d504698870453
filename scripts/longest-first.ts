/**
 * The order of test files where no earlier run says what takes long: of those that take longest first, so that no worker is left alone with
 * one at the end. The others go by their size, as ever.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Longest first: what took 8 seconds and more (two workers, 2026-11-30). */
export const LONGEST = [
  'studio/studio.test.ts',
  'src/cli/terminal.test.ts',
  'docs/how-to/how-to.test.ts',
  'src/firmware/simulate.test.ts',
  'src/board/board.test.ts',
  'src/compiler/suite.test.ts',
  'src/firmware/speculate.test.ts',
  'src/firmware/predict.test.ts',
  'src/testing/architectures.test.ts',
  'src/firmware/chain/chain.test.ts',
  'examples/examples.test.ts',
  'src/testing/int4.test.ts',
  'scripts/package.test.ts',
  'src/chip/core/fuzz.test.ts',
  'src/compiler/large.test.ts',
  'src/serve/rollout.test.ts',
  'src/testing/mixed.test.ts',
  'src/serial/flash.test.ts',
  'src/chip/core/testing/exec-vectors.test.ts',
  'src/kernels/kernels.test.ts',
  'src/compiler/fuzz.test.ts',
  'src/firmware/history.test.ts',
  'src/testing/published.test.ts',
  'src/firmware/sampler.test.ts',
  'src/serial/rollout.test.ts',
  'src/firmware/fit.test.ts',
  'src/chip/soc/watch-spin.test.ts',
  'src/testing/activation.test.ts',
  'src/compiler/wrong-loops.test.ts',
  'examples/browser/browser.test.ts',
];

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.findIndex((path) => moduleId.endsWith(`/${path}`));
      return place < 0 ? LONGEST.length : place;
    };
    return sorted.sort((one, other) => rank(one) - rank(other));
  }
}
