/** Opcodes of WebAssembly, and numbers as it writes them. Source: core specification 2.0, sections 5.2 and 5.4. */

export type Element = 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'f32' | 'f64';

export const I32 = 0x7f;
export const F64 = 0x7c;
export const VOID = 0x40;
export const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  get: 0x20,
  set: 0x21,
  tee: 0x22,
  i32Const: 0x41,
  f64Const: 0x44,
  eqz: 0x45,
  clz: 0x67,
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  and: 0x71,
  or: 0x72,
  xor: 0x73,
  shl: 0x74,
  shrS: 0x75,
  f64Abs: 0x99,
  f64Neg: 0x9a,
  i64Mul: 0x7e,
  i64ShrS: 0x87,
  wrap: 0xa7,
  extendS: 0xac,
  extendU: 0xad,
  demote: 0xb6,
  fromI32: 0xb7,
  fromU32: 0xb8,
  promote: 0xbb,
} as const;

export const ACCESS: Readonly<Record<Element, { load: number; store: number; shift: number }>> = {
  i8: { load: 0x2c, store: 0x3a, shift: 0 },
  u8: { load: 0x2d, store: 0x3a, shift: 0 },
  i16: { load: 0x2e, store: 0x3b, shift: 1 },
  u16: { load: 0x2f, store: 0x3b, shift: 1 },
  i32: { load: 0x28, store: 0x36, shift: 2 },
  f32: { load: 0x2a, store: 0x38, shift: 2 },
  f64: { load: 0x2b, store: 0x39, shift: 3 },
};

export const VECTOR_LOAD = 0x00;
export const VECTOR_STORE = 0x0b;

/** The state's address: the function's parameter. */
export const STATE = 0;

/** In a body under way, a called function's number stands as one item: this and the number. No byte is as large. */
export const CALLED = 0x1000;

export function pushUnsigned(out: number[], value: number): void {
  let rest = value >>> 0;
  for (; rest >= 0x80; rest >>>= 7) out.push((rest & 0x7f) | 0x80);
  out.push(rest);
}

export function pushSigned(out: number[], value: number): void {
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && !(low & 0x40)) || (rest === -1 && low & 0x40)) return void out.push(low);
    out.push(low | 0x80);
  }
}
