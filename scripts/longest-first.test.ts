import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { inTurns, LONG, ORDER } from './longest-first.ts';

it('names test files that there are, each once', () => {
  expect(ORDER.filter((path) => !existsSync(path))).toEqual([]);
  expect(new Set(ORDER).size).toBe(ORDER.length);
});

it('puts what takes long behind the rest where time is limited, and every file first in its turn', () => {
  const orders = LONG.map((_, turn) => inTurns(turn));
  for (const order of orders) expect([...order].sort()).toEqual([...ORDER, ''].sort());
  const firsts = orders.map((order) => order[order.indexOf('') + 1]);
  expect(firsts.sort()).toEqual([...LONG].sort());
});
