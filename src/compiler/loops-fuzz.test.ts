/**
 * Random loops against Node, other ones in every run. A failure names its seed:
 * `npm run fuzz:wasm -- --seed N` finds it again and makes it small.
 */
import { describe, expect, it } from 'vitest';
import { difference, randomCalls } from './testing/differential.ts';
import { randomLoops } from './testing/random-loops.ts';
import { shrink } from './testing/shrink.ts';
import { node, printProgram, writeProgram } from './testing/tree.ts';

const MODULES = 16;
/** Fresh every time; the seed that fails stands in the message. */
const first = Date.now() % 1_000_000_000;

describe(`random loops from seed ${first} on`, () => {
  it.each([0, 1, 2, 3])('modules %i', (part) => {
    for (let i = 0; i < MODULES / 4; i++) {
      const seed = first + 4 * i + part;
      const program = randomLoops(seed, seed % 2 === 1);
      const found = difference(program, randomCalls(program, seed), seed % 2 === 1);
      expect(found && `seed ${seed}: ${found}`).toBeUndefined();
    }
  });
});

describe('the generator', () => {
  it('makes valid modules, the same from the same seed', () => {
    for (let seed = 0; seed < 200; seed++) {
      const program = randomLoops(seed, false);
      expect(WebAssembly.validate(writeProgram(program).slice().buffer)).toBe(true);
      expect(WebAssembly.validate(writeProgram(program, { fuel: true }).slice().buffer)).toBe(true);
      if (seed % 20 === 0) expect(printProgram(randomLoops(seed, false))).toBe(printProgram(program));
    }
  });

  it('is made smaller down to what matters', () => {
    const program = randomLoops(6, false);
    const isThere = (text: string) => text.includes('i32.rotl');
    const marked = {
      functions: program.functions.map((fn, i) => ({
        ...fn,
        body:
          i > 0
            ? fn.body
            : [
                node('drop', '', [
                  node('i32.rotl', 'i32', [node('i32.const', 'i32', [], 9), node('i32.const', 'i32', [], 5)]),
                ]),
                ...fn.body,
              ],
      })),
    };
    const small = shrink(marked, (candidate) => isThere(printProgram(candidate)), 800);
    expect(isThere(printProgram(small))).toBe(true);
    expect(printProgram(small).length).toBeLessThan(printProgram(marked).length / 3);
  });
});
