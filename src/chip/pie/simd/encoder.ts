/**
 * The smallest WebAssembly encoder that the vector helpers need: functions of i32 parameters over one imported
 * memory. Instructions are byte lists; an expression is its operands' bytes followed by its own.
 * Source of the numbers: WebAssembly core specification 2.0, section 5 (binary format).
 */

export type Code = readonly number[];

export const ValueType = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = (typeof ValueType)[keyof typeof ValueType];

export interface WasmFunction {
  readonly name: string;
  /** Number of i32 parameters. */
  readonly parameters: number;
  /** How many of them, the first, are places: byte offsets from where the vector unit's state begins. */
  readonly places: number;
  readonly results: readonly ValueType[];
  /** Types of the locals that follow the parameters. */
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && !(low & 0x40)) || (rest === -1 && low & 0x40)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

const sized = (bytes: Code): number[] => [...unsigned(bytes.length), ...bytes];
const vector = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];
const section = (id: number, bytes: Code): number[] => [id, ...sized(bytes)];
const text = (value: string): number[] => sized([...new TextEncoder().encode(value)]);

/** Stands in a body for the address at which the vector unit's state begins. */
const BASE_LOCAL = 0x7f;
export const base: Code = [0x20, BASE_LOCAL];

/** A part of a body: bytes as they are, or a use of a local (get, set or tee). */
export type BodyPart = readonly number[] | { readonly use: number; readonly local: number };

const GET = 0x20;
const TEE = 0x22;

/** Bytes of the numbers and lanes behind an opcode; a LEB128 number counts as 'n'. */
function operandsOf(opcode: number, extended: number): readonly (number | 'n')[] {
  if (opcode === 0xfd) {
    if (extended <= 11) return ['n', 'n'];
    if (extended <= 13) return [16];
    return extended >= 0x15 && extended <= 0x22 ? [1] : [];
  }
  if (opcode >= 0x28 && opcode <= 0x3e) return ['n', 'n'];
  return opcode === 0x41 || opcode === 0x42 ? ['n'] : opcode === 0x44 ? [8] : [];
}

/** A body cut at its uses of locals, so that it can stand inside another function. */
export function partsOf({ body }: WasmFunction): BodyPart[] {
  const parts: BodyPart[] = [];
  let from = 0;
  let at = 0;
  const skipNumber = () => {
    while (body[at++] & 0x80);
  };
  while (at < body.length) {
    const start = at;
    const opcode = body[at++];
    if (opcode >= GET && opcode <= TEE) {
      if (start > from) parts.push(body.slice(from, start));
      parts.push({ use: opcode, local: body[at++] });
      from = at;
      continue;
    }
    let extended = 0;
    if (opcode === 0xfd || opcode === 0xfc) {
      extended = body[at] & 0x7f;
      if (body[at] & 0x80) extended |= body[at + 1] << 7;
      skipNumber();
    }
    for (const operand of operandsOf(opcode, extended)) {
      if (operand === 'n') skipNumber();
      else at += operand;
    }
  }
  if (at > from) parts.push(body.slice(from, at));
  return parts;
}

/** A module that imports `env.memory` and exports `functions` by name; the state begins at address 0. */
export function encodeModule(functions: readonly WasmFunction[]): Uint8Array {
  const type = (f: WasmFunction) => [
    0x60,
    ...vector(Array.from({ length: f.parameters }, () => [ValueType.i32])),
    ...vector(f.results.map((t) => [t])),
  ];
  const standing = (f: WasmFunction) =>
    partsOf(f).flatMap((part) =>
      Array.isArray(part)
        ? part
        : 'local' in part
          ? part.local === BASE_LOCAL
            ? i32Const(0)
            : [part.use, part.local]
          : [],
    );
  const body = (f: WasmFunction) => sized([...vector(f.locals.map((t) => [1, t])), ...standing(f), 0x0b]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(functions.map(type))),
    ...section(2, vector([[...text('env'), ...text('memory'), 0x02, 0x00, ...unsigned(1)]])),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(7, vector(functions.map((f, i) => [...text(f.name), 0x00, ...unsigned(i)]))),
    ...section(10, vector(functions.map(body))),
  ]);
}

/** Whether a use of a local stands for {@link base}. */
export const isBase = (local: number): boolean => local === BASE_LOCAL;

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
export const i32Const = (value: number): Code => [0x41, ...signed(value)];

export function f64Const(value: number): Code {
  return [0x44, ...new Uint8Array(new Float64Array([value]).buffer)];
}

/** An instruction of the plain opcode space. */
const plain =
  (opcode: number) =>
  (...operands: readonly Code[]): Code => [...operands.flat(), opcode];
/** An instruction of the vector opcode space (prefix 0xfd). */
const simd =
  (opcode: number) =>
  (...operands: readonly Code[]): Code => [...operands.flat(), 0xfd, ...unsigned(opcode)];
const simdLoad =
  (opcode: number) =>
  (address: Code, offset: number): Code => [...address, 0xfd, ...unsigned(opcode), 0, ...unsigned(offset)];

export const i32 = {
  add: plain(0x6a),
  sub: plain(0x6b),
  and: plain(0x71),
  ltU: plain(0x49),
  select: plain(0x1b),
  load: (address: Code, offset: number): Code => [...address, 0x28, 2, ...unsigned(offset)],
};

/** A constant that fits 53 bits, as signed LEB128. */
export function i64Const(value: number): Code {
  const bytes: number[] = [0x42];
  let rest = BigInt(value);
  while (rest < -64n || rest > 63n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest & 0x7fn)];
}

export const i64 = {
  load: (address: Code, offset: number): Code => [...address, 0x29, 3, ...unsigned(offset)],
  store: (address: Code, offset: number, value: Code): Code => [
    ...address,
    ...value,
    0x37,
    3,
    ...unsigned(offset),
  ],
  add: plain(0x7c),
  and: plain(0x83),
  shl: plain(0x86),
  shrS: plain(0x87),
  ltS: plain(0x53),
  gtS: plain(0x55),
  select: plain(0x1b),
  fromI32S: plain(0xac),
  toI32: plain(0xa7),
};

const lane =
  (opcode: number) =>
  (index: number, ...operands: readonly Code[]): Code => [
    ...operands.flat(),
    0xfd,
    ...unsigned(opcode),
    index,
  ];

export const v128 = {
  load: simdLoad(0x00),
  load8Splat: simdLoad(0x07),
  load16Splat: simdLoad(0x08),
  load32Splat: simdLoad(0x09),
  load8x8S: simdLoad(0x01),
  store: (address: Code, offset: number, value: Code): Code => [
    ...address,
    ...value,
    0xfd,
    0x0b,
    0,
    ...unsigned(offset),
  ],
  constBytes: (bytes: readonly number[]): Code => [0xfd, 0x0c, ...bytes],
  shuffle: (a: Code, b: Code, lanes: readonly number[]): Code => [...a, ...b, 0xfd, 0x0d, ...lanes],
  swizzle: simd(0x0e),
  not: simd(0x4d),
  and: simd(0x4e),
  or: simd(0x50),
  xor: simd(0x51),
  bitselect: simd(0x52),
};

export const splat = { i8: simd(0x0f), i16: simd(0x10), i32: simd(0x11), f64: simd(0x14) };

export const i8x16 = {
  eq: simd(0x23),
  ltS: simd(0x25),
  gtS: simd(0x27),
  add: simd(0x6e),
  addSatS: simd(0x6f),
  subSatS: simd(0x72),
  minS: simd(0x76),
  maxS: simd(0x78),
  narrowI16S: simd(0x65),
};

export const i16x8 = {
  eq: simd(0x2d),
  ltS: simd(0x2f),
  gtS: simd(0x31),
  narrowI32S: simd(0x85),
  extendLowU: simd(0x89),
  extendHighU: simd(0x8a),
  extendLowS: simd(0x87),
  extendHighS: simd(0x88),
  shrS: simd(0x8c),
  shrU: simd(0x8d),
  addSatS: simd(0x8f),
  subSatS: simd(0x92),
  minS: simd(0x96),
  maxS: simd(0x98),
  extmulLowS: simd(0x9c),
  extmulHighS: simd(0x9d),
  extmulLowU: simd(0x9e),
  extmulHighU: simd(0x9f),
};

export const i32x4 = {
  eq: simd(0x37),
  ltS: simd(0x39),
  gtS: simd(0x3b),
  extaddPairwiseS: simd(0x7e),
  extaddPairwiseU: simd(0x7f),
  extendLowS: simd(0xa7),
  extendHighS: simd(0xa8),
  extendLowU: simd(0xa9),
  extendHighU: simd(0xaa),
  shl: simd(0xab),
  shrS: simd(0xac),
  shrU: simd(0xad),
  add: simd(0xae),
  sub: simd(0xb1),
  minS: simd(0xb6),
  minU: simd(0xb7),
  maxS: simd(0xb8),
  dotS: simd(0xba),
  extmulLowS: simd(0xbc),
  extmulHighS: simd(0xbd),
  extmulLowU: simd(0xbe),
  extmulHighU: simd(0xbf),
  truncSatF64S: simd(0xfc),
  extract: lane(0x1b),
  replace: lane(0x1c),
};

export const i64x2 = {
  extendLowS: simd(0xc7),
  extendHighS: simd(0xc8),
  extendLowU: simd(0xc9),
  extendHighU: simd(0xca),
  add: simd(0xce),
  shl: simd(0xcb),
  splat: simd(0x12),
  extract: lane(0x1d),
};

export const f64x2 = {
  floor: simd(0x75),
  add: simd(0xf0),
  mul: simd(0xf2),
  // The forms without NaN rules: one host instruction each.
  pmin: simd(0xf6),
  pmax: simd(0xf7),
  fromLowI32S: simd(0xfe),
  fromLowI32U: simd(0xff),
};
