/**
 * Random WebAssembly modules for differential tests: every module ends, whatever its arguments, and nothing in it depends
 * on the bits of a NaN. Written as bytes directly, so that the decoder is part of the test.
 */

import { section, signed, text, unsigned, vector } from './wasm-bytes.ts';

export type RandomType = 'i32' | 'i64' | 'f32';

export interface RandomModule {
  readonly bytes: Uint8Array;
  /** Exported as f0, f1, ...; later ones may call earlier ones. */
  readonly functions: readonly { readonly params: readonly RandomType[]; readonly result: RandomType }[];
}

const codes: Readonly<Record<RandomType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d };
const types: readonly RandomType[] = ['i32', 'i64', 'f32'];
/** Bytes of memory that addresses are masked to; accesses reach at most 16 bytes further. */
const ADDRESS_MASK = 0xfff;

const interesting = [
  0, 1, -1, 2, 31, 32, 63, 64, 127, 128, -128, 255, 256, 32767, 65535, 65536, 0x7fffffff, -0x80000000,
];
const interestingFloats = [
  0, -0, 1, -1, 0.5, 1.5, 2.5, -2.5, 8388608, 16777216, 2147483648, -2147483648, 4294967296, 9.3e18, 1e-40,
  3.4e38,
];

/** Minimal deterministic generator (Marsaglia's xorshift). */
export function createRandom(seed: number): (below: number) => number {
  let state = seed | 0 || 0x9e3779b9;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

interface Context {
  readonly random: (below: number) => number;
  readonly locals: RandomType[];
  readonly earlier: RandomModule['functions'];
  readonly result: RandomType;
  /** Locals that a running loop counts with; not to be assigned. */
  readonly counters: Set<number>;
  /** Enclosing blocks that can be left, innermost last. */
  depth: number;
  budget: number;
  readonly based: boolean;
}

type Code = number[];

function constant({ random }: Context, type: RandomType): Code {
  if (type === 'f32') {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, interestingFloats[random(interestingFloats.length)], true);
    return [0x43, ...bytes];
  }
  const value = BigInt(interesting[random(interesting.length)]);
  if (type === 'i32') return [0x41, ...signed(value)];
  const wide = random(3) === 0 ? (value << 33n) ^ BigInt(random(1 << 30)) : value;
  return [0x42, ...signed(BigInt.asIntN(64, wide))];
}

/** 0 instead of a NaN. */
function withoutNaN(context: Context, value: Code): Code {
  const index = context.locals.push('f32') - 1;
  return [
    ...value,
    0x22,
    ...unsigned(index),
    0x43,
    0,
    0,
    0,
    0,
    0x20,
    ...unsigned(index),
    0x20,
    ...unsigned(index),
    0x5b,
    0x1b,
  ];
}

const address = (context: Context): Code => [
  ...expression(context, 'i32'),
  0x41,
  ...signed(BigInt(ADDRESS_MASK)),
  0x71,
  ...(context.based ? [0x23, 0, 0x6a] : []),
];

const memoryOps: Readonly<Record<RandomType, { loads: readonly number[]; stores: readonly number[] }>> = {
  i32: { loads: [0x28, 0x2c, 0x2d, 0x2e, 0x2f], stores: [0x36, 0x3a, 0x3b] },
  i64: { loads: [0x29, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35], stores: [0x37, 0x3c, 0x3d, 0x3e] },
  f32: { loads: [0x2a], stores: [0x38] },
};

/** Binary operators that cannot trap. */
const binary: Readonly<Record<RandomType, readonly number[]>> = {
  i32: [0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78],
  i64: [0x7c, 0x7d, 0x7e, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a],
  f32: [0x92, 0x93, 0x94, 0x95, 0x96, 0x97],
};
const unary: Readonly<Record<RandomType, readonly (readonly number[])[]>> = {
  i32: [[0x67], [0x68], [0x69], [0xc0], [0xc1]],
  i64: [[0x79], [0x7a], [0x7b], [0xc2], [0xc3], [0xc4]],
  f32: [[0x8b], [0x8c], [0x8d], [0x8e], [0x8f], [0x90], [0x91]],
};
const division: Readonly<Record<'i32' | 'i64', readonly number[]>> = {
  i32: [0x6d, 0x6e, 0x6f, 0x70],
  i64: [0x7f, 0x80, 0x81, 0x82],
};

function comparison(context: Context): Code {
  const type = types[context.random(3)];
  const [first, count] = type === 'i32' ? [0x46, 10] : type === 'i64' ? [0x51, 10] : [0x5b, 6];
  return [...expression(context, type), ...expression(context, type), first + context.random(count)];
}

function conversion(context: Context, type: RandomType): Code {
  const { random } = context;
  const from = (source: RandomType, ...op: number[]) => [...expression(context, source), ...op];
  if (type === 'i32') {
    const choice = random(4);
    if (choice === 0) return from('i64', 0xa7);
    if (choice === 1) return [...withoutNaN(context, expression(context, 'f32')), 0xbc];
    return from('f32', 0xfc, choice - 2);
  }
  if (type === 'i64') return random(2) ? from('i32', 0xac + random(2)) : from('f32', 0xfc, 4 + random(2));
  const choice = random(3);
  return choice === 0 ? from('i32', 0xb2 + random(2)) : from('i64', 0xb4 + random(2));
}

/** Code that leaves a value of the type. */
function expression(context: Context, type: RandomType): Code {
  const { random } = context;
  context.budget--;
  if (context.budget <= 0) return leaf(context, type);
  switch (random(13)) {
    case 0:
      return constant(context, type);
    case 1:
    case 2:
      return leaf(context, type);
    case 3: {
      const { loads } = memoryOps[type];
      return guarded(context, type, [
        ...address(context),
        loads[random(loads.length)],
        0,
        ...unsigned(random(9)),
      ]);
    }
    case 4:
      return [...expression(context, type), ...unary[type][random(unary[type].length)]];
    case 5:
      return type === 'i32' ? comparison(context) : conversion(context, type);
    case 6:
      return conversion(context, type);
    case 7:
      return [
        ...expression(context, type),
        ...expression(context, type),
        ...expression(context, 'i32'),
        0x1b,
      ];
    case 8:
      return ifExpression(context, type);
    case 9:
      return type === 'f32' ? leaf(context, type) : divide(context, type);
    case 10:
      return callEarlier(context, type) ?? leaf(context, type);
    default:
      return [
        ...expression(context, type),
        ...expression(context, type),
        binary[type][random(binary[type].length)],
      ];
  }
}

/** What is loaded as a float may be a NaN of any sort. */
const guarded = (context: Context, type: RandomType, code: Code): Code =>
  type === 'f32' ? withoutNaN(context, code) : code;

function leaf(context: Context, type: RandomType): Code {
  const fitting = context.locals.flatMap((local, i) => (local === type ? [i] : []));
  if (fitting.length === 0) return constant(context, type);
  return [0x20, ...unsigned(fitting[context.random(fitting.length)])];
}

/** Divisors are never 0 or -1; by a constant or by a value made odd and positive. */
function divide(context: Context, type: 'i32' | 'i64'): Code {
  const op = division[type][context.random(4)];
  const wide = type === 'i64';
  const divisors = [1, 2, 3, 5, 7, 8, 10, 100, 641, 1000, 65536, -3, -8, 0x7fffffff];
  const fixed = [wide ? 0x42 : 0x41, ...signed(BigInt(divisors[context.random(divisors.length)]))];
  if (context.random(2)) return [...expression(context, type), ...fixed, op];
  const positive = [
    ...expression(context, type),
    wide ? 0x42 : 0x41,
    1,
    wide ? 0x88 : 0x76,
    wide ? 0x42 : 0x41,
    1,
  ];
  return [...expression(context, type), ...positive, wide ? 0x84 : 0x72, op];
}

function callEarlier(context: Context, type: RandomType): Code | undefined {
  const fitting = context.earlier.flatMap(({ result }, i) => (result === type ? [i] : []));
  // Calls in loops multiply; a few per function are enough.
  if (fitting.length === 0 || context.counters.size > 0) return undefined;
  const index = fitting[context.random(fitting.length)];
  const args = context.earlier[index].params.flatMap((param) => expression(context, param));
  return guarded(context, type, [...args, 0x10, ...unsigned(index)]);
}

function ifExpression(context: Context, type: RandomType): Code {
  const condition = expression(context, 'i32');
  // Branches to this block would have to carry a value.
  const outer = context.depth;
  context.depth = 0;
  const code = [
    ...condition, 0x04, codes[type],
    ...statements(context, context.random(2)), ...expression(context, type),
    0x05,
    ...statements(context, context.random(2)), ...expression(context, type),
    0x0b,
  ]; // biome-ignore format: one arm a line
  context.depth = outer;
  return code;
}

function statements(context: Context, count: number): Code {
  return Array.from({ length: count }, () => statement(context)).flat();
}

function statement(context: Context): Code {
  const { random } = context;
  context.budget--;
  if (context.budget <= 0) return [0x01];
  switch (random(8)) {
    case 0: {
      const type = types[random(3)];
      const { stores } = memoryOps[type];
      const value =
        type === 'f32' ? withoutNaN(context, expression(context, type)) : expression(context, type);
      return [...address(context), ...value, stores[random(stores.length)], 0, ...unsigned(random(9))];
    }
    case 1:
      return loop(context);
    case 2:
      return block(context);
    case 3:
      return context.depth > 0 ? [...expression(context, 'i32'), 0x0d, random(context.depth)] : [0x01];
    case 4: {
      const condition = expression(context, 'i32');
      context.depth++;
      const body = statements(context, 1 + random(2));
      context.depth--;
      return [...condition, 0x04, 0x40, ...body, 0x0b];
    }
    case 5:
      return switchBlocks(context);
    default:
      return assignment(context);
  }
}

function assignment(context: Context): Code {
  const free = context.locals.flatMap((_, i) => (context.counters.has(i) ? [] : [i]));
  if (free.length === 0) return [0x01];
  const index = free[context.random(free.length)];
  return [...expression(context, context.locals[index]), 0x21, ...unsigned(index)];
}

function block(context: Context): Code {
  context.depth++;
  const body = statements(context, 1 + context.random(3));
  context.depth--;
  return [0x02, 0x40, ...body, 0x0b];
}

/** Three nested blocks left through a table. */
function switchBlocks(context: Context): Code {
  const index = expression(context, 'i32');
  const inner = [...index, 0x41, 3, 0x71, 0x0e, 2, 0, 1, 2];
  context.depth += 2;
  const first = statements(context, 1);
  context.depth--;
  const second = statements(context, 1);
  context.depth--;
  return [0x02, 0x40, 0x02, 0x40, 0x02, 0x40, ...inner, 0x0b, ...first, 0x0b, ...second, 0x0b];
}

/** Forms of loops: test first or last, up or down, steps of 1 to 4. Branches out of them, but only their own way back. */
function loop(context: Context): Code {
  const { random } = context;
  if (context.counters.size >= 2) return [0x01];
  const counter = context.locals.push('i32') - 1;
  context.counters.add(counter);
  const up = random(2) === 0;
  const step = [1, 1, 1, 2, 4][random(5)];
  const bound = [0x41, ...signed(BigInt(up ? random(20) : 0))];
  const start = [0x41, ...signed(BigInt(up ? random(6) - 3 : random(20) * step)), 0x21, ...unsigned(counter)];
  const get = [0x20, ...unsigned(counter)];
  const count = [...get, 0x41, ...signed(BigInt(step)), up ? 0x6a : 0x6b, 0x21, ...unsigned(counter)];
  const stays = up ? 0x48 : 0x4a;
  // The loop itself and its exit block are two levels; a branch to the inner one would repeat it without counting.
  const outer = context.depth;
  context.depth = 0;
  const body = statements(context, 1 + random(3));
  context.depth = outer;
  context.counters.delete(counter);
  if (random(2))
    return [
      ...start,
      0x03,
      0x40,
      ...get,
      ...bound,
      stays,
      0x04,
      0x40,
      ...body,
      ...count,
      0x0c,
      1,
      0x0b,
      0x0b,
    ];
  return [...start, 0x03, 0x40, ...body, ...count, ...get, ...bound, stays, 0x0d, 0, 0x0b];
}

/**
 * A module of a few functions over one page of memory; `based`: at the address that the imported global "config.base" holds.
 */
export function randomModule(seed: number, size = 60, based = false): RandomModule {
  const random = createRandom(seed);
  const functions: { params: RandomType[]; result: RandomType }[] = [];
  const bodies: Code[] = [];
  for (let i = 0; i < 3; i++) {
    const params = Array.from({ length: random(5) }, () => types[random(3)]);
    const result = types[random(3)];
    const locals = [...params, 'i32', 'f32', 'i64'] as RandomType[];
    const context: Context = {
      random, locals, earlier: [...functions], result, counters: new Set(), depth: 0, budget: size, based,
    }; // biome-ignore format: one line
    const code = [...statements(context, 2 + random(4)), ...expression(context, result)];
    const declared = locals.slice(params.length).map((type) => [1, codes[type]]);
    const body = [...vector(declared), ...code, 0x0b];
    functions.push({ params, result });
    bodies.push([...unsigned(body.length), ...body]);
  }
  const signatures = functions.map(({ params, result }) => [
    0x60,
    ...vector(params.map((type) => [codes[type]])),
    1,
    codes[result],
  ]);
  const exports = functions.map((_, i) => [...text(`f${i}`), 0, i]);
  const bytes = Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, vector(signatures)),
    ...(based ? section(2, [1, ...text('config'), ...text('base'), 3, 0x7f, 0]) : []),
    ...section(3, vector(functions.map((_, i) => [i]))),
    ...section(5, vector([[1, 1, 1]])),
    ...section(7, vector([...exports, [...text('memory'), 2, 0]])),
    ...section(10, vector(bodies)),
  ]); // biome-ignore format: one section a line
  return { bytes, functions };
}
