/**
 * The vector instructions with 128-bit WebAssembly SIMD counterparts. Parameters are byte offsets of Q registers
 * (`x`, `y` sources, `z` destination) and shift amounts; each function reads all its sources before it writes.
 * Semantics: ESP32-S3 TRM, chapter 1, "Operation" of each instruction.
 */
import {
  type Code,
  get,
  i8x16,
  i16x8,
  i32,
  i32Const,
  i32x4,
  set,
  splat,
  ValueType,
  v128,
  type WasmFunction,
} from './encoder.ts';

const { v128: vector } = ValueType;

/** z = operation(x, y), for functions (z, x, y). */
const binary = (name: string, operation: (x: Code, y: Code) => Code): WasmFunction => ({
  name,
  parameters: 3,
  places: 3,
  results: [],
  locals: [],
  body: v128.store(get(0), 0, operation(v128.load(get(1), 0), v128.load(get(2), 0))),
});

/** Signed 32-bit saturation: where the sum's sign is wrong, the extreme of the first operand's sign. */
function saturating32(name: string, subtract: boolean): WasmFunction {
  const [x, y, r] = [get(3), get(4), get(5)];
  const sum = subtract ? i32x4.sub(x, y) : i32x4.add(x, y);
  const agreeing = subtract ? v128.xor(x, y) : v128.not(v128.xor(x, y));
  const extreme = v128.xor(i32x4.shrS(x, i32Const(31)), splat.i32(i32Const(0x7fffffff)));
  const overflowed = i32x4.shrS(v128.and(agreeing, v128.xor(x, r)), i32Const(31));
  return {
    name,
    parameters: 3,
    places: 3,
    results: [],
    locals: [vector, vector, vector],
    body: [
      ...set(3, v128.load(get(1), 0)),
      ...set(4, v128.load(get(2), 0)),
      ...set(5, sum),
      ...v128.store(get(0), 0, v128.bitselect(extreme, r, overflowed)),
    ],
  };
}

const evenBytes = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30];
const evenHalves = [0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29];

const lesser = (value: Code, limit: number): Code =>
  i32.select(value, i32Const(limit), i32.ltU(value, i32Const(limit)));

/** All ones where the unsigned `value` is below `limit`, else zero. */
const maskBelow = (value: Code, limit: number): Code =>
  splat.i32(i32.sub(i32Const(0), i32.ltU(value, i32Const(limit))));

/** Low bytes of (x * y) >> shift, the product being 16 bits wide. */
function product8(x: Code, y: Code, shift: Code, signed: boolean): Code {
  const [low, high, shr] = signed
    ? [i16x8.extmulLowS, i16x8.extmulHighS, i16x8.shrS]
    : [i16x8.extmulLowU, i16x8.extmulHighU, i16x8.shrU];
  const amount = lesser(shift, 15);
  const bytes = v128.shuffle(shr(low(x, y), amount), shr(high(x, y), amount), evenBytes);
  return signed ? bytes : v128.and(bytes, maskBelow(shift, 16));
}

/** Low halves of (x * y) >> shift, the product being 32 bits wide. */
function product16(x: Code, y: Code, shift: Code, signed: boolean): Code {
  const [low, high, shr] = signed
    ? [i32x4.extmulLowS, i32x4.extmulHighS, i32x4.shrS]
    : [i32x4.extmulLowU, i32x4.extmulHighU, i32x4.shrU];
  const amount = lesser(shift, 31);
  const halves = v128.shuffle(shr(low(x, y), amount), shr(high(x, y), amount), evenHalves);
  return signed ? halves : v128.and(halves, maskBelow(shift, 32));
}

/** (z, x, y, shift) */
const multiply = (name: string, product: typeof product8, signed: boolean): WasmFunction => ({
  name,
  parameters: 4,
  places: 3,
  results: [],
  locals: [vector, vector],
  body: [
    ...set(4, v128.load(get(1), 0)),
    ...set(5, v128.load(get(2), 0)),
    ...v128.store(get(0), 0, product(get(4), get(5), get(3), signed)),
  ],
});

/** (z, x, y, shift): x where x > 0, else (x * y) >> shift. */
const parametricRelu = (
  name: string,
  product: typeof product8,
  positive: (x: Code, zero: Code) => Code,
): WasmFunction => ({
  name,
  parameters: 4,
  places: 3,
  results: [],
  locals: [vector, vector],
  body: [
    ...set(4, v128.load(get(1), 0)),
    ...set(5, v128.load(get(2), 0)),
    ...v128.store(
      get(0),
      0,
      v128.bitselect(get(4), product(get(4), get(5), get(3), true), positive(get(4), splat.i32(i32Const(0)))),
    ),
  ],
});

/** (z, factor, shift): in place, with one factor for all lanes. */
const relu = (
  name: string,
  product: typeof product8,
  positive: (x: Code, zero: Code) => Code,
  spread: (value: Code) => Code,
): WasmFunction => ({
  name,
  parameters: 3,
  places: 1,
  results: [],
  locals: [vector, vector],
  body: [
    ...set(3, v128.load(get(0), 0)),
    ...set(4, spread(get(1))),
    ...v128.store(
      get(0),
      0,
      v128.bitselect(get(3), product(get(3), get(4), get(2), true), positive(get(3), splat.i32(i32Const(0)))),
    ),
  ],
});

/** (x, y): both registers rewritten, from shuffles of the pair x:y. */
const rearrange = (name: string, first: readonly number[], second: readonly number[]): WasmFunction => ({
  name,
  parameters: 2,
  places: 2,
  results: [],
  locals: [vector, vector],
  body: [
    ...set(2, v128.load(get(0), 0)),
    ...set(3, v128.load(get(1), 0)),
    ...v128.store(get(0), 0, v128.shuffle(get(2), get(3), first)),
    ...v128.store(get(1), 0, v128.shuffle(get(2), get(3), second)),
  ],
});

function zipAndUnzip(size: 1 | 2 | 4): WasmFunction[] {
  const lanes = 16 / size;
  const bytes = (order: readonly number[]) =>
    order.flatMap((lane) => Array.from({ length: size }, (_, i) => lane * size + i));
  const zipped = Array.from({ length: 2 * lanes }, (_, i) => (i >> 1) + (i & 1) * lanes);
  const unzipped = Array.from(
    { length: 2 * lanes },
    (_, i) => ((2 * i) % (2 * lanes)) + (i >= lanes ? 1 : 0),
  );
  return [
    rearrange(`vzip${size * 8}`, bytes(zipped.slice(0, lanes)), bytes(zipped.slice(lanes))),
    rearrange(`vunzip${size * 8}`, bytes(unzipped.slice(0, lanes)), bytes(unzipped.slice(lanes))),
  ];
}

const iota = v128.constBytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

/** 16 bytes of the 32-byte number high:low from byte `n` (0..31 or negative) on; zeros beyond its ends. */
const window = (low: Code, high: Code, n: Code): Code =>
  v128.or(
    v128.swizzle(low, i8x16.add(iota, splat.i8(n))),
    v128.swizzle(high, i8x16.add(iota, splat.i8(i32.sub(n, i32Const(16))))),
  );

/** (z, low, high, bytes): z = low 128 bits of high:low >> 8 * bytes, bytes 0..15. */
const shiftPair: WasmFunction = {
  name: 'shiftPair',
  parameters: 4,
  places: 3,
  results: [],
  locals: [],
  body: v128.store(get(0), 0, window(v128.load(get(1), 0), v128.load(get(2), 0), get(3))),
};

/** (high, low, bytes): high:low <<= 8 * bytes (positive) or >>= 8 * -bytes, both registers written. */
const slidePair: WasmFunction = {
  name: 'slidePair',
  parameters: 3,
  places: 2,
  results: [],
  locals: [vector, vector],
  body: [
    ...set(3, v128.load(get(1), 0)),
    ...set(4, v128.load(get(0), 0)),
    ...v128.store(get(1), 0, window(get(3), get(4), i32.sub(i32Const(0), get(2)))),
    ...v128.store(get(0), 0, window(get(3), get(4), i32.sub(i32Const(16), get(2)))),
  ],
};

export const laneFunctions: readonly WasmFunction[] = [
  binary('vadds8', i8x16.addSatS),
  binary('vadds16', i16x8.addSatS),
  saturating32('vadds32', false),
  binary('vsubs8', i8x16.subSatS),
  binary('vsubs16', i16x8.subSatS),
  saturating32('vsubs32', true),
  binary('vmax8', i8x16.maxS),
  binary('vmax16', i16x8.maxS),
  binary('vmax32', i32x4.maxS),
  binary('vmin8', i8x16.minS),
  binary('vmin16', i16x8.minS),
  binary('vmin32', i32x4.minS),
  binary('vcmpeq8', i8x16.eq),
  binary('vcmpeq16', i16x8.eq),
  binary('vcmpeq32', i32x4.eq),
  binary('vcmplt8', i8x16.ltS),
  binary('vcmplt16', i16x8.ltS),
  binary('vcmplt32', i32x4.ltS),
  binary('vcmpgt8', i8x16.gtS),
  binary('vcmpgt16', i16x8.gtS),
  binary('vcmpgt32', i32x4.gtS),
  multiply('vmuls8', product8, true),
  multiply('vmulu8', product8, false),
  multiply('vmuls16', product16, true),
  multiply('vmulu16', product16, false),
  parametricRelu('vprelu8', product8, i8x16.gtS),
  parametricRelu('vprelu16', product16, i16x8.gtS),
  relu('vrelu8', product8, i8x16.gtS, splat.i8),
  relu('vrelu16', product16, i16x8.gtS, splat.i16),
  ...zipAndUnzip(1),
  ...zipAndUnzip(2),
  ...zipAndUnzip(4),
  shiftPair,
  slidePair,
];
