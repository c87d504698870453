/**
 * Multiply-accumulate into ACCX and QACC, and reading QACC out, as WebAssembly SIMD.
 *
 * ACCX is a 64-bit integer holding the signed 40-bit number. QACC's lanes are 32-bit integers (20-bit lanes) or doubles
 * (40-bit lanes, exact: |lane| < 2^40 and a product < 2^32); the caller has put them into the wanted form.
 * Semantics: ESP32-S3 TRM, chapter 1; saturation at -2^39 / 2^39-1 and -2^19 / 2^19-1, unsigned at 2^40-1 / 2^20-1.
 */
import { layout } from '../state.ts';
import {
  type Code,
  f64Const,
  f64x2,
  get,
  i8x16,
  i16x8,
  i32,
  i32Const,
  i32x4,
  i64,
  i64Const,
  i64x2,
  set,
  splat,
  ValueType,
  v128,
  type WasmFunction,
} from './encoder.ts';

const { v128: vector, i64: long } = ValueType;
const base = i32Const(0);

const swapHalves = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];

/** Sum of the four signed 32-bit lanes of local `v`, as a 64-bit integer. The lanes' sum must fit 32 bits. */
function sum32(v: number): Code {
  const folded = set(v, i32x4.add(get(v), v128.shuffle(get(v), get(v), swapHalves)));
  return [...folded, ...i64.fromI32S(i32.add(i32x4.extract(0, get(v)), i32x4.extract(1, get(v))))];
}

/** Sum of both 64-bit lanes of local `v`. */
const sum64 = (v: number): Code => i64.add(i64x2.extract(0, get(v)), i64x2.extract(1, get(v)));

/** Local 2 holds x and local 3 holds y; the sum of the lanes' products as a 64-bit integer. */
const dotProducts: Record<'s8' | 'u8' | 's16' | 'u16', Code> = {
  s8: [
    ...set(
      2,
      i32x4.add(
        i32x4.extaddPairwiseS(i16x8.extmulLowS(get(2), get(3))),
        i32x4.extaddPairwiseS(i16x8.extmulHighS(get(2), get(3))),
      ),
    ),
    ...sum32(2),
  ],
  u8: [
    ...set(
      2,
      i32x4.add(
        i32x4.extaddPairwiseU(i16x8.extmulLowU(get(2), get(3))),
        i32x4.extaddPairwiseU(i16x8.extmulHighU(get(2), get(3))),
      ),
    ),
    ...sum32(2),
  ],
  // A pair's sum reaches +2^31 but never -2^31: minus one it fits 32 bits; the four ones come back at the end.
  s16: [
    ...set(2, i32x4.sub(i32x4.dotS(get(2), get(3)), splat.i32(i32Const(1)))),
    ...set(2, i64x2.add(i64x2.extendLowS(get(2)), i64x2.extendHighS(get(2)))),
    ...i64.add(sum64(2), i64Const(4)),
  ],
  u16: [
    ...set(4, i32x4.extmulLowU(get(2), get(3))),
    ...set(5, i32x4.extmulHighU(get(2), get(3))),
    ...set(
      2,
      i64x2.add(
        i64x2.add(i64x2.extendLowU(get(4)), i64x2.extendHighU(get(4))),
        i64x2.add(i64x2.extendLowU(get(5)), i64x2.extendHighU(get(5))),
      ),
    ),
    ...sum64(2),
  ],
};

const two39 = 2 ** 39;
const two40 = 2 ** 40;

const accx = i64.load(base, layout.accx);

/** `value` where it is not beyond `limit`. `value` is a local: it is read twice. */
const limited = (value: Code, limit: number, beyond: typeof i64.gtS): Code =>
  i64.select(i64Const(limit), value, beyond(value, i64Const(limit)));

const signExtend40 = (value: Code): Code => i64.shrS(i64.shl(value, i64Const(24)), i64Const(24));

/** (x, y) */
function accumulateScalar(type: 's8' | 'u8' | 's16' | 'u16'): WasmFunction {
  const sum = 6;
  const body =
    type[0] === 's'
      ? [
          ...set(sum, i64.add(accx, dotProducts[type])),
          ...set(sum, limited(get(sum), two39 - 1, i64.gtS)),
          ...i64.store(base, layout.accx, limited(get(sum), -two39, i64.ltS)),
        ]
      : [
          ...set(sum, i64.add(i64.and(accx, i64Const(two40 - 1)), dotProducts[type])),
          ...i64.store(base, layout.accx, signExtend40(limited(get(sum), two40 - 1, i64.gtS))),
        ];
  return {
    name: `accx_${type}`,
    parameters: 2,
    results: [],
    locals: [vector, vector, vector, vector, long],
    body: [...set(2, v128.load(get(0), 0)), ...set(3, v128.load(get(1), 0)), ...body],
  };
}

/** (shift): ACCX >>= shift; returns it saturated to 32 bits. */
const shiftScalar: WasmFunction = {
  name: 'shiftAccx',
  parameters: 1,
  results: [ValueType.i32],
  locals: [long],
  body: [
    ...set(1, i64.shrS(accx, i64.fromI32S(get(0)))),
    ...i64.store(base, layout.accx, get(1)),
    ...set(1, limited(get(1), 0x7fffffff, i64.gtS)),
    ...i64.toI32(limited(get(1), -0x80000000, i64.ltS)),
  ],
};

/** One store of 64 bits, which a multiply-accumulate right behind it can be served from. */
const zeroScalar: WasmFunction = {
  name: 'zeroAccx',
  parameters: 0,
  results: [],
  locals: [],
  body: i64.store(base, layout.accx, i64Const(0)),
};

/** Adds the four vectors of products to the 20-bit lanes, with saturation. */
function addLanes20(products: readonly Code[], signed: boolean): Code {
  return products.flatMap((product, i) => {
    const offset = layout.lanes20 + 16 * i;
    const sum = i32x4.add(v128.load(base, offset), product);
    const clamped = signed
      ? i32x4.maxS(i32x4.minS(sum, splat.i32(i32Const(0x7ffff))), splat.i32(i32Const(-0x80000)))
      : i32x4.minS(sum, splat.i32(i32Const(0xfffff)));
    return v128.store(base, offset, clamped);
  });
}

/** Adds four vectors of two products (as doubles) to the 40-bit lanes, with saturation. */
function addLanes40(products: readonly Code[], signed: boolean): Code {
  const [least, most] = signed ? [-two39, two39 - 1] : [0, two40 - 1];
  return products.flatMap((product, i) => {
    const offset = layout.lanes40 + 16 * i;
    const sum = f64x2.add(v128.load(base, offset), product);
    return v128.store(
      base,
      offset,
      f64x2.pmax(f64x2.pmin(sum, splat.f64(f64Const(most))), splat.f64(f64Const(least))),
    );
  });
}

const upper = (v: Code): Code => v128.shuffle(v, v, swapHalves);

/** Locals 2 and 3 hold x and y. */
function accumulateLanes(type: 's8' | 'u8' | 's16' | 'u16'): Code {
  const signed = type[0] === 's';
  if (type === 's8' || type === 'u8') {
    const [low, high] = signed
      ? [i16x8.extmulLowS, i16x8.extmulHighS]
      : [i16x8.extmulLowU, i16x8.extmulHighU];
    const [first, second] = signed
      ? [i32x4.extendLowS, i32x4.extendHighS]
      : [i32x4.extendLowU, i32x4.extendHighU];
    return [
      ...set(4, low(get(2), get(3))),
      ...set(5, high(get(2), get(3))),
      ...addLanes20([first(get(4)), second(get(4)), first(get(5)), second(get(5))], signed),
    ];
  }
  const [low, high, convert] = signed
    ? [i32x4.extmulLowS, i32x4.extmulHighS, f64x2.fromLowI32S]
    : [i32x4.extmulLowU, i32x4.extmulHighU, f64x2.fromLowI32U];
  return [
    ...set(4, low(get(2), get(3))),
    ...set(5, high(get(2), get(3))),
    ...addLanes40([convert(get(4)), convert(upper(get(4))), convert(get(5)), convert(upper(get(5)))], signed),
  ];
}

/** (x, y) */
const accumulateVector = (type: 's8' | 'u8' | 's16' | 'u16'): WasmFunction => ({
  name: `qacc_${type}`,
  parameters: 2,
  results: [],
  locals: [vector, vector, vector, vector],
  body: [...set(2, v128.load(get(0), 0)), ...set(3, v128.load(get(1), 0)), ...accumulateLanes(type)],
});

/** (x, element): the same with one lane (its byte offset) for all of y. */
const accumulateBroadcast = (type: 's8' | 's16'): WasmFunction => ({
  name: `qaccBroadcast_${type}`,
  parameters: 2,
  results: [],
  locals: [vector, vector, vector, vector],
  body: [
    ...set(2, v128.load(get(0), 0)),
    ...set(3, (type === 's8' ? v128.load8Splat : v128.load16Splat)(get(1), 0)),
    ...accumulateLanes(type),
  ],
});

/** (x): QACC lanes = the lanes of x, sign- or zero-extended. */
function moveToLanes(type: 's8' | 'u8' | 's16' | 'u16'): WasmFunction {
  const signed = type[0] === 's';
  const extend16 = signed ? [i16x8.extendLowS, i16x8.extendHighS] : [i16x8.extendLowU, i16x8.extendHighU];
  const extend32 = signed ? [i32x4.extendLowS, i32x4.extendHighS] : [i32x4.extendLowU, i32x4.extendHighU];
  const x = get(1);
  const body =
    type === 's8' || type === 'u8'
      ? extend16.flatMap((widen, i) =>
          extend32.flatMap((widenAgain, j) =>
            v128.store(base, layout.lanes20 + 16 * (2 * i + j), widenAgain(widen(x))),
          ),
        )
      : extend32.flatMap((widen, i) =>
          [(v: Code) => v, upper].flatMap((part, j) =>
            v128.store(base, layout.lanes40 + 16 * (2 * i + j), f64x2.fromLowI32S(part(widen(x)))),
          ),
        );
  return {
    name: `moveQacc_${type}`,
    parameters: 1,
    results: [],
    locals: [vector],
    body: [...set(1, v128.load(get(0), 0)), ...body],
  };
}

/** (z, shift): lanes >>= shift, z = the lanes saturated to 8 bits. */
const shiftLanes20: WasmFunction = {
  name: 'srcmb_s8',
  parameters: 2,
  results: [],
  locals: [vector, vector, vector, vector],
  body: [
    ...[0, 1, 2, 3].flatMap((i) => [
      ...set(2 + i, i32x4.shrS(v128.load(base, layout.lanes20 + 16 * i), get(1))),
      ...v128.store(base, layout.lanes20 + 16 * i, get(2 + i)),
    ]),
    ...v128.store(
      get(0),
      0,
      i8x16.narrowI16S(i16x8.narrowI32S(get(2), get(3)), i16x8.narrowI32S(get(4), get(5))),
    ),
  ],
};

/** (z, shift): lanes = floor(lane / 2^shift), z = the lanes saturated to 16 bits. */
const shiftLanes40: WasmFunction = {
  name: 'srcmb_s16',
  parameters: 2,
  results: [],
  locals: [vector, vector, vector, vector, vector],
  body: [
    // 2^-shift as two doubles: only the exponent field is set.
    ...set(6, i64x2.shl(i64x2.splat(i64.fromI32S(i32.sub(i32Const(1023), get(1)))), i32Const(52))),
    ...[0, 1, 2, 3].flatMap((i) => [
      ...set(2 + i, f64x2.floor(f64x2.mul(v128.load(base, layout.lanes40 + 16 * i), get(6)))),
      ...v128.store(base, layout.lanes40 + 16 * i, get(2 + i)),
    ]),
    ...v128.store(get(0), 0, i16x8.narrowI32S(integers(2, 3), integers(4, 5))),
  ],
};

/** Four saturated 32-bit integers from two locals of two doubles. */
function integers(low: number, high: number): Code {
  const lanes = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
  return v128.shuffle(i32x4.truncSatF64S(get(low)), i32x4.truncSatF64S(get(high)), lanes);
}

/** All three forms of QACC zero. */
const zeroLanes: WasmFunction = {
  name: 'zeroQacc',
  parameters: 0,
  results: [],
  locals: [],
  body: [
    ...Array.from({ length: 4 }, (_, i) => layout.lanes20 + 16 * i),
    ...Array.from({ length: 4 }, (_, i) => layout.lanes40 + 16 * i),
    // 40 bytes: the last 16 overlap the 16 before.
    ...[0, 16, 24].map((at) => layout.qacc + at),
  ].flatMap((offset) => v128.store(base, offset, splat.i32(i32Const(0)))),
};

const types = ['s8', 'u8', 's16', 'u16'] as const;

export const accumulatorFunctions: readonly WasmFunction[] = [
  ...types.map(accumulateScalar),
  ...types.map(accumulateVector),
  ...types.map(moveToLanes),
  accumulateBroadcast('s8'),
  accumulateBroadcast('s16'),
  shiftLanes20,
  shiftLanes40,
  zeroLanes,
  shiftScalar,
  zeroScalar,
];
