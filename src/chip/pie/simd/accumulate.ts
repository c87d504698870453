/**
 * Multiply-accumulate into ACCX and QACC, and reading QACC out, as WebAssembly SIMD.
 *
 * ACCX is a 64-bit integer holding the signed 40-bit number. QACC's lanes are 32-bit integers (20-bit lanes) or doubles
 * (40-bit lanes, exact: |lane| < 2^40 and a product < 2^32); the caller has put them into the wanted form.
 * Semantics: ESP32-S3 TRM, chapter 1; saturation at -2^39 / 2^39-1 and -2^19 / 2^19-1, unsigned at 2^40-1 / 2^20-1.
 */
import { type LaneType, laneTypes } from '../context.ts';
import { layout } from '../state.ts';
import {
  base,
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

const swapHalves = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];

/** Sum of the four signed 32-bit lanes of local `v`, as a 64-bit integer. The lanes' sum must fit 32 bits. */
function sum32(v: number): Code {
  const folded = set(v, i32x4.add(get(v), v128.shuffle(get(v), get(v), swapHalves)));
  return [...folded, ...i64.fromI32S(i32.add(i32x4.extract(0, get(v)), i32x4.extract(1, get(v))))];
}

/** Sum of both 64-bit lanes of local `v`. */
const sum64 = (v: number): Code => i64.add(i64x2.extract(0, get(v)), i64x2.extract(1, get(v)));

/** Locals `l` and `l + 1` hold x and y; the sum of the lanes' products as a 64-bit integer. */
const dotProducts: Record<LaneType, (l: number) => Code> = {
  s8: (l) => [
    ...set(
      l,
      i32x4.add(
        i32x4.extaddPairwiseS(i16x8.extmulLowS(get(l), get(l + 1))),
        i32x4.extaddPairwiseS(i16x8.extmulHighS(get(l), get(l + 1))),
      ),
    ),
    ...sum32(l),
  ],
  u8: (l) => [
    ...set(
      l,
      i32x4.add(
        i32x4.extaddPairwiseU(i16x8.extmulLowU(get(l), get(l + 1))),
        i32x4.extaddPairwiseU(i16x8.extmulHighU(get(l), get(l + 1))),
      ),
    ),
    ...sum32(l),
  ],
  // A pair's sum reaches +2^31 but never -2^31: minus one it fits 32 bits; the four ones come back at the end.
  s16: (l) => [
    ...set(l, i32x4.sub(i32x4.dotS(get(l), get(l + 1)), splat.i32(i32Const(1)))),
    ...set(l, i64x2.add(i64x2.extendLowS(get(l)), i64x2.extendHighS(get(l)))),
    ...i64.add(sum64(l), i64Const(4)),
  ],
  u16: (l) => [
    ...set(l + 2, i32x4.extmulLowU(get(l), get(l + 1))),
    ...set(l + 3, i32x4.extmulHighU(get(l), get(l + 1))),
    ...set(
      l,
      i64x2.add(
        i64x2.add(i64x2.extendLowU(get(l + 2)), i64x2.extendHighU(get(l + 2))),
        i64x2.add(i64x2.extendLowU(get(l + 3)), i64x2.extendHighU(get(l + 3))),
      ),
    ),
    ...sum64(l),
  ],
};

const two39 = 2 ** 39;
const two40 = 2 ** 40;

const accx = i64.load(base, layout.accx);

/** `value` where it is not beyond `limit`. `value` is a local: it is read twice. */
const limited = (value: Code, limit: number, beyond: typeof i64.gtS): Code =>
  i64.select(i64Const(limit), value, beyond(value, i64Const(limit)));

const signExtend40 = (value: Code): Code => i64.shrS(i64.shl(value, i64Const(24)), i64Const(24));

/** Loads x and y into locals `l` and `l + 1`. */
const fetchSources = (l: number): Code => [
  ...set(l, v128.load(get(0), 0)),
  ...set(l + 1, v128.load(get(1), 0)),
];

/** Adds the products of x and y to ACCX. */
function accumulateScalar(type: LaneType, l: number): Code {
  const sum = l + 4;
  return type[0] === 's'
    ? [
        ...set(sum, i64.add(accx, dotProducts[type](l))),
        ...set(sum, limited(get(sum), two39 - 1, i64.gtS)),
        ...i64.store(base, layout.accx, limited(get(sum), -two39, i64.ltS)),
      ]
    : [
        ...set(sum, i64.add(i64.and(accx, i64Const(two40 - 1)), dotProducts[type](l))),
        ...i64.store(base, layout.accx, signExtend40(limited(get(sum), two40 - 1, i64.gtS))),
      ];
}

/** (shift): ACCX >>= shift; returns it saturated to 32 bits. */
const shiftScalar: WasmFunction = {
  name: 'shiftAccx',
  parameters: 1,
  places: 0,
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
  places: 0,
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

/** Adds the products of x and y, in locals `l` and `l + 1`, to QACC. */
function accumulateLanes(type: LaneType, l: number): Code {
  const signed = type[0] === 's';
  if (type === 's8' || type === 'u8') {
    const [low, high] = signed
      ? [i16x8.extmulLowS, i16x8.extmulHighS]
      : [i16x8.extmulLowU, i16x8.extmulHighU];
    const [first, second] = signed
      ? [i32x4.extendLowS, i32x4.extendHighS]
      : [i32x4.extendLowU, i32x4.extendHighU];
    return [
      ...set(l + 2, low(get(l), get(l + 1))),
      ...set(l + 3, high(get(l), get(l + 1))),
      ...addLanes20([first(get(l + 2)), second(get(l + 2)), first(get(l + 3)), second(get(l + 3))], signed),
    ];
  }
  const [low, high, convert] = signed
    ? [i32x4.extmulLowS, i32x4.extmulHighS, f64x2.fromLowI32S]
    : [i32x4.extmulLowU, i32x4.extmulHighU, f64x2.fromLowI32U];
  return [
    ...set(l + 2, low(get(l), get(l + 1))),
    ...set(l + 3, high(get(l), get(l + 1))),
    ...addLanes40(
      [convert(get(l + 2)), convert(upper(get(l + 2))), convert(get(l + 3)), convert(upper(get(l + 3)))],
      signed,
    ),
  ];
}

/** Stores four words in parameters `first` … as one vector at the address in parameter `first - 1`. */
function storeParameters(first: number): Code {
  const built = [1, 2, 3].reduce<Code>(
    (vectorSoFar, lane) => i32x4.replace(lane, vectorSoFar, get(first + lane)),
    splat.i32(get(first)),
  );
  return v128.store(get(first - 1), 0, built);
}

/** (q, word0, word1, word2, word3): one store of 16 bytes, which a vector load right behind it can be served from. */
const loadWords: WasmFunction = {
  name: 'load',
  parameters: 5,
  places: 1,
  results: [],
  locals: [],
  body: storeParameters(1),
};

/** (q): the word that was fetched. */
const takeSpare: WasmFunction = {
  name: 'take',
  parameters: 1,
  places: 1,
  results: [],
  locals: [],
  body: v128.store(get(0), 0, v128.load(base, layout.spare)),
};

/** A function of (x, y). */
const ofPair = (name: string, body: (l: number) => Code): WasmFunction => ({
  name,
  parameters: 2,
  places: 2,
  results: [],
  locals: [vector, vector, vector, vector, long],
  body: body(2),
});

const accumulators = (type: LaneType): WasmFunction[] => [
  ofPair(`accx_${type}`, (l) => [...fetchSources(l), ...accumulateScalar(type, l)]),
  ofPair(`qacc_${type}`, (l) => [...fetchSources(l), ...accumulateLanes(type, l)]),
];

/** (x, element): one lane (its byte offset) stands for all of y. */
const broadcastAccumulator = (type: 's8' | 's16'): WasmFunction =>
  ofPair(`qaccBroadcast_${type}`, (l) => [
    ...set(l, v128.load(get(0), 0)),
    ...set(l + 1, (type === 's8' ? v128.load8Splat : v128.load16Splat)(get(1), 0)),
    ...accumulateLanes(type, l),
  ]);

/** (x): QACC lanes = the lanes of x, sign- or zero-extended. */
function moveToLanes(type: LaneType): WasmFunction {
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
    places: 1,
    results: [],
    locals: [vector],
    body: [...set(1, v128.load(get(0), 0)), ...body],
  };
}

/** (z, shift): lanes >>= shift, z = the lanes saturated to 8 bits. */
const shiftLanes20: WasmFunction = {
  name: 'srcmb_s8',
  parameters: 2,
  places: 1,
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
  places: 1,
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
  places: 0,
  results: [],
  locals: [],
  body: [
    ...Array.from({ length: 4 }, (_, i) => layout.lanes20 + 16 * i),
    ...Array.from({ length: 4 }, (_, i) => layout.lanes40 + 16 * i),
    // 40 bytes: the last 16 overlap the 16 before.
    ...[0, 16, 24].map((at) => layout.qacc + at),
  ].flatMap((offset) => v128.store(base, offset, splat.i32(i32Const(0)))),
};

export const accumulatorFunctions: readonly WasmFunction[] = [
  ...laneTypes.flatMap(accumulators),
  ...laneTypes.map(moveToLanes),
  broadcastAccumulator('s8'),
  broadcastAccumulator('s16'),
  shiftLanes20,
  shiftLanes40,
  zeroLanes,
  shiftScalar,
  zeroScalar,
  loadWords,
  takeSpare,
];
