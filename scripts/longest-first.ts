/**
 * The order of test files where no earlier run says what takes long: of those that take longest first, so that no worker is left alone with
 * one at the end. The others go by their size, as ever.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Longest first, by CPU time (theirs and that of the processes they start) on a plain clone. */
export const LONGEST = [
  'studio/studio.test.ts',
  'docs/how-to/how-to.test.ts',
  'src/cli/terminal.test.ts',
  'src/firmware/simulate.test.ts',
  'src/firmware/predict.test.ts',
  'src/chip/core/testing/exec-vectors.test.ts',
  'src/compiler/suite.test.ts',
  'src/board/board.test.ts',
  'src/chip/core/fuzz.test.ts',
  'src/compiler/large.test.ts',
  'src/testing/int4.test.ts',
  'scripts/package.test.ts',
  'src/testing/activation.test.ts',
  'src/cli/main.test.ts',
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
