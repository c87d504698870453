/**
 * Which test files take long, and the order of all where no earlier run says it: those that take longest first, so that no worker is left
 * alone with one at the end. The others go by their size, as ever.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Left out by `npm test`: whole boards, browsers, other programs, compilers and what has many of those. Longest first, in seconds of one of
 * two workers (an old server's, 2026-12-01).
 */
export const LONG = [
  'studio/studio.test.ts', // 650
  'src/firmware/speculate-chip.test.ts', // 112
  'src/cli/terminal.test.ts', // 102
  'src/firmware/predict.test.ts', // 81
  'src/firmware/chain/chain.test.ts', // 78
  'src/firmware/simulate.test.ts', // 75
  'docs/how-to/how-to.test.ts', // 74
  'examples/examples.test.ts', // 73
  'src/intents/pins.test.ts',
  'src/firmware/psram.test.ts', // 62
  'scripts/package.test.ts', // 55
  'src/board/board.test.ts', // 51
  'src/compiler/suite.test.ts', // 51
  'src/firmware/lent.test.ts', // 50
  'src/idf/component.test.ts', // 46
  'src/testing/architectures-chip.test.ts',
  'src/testing/layer-embeddings-chip.test.ts',
  'src/testing/int4.test.ts',
  'src/compiler/large.test.ts', // 43
  'src/testing/mixed.test.ts', // 42
  'src/firmware/history.test.ts', // 41
  'src/testing/activation.test.ts', // 40
  'src/intents/match.test.ts', // 40
  'src/chip/core/fuzz.test.ts', // 34
  'src/firmware/fit.test.ts', // 34
  'src/firmware/predict-relu.test.ts', // 34
  'src/serve/rollout.test.ts', // 34
  'src/testing/published.test.ts',
  'src/testing/tokenizers.test.ts', // 28
  'src/firmware/screen/chip.test.ts', // 26
  'src/firmware/words-chip.test.ts', // 27
  'src/firmware/explain-token.test.ts', // 25
  'src/serial/conversation.test.ts', // 24
  'src/serial/rollout.test.ts', // 24
  'src/cli/verbs/intents.test.ts', // 22
  'src/compiler/fuzz.test.ts', // 19
  'src/serial/flash.test.ts', // 18
  'src/firmware/grammar.test.ts', // 17
  'src/idf/export.test.ts', // 16
  'src/train/train.test.ts', // 25
  'src/chip/soc/recent-lines.test.ts', // 19
  'src/compiler/wrong-loops.test.ts', // 16
  'src/testing/architectures.test.ts', // 14
  'src/chip/soc/watch-spin.test.ts', // 14
  'src/chip/core/special-registers.test.ts', // 13
  'src/cli/worker.test.ts', // 14
  'src/serve/grammars.test.ts', // 14
  'scripts/release.test.ts', // 13
  'src/compiler/loops-fuzz.test.ts', // 12
  'src/firmware/sampler-draws.test.ts', // 17
  'src/train/options.test.ts', // 13
  'src/chip/soc/rom/kept-boots.test.ts', // 13
  'src/chip/core/kept-runs.test.ts', // 14
  'src/firmware/lanes.test.ts', // 11
  'src/cli/board.test.ts', // 10
  'src/testing/lanes.test.ts', // 9
  'src/kernels/activations.test.ts', // 8
  'src/cli/verbs/export.test.ts', // 8
  'src/chip/core/explain.test.ts', // 8
  'src/train/teachers.test.ts', // 7
  'src/quantize/rounded.test.ts', // 7
  'src/cli/serve.test.ts', // 6
  'examples/browser/browser.test.ts',
];

/** The longest of what is left. */
const NEXT = [
  'src/chip/core/testing/exec-vectors.test.ts',
  'src/kernels/kernels.test.ts',
  'src/chip/soc/rom/loader.test.ts',
  'src/train/step.test.ts',
  'src/generated.test.ts',
];

/** Stands for all files that have no place of their own. */
const REST = '';

export const ORDER = [...LONG, ...NEXT];

/** What CI always has time for: the package installs, and a page runs it. */
const ALWAYS = ['scripts/package.test.ts', 'examples/browser/browser.test.ts'];
const BY_TURNS = LONG.filter((path) => !ALWAYS.includes(path));

/** Whether a file may be left out where time is limited (scripts/in-time-runner.ts). */
export const goesByTurns = (file: string): boolean => BY_TURNS.some((path) => file.endsWith(`/${path}`));

/** The order where time is limited: what goes by turns comes last, another file first every turn, so that each is run at times however few can be. */
export function inTurns(turn: number): string[] {
  const first = turn % BY_TURNS.length;
  return [...ALWAYS, ...NEXT, REST, ...BY_TURNS.slice(first), ...BY_TURNS.slice(0, first)];
}

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const { TEST_UNTIL: until } = process.env; // in seconds, which take turns as well
    const order = until === undefined ? [...ORDER, REST] : inTurns(Number(until));
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = order.findIndex((path) => moduleId.endsWith(`/${path}`));
      return place < 0 ? order.indexOf(REST) : place;
    };
    return sorted.sort((one, other) => rank(one) - rank(other));
  }
}
