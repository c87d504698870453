import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { goesByTurns, inTurns, LONG, ORDER } from './longest-first.ts';

it('names test files that there are, each once', () => {
  expect(ORDER.filter((path) => !existsSync(path))).toEqual([]);
  expect(new Set(ORDER).size).toBe(ORDER.length);
});

it('puts what goes by turns behind the rest where time is limited, and every file first in its turn', () => {
  const byTurns = LONG.filter((path) => goesByTurns(`/clone/${path}`));
  const orders = byTurns.map((_, turn) => inTurns(turn));
  for (const order of orders) expect([...order].sort()).toEqual([...ORDER, ''].sort());
  const firsts = orders.map((order) => order[order.indexOf('') + 1]);
  expect(firsts.sort()).toEqual([...byTurns].sort());
  expect(LONG.length - byTurns.length).toBe(2); // CI always installs the package and opens a page with it
});
