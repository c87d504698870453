/** Conversions behind a branch that has asked for the range: no check is left, and every float gives what Node says. */
import { describe, expect, it } from 'vitest';
import { printStages } from '../stages.ts';
import { bothAnswers, type Call } from '../testing/oracle.ts';
import { assembleWat } from '../testing/run.ts';

/** What clang makes of (int)x and (unsigned)x, and other ways to ask. */
const wat = `(module
  (func (export "signed") (param $x f32) (result i32)
    (if (result i32) (f32.lt (f32.abs (local.get $x)) (f32.const 0x1p31))
      (then (i32.trunc_f32_s (local.get $x))) (else (i32.const 0x80000000))))
  (func (export "unsigned") (param $x f32) (result i32)
    (if (result i32) (i32.and (f32.lt (local.get $x) (f32.const 0x1p32)) (f32.ge (local.get $x) (f32.const 0)))
      (then (i32.trunc_f32_u (local.get $x))) (else (i32.const 0))))
  (func (export "either") (param $x f32) (result i32)
    (if (result i32) (i32.or (f32.gt (local.get $x) (f32.const 100)) (i32.eqz (f32.ge (local.get $x) (f32.const -7))))
      (then (i32.const 5)) (else (i32.trunc_f32_s (local.get $x)))))
  (func (export "equal") (param $x f32) (param $y f32) (result i32)
    (if (result i32) (i32.and (f32.eq (local.get $x) (local.get $y)) (f32.lt (local.get $y) (f32.const 9)))
      (then (i32.add (f32.lt (local.get $x) (f32.const 9)) (i32.shl (f32.gt (local.get $x) (f32.const 9)) (i32.const 1))))
      (else (i32.const 7)))))`;

/** Enough is asked for one side only, or for another number: the check stays. */
const half = `(module
  (func (export "above") (param $x f32) (result i32)
    (if (result i32) (f32.lt (local.get $x) (f32.const 0x1p31))
      (then (i32.trunc_f32_s (local.get $x))) (else (i32.const 1))))
  (func (export "outside") (param $x f32) (result i32)
    (if (result i32) (f32.lt (f32.abs (local.get $x)) (f32.const 0x1p31))
      (then (i32.const 1)) (else (i32.trunc_f32_s (local.get $x)))))
  (func (export "closed") (param $x f32) (result i32)
    (if (result i32) (f32.le (f32.abs (local.get $x)) (f32.const 0x1p31))
      (then (i32.trunc_f32_s (local.get $x))) (else (i32.const 1))))
  (func (export "plain") (param $x f32) (result i32) (i32.trunc_f32_u (local.get $x))))`;

const numbers = [
  0, -0, 0.5, -0.5, -0.99, 1, -1, -1.5, 99.9, 100, 100.1, -7, -7.01, 2 ** 31, -(2 ** 31), 2 ** 31 - 128, -(2 ** 31) - 256, 2 ** 32, 2 ** 32 - 256,
  3e9, 1e-40, Infinity, -Infinity, Number.NaN,
]; // biome-ignore format: a list

const calls = (...names: string[]): Call[] => names.flatMap((name) => numbers.map((x): Call => [name, x]));

/** The text of the optimised form alone. */
const optimised = (text: string) =>
  [...printStages(assembleWat(text), { memory: 'chip' }).matchAll(/; optimised\n([\s\S]*?)\n; selected/g)]
    .map(([, stage]) => stage)
    .join('\n');

describe('float comparisons that an earlier branch has answered', () => {
  it('need no check behind it', () => {
    const pairs = numbers.flatMap((x) => [9, 8.5, x].map((y): Call => ['equal', x, y]));
    const { chip, node } = bothAnswers(wat, [...calls('signed', 'unsigned', 'either'), ...pairs]);
    expect(chip).toEqual(node);
    expect(optimised(wat)).toMatch(/ftoi/);
    expect(optimised(wat)).not.toMatch(/trap/);
  });

  it('prove nothing of what they did not ask', () => {
    const { chip, node } = bothAnswers(half, calls('above', 'outside', 'closed', 'plain'));
    expect(chip).toEqual(node);
    // Out of range in each, and NaN in two.
    expect(optimised(half).match(/trap/g)).toHaveLength(6);
  });

  it('answer nothing wrongly, whatever was asked before', () => {
    // Both ways of each question ask all others: one bit for each.
    const limits = ['0', '1'];
    const questions = ['lt', 'le', 'gt', 'ge', 'eq', 'ne'].flatMap((op) =>
      limits.flatMap((limit) => [
        `(f32.${op} (local.get $x) (f32.const ${limit}))`,
        `(f32.${op} (f32.const ${limit}) (f32.abs (local.get $x)))`,
      ]),
    );
    const all = [...questions, '(f32.ne (local.get $x) (local.get $x))'];
    const bits = all.reduce(
      (sum, question, i) => `(i32.or ${sum} (i32.shl ${question} (i32.const ${i})))`,
      '(i32.const 0)',
    );
    const functions = all.map((first, k) => {
      const pair = `(i32.and ${first} ${all[(7 * k + 3) % all.length]})`;
      return `(func (export "f${k}") (param $x f32) (result i32)
        (if (result i32) ${k % 2 ? pair : first} (then ${bits}) (else ${bits})))`;
    });
    const calls = all.flatMap((_, k) =>
      [-2, -1, -0.5, -0, 0.5, 1, 2, Number.NaN].map((x): Call => [`f${k}`, x]),
    );
    const { chip, node } = bothAnswers(`(module ${functions.join('\n')})`, calls);
    expect(chip).toEqual(node);
  });

  it('know whether a limit itself is meant', () => {
    const text = optimised(`(module (func (export "f") (param $x f32) (result i32)
      (if (result i32) (i32.and (f32.lt (f32.const 0) (local.get $x)) (f32.lt (local.get $x) (f32.const 9)))
        (then (i32.add (f32.le (local.get $x) (f32.const 0)) (f32.ge (local.get $x) (f32.const 9))))
        (else (i32.const 5)))))`);
    expect(text.match(/= f\w+/g)).toEqual(['= flt', '= flt']);
  });

  it('leave nothing open that they answer', () => {
    const holds = {
      lt: (x: number, c: number) => x < c,
      le: (x: number, c: number) => x <= c,
      gt: (x: number, c: number) => x > c,
      ge: (x: number, c: number) => x >= c,
      eq: (x: number, c: number) => x === c,
      ne: (x: number, c: number) => x !== c,
    };
    const ops = Object.keys(holds) as (keyof typeof holds)[];
    const pairs = ops
      .filter((op) => op !== 'ne')
      .flatMap((first) => ops.flatMap((second) => [0, 1, 2].map((limit) => ({ first, second, limit }))));
    const ask = (op: string, limit: number) => `(f32.${op} (local.get $x) (f32.const ${limit}))`;
    const text = `(module ${pairs
      .map(
        ({ first, second, limit }) => `(func (param $x f32) (result i32)
          (if (result i32) ${ask(first, 1)} (then ${ask(second, limit)}) (else (i32.const 7))))`,
      )
      .join('\n')})`;
    const functions = optimised(text)
      .split(/^function /m)
      .slice(1);
    const points = [-Infinity, -1, 0, 0.5, 1, 1.5, 2, 3, Infinity];
    const asked = pairs.map(({ first, second, limit }) => {
      const answers = points.filter((x) => holds[first](x, 1)).map((x) => holds[second](x, limit));
      return [first, second, limit, new Set(answers).size === 1 || (second === first && limit === 1) ? 1 : 2];
    });
    expect(
      pairs.map(({ first, second, limit }, i) => [
        first,
        second,
        limit,
        functions[i].match(/= f\w+/g)?.length,
      ]),
    ).toEqual(asked);
  });
});
