import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ORDER } from './longest-first.ts';

it('names test files that there are, each once', () => {
  expect(ORDER.filter((path) => !existsSync(path))).toEqual([]);
  expect(new Set(ORDER).size).toBe(ORDER.length);
});
