import { describe, expect, it } from 'vitest';
import { isProgram, mutantsOf } from './mutants.ts';
import { withSwitches } from './switches.ts';

/** A hole in a template text. */
const hole = (name: string) => ['$', '{', name, '}'].join('');

/** What a text's `f` gives for some arguments. */
function evaluate(text: string, mutant: (id: number) => boolean): unknown[] {
  const f = new Function('__mutant', `${text}; return f;`)(mutant) as (x: number, y: number) => unknown;
  return [
    [0, 0],
    [1, 2],
    [3, -5],
    [7, 7],
  ].map(([x, y]) => f(x, y));
}

describe('switches', () => {
  it.each([
    'function f(x, y) { if (x + 1 < y * 2 && !(y === 3)) return -x; return x >> 1; }',
    'function f(x, y) { let sum = 0; sum += x; sum++; return [sum, sum > y ? true : y ?? 4]; }',
    `function f(x, y) { const text = \`${hole('x')}+${hole('y + 1')}>>>1\`; return text; }`,
    'function f(x, y) { const a = []; if (x > 0) a.push(x - y); else a.push(y); return a; }',
  ])('make every mutant of %s, and what was', (text) => {
    const mutants = mutantsOf('a.ts', text);
    const switched = withSwitches(
      text,
      mutants.map(({ change }, id) => ({ id, change })),
    );
    expect(evaluate(switched, () => false)).toEqual(evaluate(text, () => false));
    for (const [id, mutant] of mutants.entries())
      expect(evaluate(switched, (asked) => asked === id)).toEqual(evaluate(mutant.text, () => false));
  });

  it('have no place where an expression cannot stand', () => {
    const text = 'export const table = { 1: 2 };';
    const [key] = mutantsOf('a.ts', text);
    expect(isProgram('a.ts', withSwitches(text, [{ id: 0, change: key.change }]))).toBe(false);
  });
});
