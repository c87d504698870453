/** `npm test`: all but the test files that take long (scripts/longest-first.ts). */
import { configDefaults, mergeConfig } from 'vitest/config';
import { LONG } from './scripts/longest-first.ts';
import everything from './vitest.config.ts';

export default mergeConfig(everything, { test: { exclude: [...configDefaults.exclude, ...LONG] } });
