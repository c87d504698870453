/** What the table of operations computes over constants, against Node's own WebAssembly engine. */
import { describe, expect, it } from 'vitest';
import { assembleWat } from '../testing/run.ts';
import { floatOf, operation, operations } from './operations.ts';

const [a, b, c] = ['a', 'b', 'c'].map((name) => `(local.get $${name})`);
const [x, y] = [a, b].map((bits) => `(f32.reinterpret_i32 ${bits})`);
const bits = (float: string) => `(i32.reinterpret_f32 ${float})`;
const high = (long: string) => `(i32.wrap_i64 (i64.shr_u ${long} (i64.const 32)))`;
/** a the high word, b the low one. */
const both = `(i64.or (i64.shl (i64.extend_i32_u ${a}) (i64.const 32)) (i64.extend_i32_u ${b}))`;
const count = `(i64.extend_i32_u (i32.and ${c} (i32.const 31)))`;
const product = (extend: string) => `(i64.mul (i64.${extend} ${a}) (i64.${extend} ${b}))`;
const smaller = (less: string) => `(select ${a} ${b} (i32.${less} ${a} ${b}))`;

/** The same in WebAssembly; floats travel as bits. */
const integers: Readonly<Record<string, string>> = {
  add: `(i32.add ${a} ${b})`,
  sub: `(i32.sub ${a} ${b})`,
  mul: `(i32.mul ${a} ${b})`,
  mulhs: high(product('extend_i32_s')),
  mulhu: high(product('extend_i32_u')),
  and: `(i32.and ${a} ${b})`,
  or: `(i32.or ${a} ${b})`,
  xor: `(i32.xor ${a} ${b})`,
  shl: `(i32.shl ${a} ${b})`,
  shr: `(i32.shr_u ${a} ${b})`,
  sar: `(i32.shr_s ${a} ${b})`,
  funnell: high(`(i64.shl ${both} ${count})`),
  funnelr: `(i32.wrap_i64 (i64.shr_u ${both} ${count}))`,
  clz: `(i32.clz ${a})`,
  min: smaller('lt_s'),
  max: smaller('gt_s'),
  minu: smaller('lt_u'),
  maxu: smaller('gt_u'),
  sext8: `(i32.extend8_s ${a})`,
  sext16: `(i32.extend16_s ${a})`,
  eq: `(i32.eq ${a} ${b})`,
  ne: `(i32.ne ${a} ${b})`,
  lt: `(i32.lt_s ${a} ${b})`,
  ge: `(i32.ge_s ${a} ${b})`,
  ltu: `(i32.lt_u ${a} ${b})`,
  geu: `(i32.ge_u ${a} ${b})`,
  itof: bits(`(f32.convert_i32_s ${a})`),
  utof: bits(`(f32.convert_i32_u ${a})`),
  divs: `(i32.div_s ${a} ${b})`,
  divu: `(i32.div_u ${a} ${b})`,
  rems: `(i32.rem_s ${a} ${b})`,
  remu: `(i32.rem_u ${a} ${b})`,
};
const floats: Readonly<Record<string, string>> = {
  feq: `(f32.eq ${x} ${y})`,
  flt: `(f32.lt ${x} ${y})`,
  fle: `(f32.le ${x} ${y})`,
  fadd: bits(`(f32.add ${x} ${y})`),
  fsub: bits(`(f32.sub ${x} ${y})`),
  fmul: bits(`(f32.mul ${x} ${y})`),
  fdiv: bits(`(f32.div ${x} ${y})`),
  fsqrt: bits(`(f32.sqrt ${x})`),
  fabs: bits(`(f32.abs ${x})`),
  fneg: bits(`(f32.neg ${x})`),
  bitstof: bits(x),
  ftobits: a,
};

const words = [
  ...[0, 1, 2, 3, 7, 31, 32, 33, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x12345678, 0x40000000],
  ...[0x7ffffffe, 0x7fffffff, -0x80000000, -0x7fffffff, -1, -2, -3, -128, -129, -0x8000, -0x8001, 0x1000001],
];
/** 0, 1, 1/3, 1.5, 3, 2^-149, the largest, infinity; and below 0. */
const singles = [0, 0x3f800000, 0x3eaaaaab, 0x3fc00000, 0x40400000, 1, 0x7f7fffff, 0x7f800000].flatMap(
  (word) => [word, word | -0x80000000],
);

type Compute = (...args: readonly number[]) => number;

function compile(expressions: Readonly<Record<string, string>>): Readonly<Record<string, Compute>> {
  const functions = Object.entries(expressions).map(
    ([name, code]) =>
      `(func (export "${name}") (param $a i32) (param $b i32) (param $c i32) (result i32) ${code})`,
  );
  const wasm = assembleWat(`(module ${functions.join('\n')})`);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm.slice().buffer), {});
  return exports as Readonly<Record<string, Compute>>;
}

/** Undefined where WebAssembly stops the program. */
function orTrap(compute: () => number): number | undefined {
  try {
    return compute();
  } catch {
    return undefined;
  }
}

/** The first arguments for which the two differ. */
function difference(name: string, theirs: Compute, numbers: readonly number[], isSame = Object.is) {
  const ours = operation(name).evaluate as Compute;
  for (const one of numbers)
    for (const two of numbers)
      for (const shift of [0, 1, 13, 31, 32, -1]) {
        const wanted = orTrap(() => theirs(one, two, shift));
        const got = ours(one, two, shift) | 0;
        if (wanted !== undefined && !isSame(got, wanted))
          return { arguments: [one, two, shift], got, wanted };
      }
  return undefined;
}

/** Which NaN it is, WebAssembly leaves open. */
const isSameFloat = (one: number, other: number): boolean =>
  one === other || (Number.isNaN(floatOf(one)) && Number.isNaN(floatOf(other)));

describe('an operation over constants', () => {
  const theirs = compile({ ...integers, ...floats });
  it.each(Object.keys(integers))('%s', (name) => {
    expect(difference(name, theirs[name], words)).toBeUndefined();
  });
  it.each(Object.keys(floats))('%s', (name) => {
    expect(difference(name, theirs[name], singles, isSameFloat)).toBeUndefined();
  });
  it('is looked at, whichever has a value', () => {
    const evaluated = [...operations].filter(([, { evaluate }]) => evaluate).map(([name]) => name);
    expect(Object.keys({ ...integers, ...floats }).sort()).toEqual(evaluated.sort());
  });
});
