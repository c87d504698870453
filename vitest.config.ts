import { defineConfig } from 'vitest/config';
import LongestFirst from './scripts/longest-first.ts';

export default defineConfig({
  test: {
    include: ['{src,device,docs,examples,scripts,studio}/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // Test files share a process, with its modules and what the engine has compiled: a third less work.
    isolate: false,
    runner: './scripts/in-time-runner.ts',
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './scripts/summary-reporter.ts'],
  },
});
