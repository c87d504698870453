/**
 * The WebAssembly instructions, one row each: number, name, signature, kind of immediate.
 *
 * Signature: operand types, ':' , result types; i = i32, l = i64, f = f32, d = f64. '*' marks an instruction whose
 * typing depends on its immediates and is written out in `validate.ts`. Source: WebAssembly core specification 2.0, 5.4.
 */
export type ImmediateKind =
  | 'none'
  | 'block'
  | 'index'
  | 'index2'
  | 'table'
  | 'types'
  | 'memory'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'reftype'
  | 'zero'
  | 'zero2';

export interface WasmOpcode {
  readonly code: number;
  readonly name: string;
  readonly signature: string;
  readonly immediate: ImmediateKind;
  /** Memory accesses: bytes touched. */
  readonly width: number;
}

/** Numbers from 0xfc00 on are the ones behind the 0xfc prefix. */
export const PREFIX_MISC = 0xfc;
export const PREFIX_SIMD = 0xfd;
export const PREFIX_ATOMIC = 0xfe;

const control: readonly [number, string, string, ImmediateKind][] = [
  [0x00, 'unreachable', '*', 'none'],
  [0x01, 'nop', ':', 'none'],
  [0x02, 'block', '*', 'block'],
  [0x03, 'loop', '*', 'block'],
  [0x04, 'if', '*', 'block'],
  [0x05, 'else', '*', 'none'],
  [0x0b, 'end', '*', 'none'],
  [0x0c, 'br', '*', 'index'],
  [0x0d, 'br_if', '*', 'index'],
  [0x0e, 'br_table', '*', 'table'],
  [0x0f, 'return', '*', 'none'],
  [0x10, 'call', '*', 'index'],
  [0x11, 'call_indirect', '*', 'index2'],
  [0x1a, 'drop', '*', 'none'],
  [0x1b, 'select', '*', 'none'],
  [0x1c, 'select_t', '*', 'types'],
  [0x20, 'local.get', '*', 'index'],
  [0x21, 'local.set', '*', 'index'],
  [0x22, 'local.tee', '*', 'index'],
  [0x23, 'global.get', '*', 'index'],
  [0x24, 'global.set', '*', 'index'],
  [0x25, 'table.get', '*', 'index'],
  [0x26, 'table.set', '*', 'index'],
  [0x3f, 'memory.size', '*', 'zero'],
  [0x40, 'memory.grow', '*', 'zero'],
  [0x41, 'i32.const', ':i', 'i32'],
  [0x42, 'i64.const', ':l', 'i64'],
  [0x43, 'f32.const', ':f', 'f32'],
  [0x44, 'f64.const', ':d', 'f64'],
  [0xd0, 'ref.null', '*', 'reftype'],
  [0xd1, 'ref.is_null', '*', 'none'],
  [0xd2, 'ref.func', '*', 'index'],
  [0xfc08, 'memory.init', '*', 'index2'],
  [0xfc09, 'data.drop', '*', 'index'],
  [0xfc0a, 'memory.copy', '*', 'zero2'],
  [0xfc0b, 'memory.fill', '*', 'zero'],
  [0xfc0c, 'table.init', '*', 'index2'],
  [0xfc0d, 'elem.drop', '*', 'index'],
  [0xfc0e, 'table.copy', '*', 'index2'],
  [0xfc0f, 'table.grow', '*', 'index'],
  [0xfc10, 'table.size', '*', 'index'],
  [0xfc11, 'table.fill', '*', 'index'],
];

/** Loads from 0x28 and stores from 0x36 in the order of their numbers: name, bytes. */
const loads =
  'i32.load 4,i64.load 8,f32.load 4,f64.load 8,i32.load8_s 1,i32.load8_u 1,i32.load16_s 2,i32.load16_u 2,' +
  'i64.load8_s 1,i64.load8_u 1,i64.load16_s 2,i64.load16_u 2,i64.load32_s 4,i64.load32_u 4';
const stores =
  'i32.store 4,i64.store 8,f32.store 4,f64.store 8,i32.store8 1,i32.store16 2,i64.store8 1,i64.store16 2,i64.store32 4';

const comparisons = 'eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const floatComparisons = 'eq ne lt gt le ge';
const integerOperations =
  'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr';
const floatOperations = 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign';

/** Conversions from 0xa7 in the order of their numbers: name and signature. */
const conversions =
  'i32.wrap_i64 l:i,i32.trunc_f32_s f:i,i32.trunc_f32_u f:i,i32.trunc_f64_s d:i,i32.trunc_f64_u d:i,' +
  'i64.extend_i32_s i:l,i64.extend_i32_u i:l,i64.trunc_f32_s f:l,i64.trunc_f32_u f:l,i64.trunc_f64_s d:l,' +
  'i64.trunc_f64_u d:l,f32.convert_i32_s i:f,f32.convert_i32_u i:f,f32.convert_i64_s l:f,f32.convert_i64_u l:f,' +
  'f32.demote_f64 d:f,f64.convert_i32_s i:d,f64.convert_i32_u i:d,f64.convert_i64_s l:d,f64.convert_i64_u l:d,' +
  'f64.promote_f32 f:d,i32.reinterpret_f32 f:i,i64.reinterpret_f64 d:l,f32.reinterpret_i32 i:f,' +
  'f64.reinterpret_i64 l:d,i32.extend8_s i:i,i32.extend16_s i:i,i64.extend8_s l:l,i64.extend16_s l:l,' +
  'i64.extend32_s l:l';
const saturating =
  'i32.trunc_sat_f32_s f:i,i32.trunc_sat_f32_u f:i,i32.trunc_sat_f64_s d:i,i32.trunc_sat_f64_u d:i,' +
  'i64.trunc_sat_f32_s f:l,i64.trunc_sat_f32_u f:l,i64.trunc_sat_f64_s d:l,i64.trunc_sat_f64_u d:l';

const letters: Readonly<Record<string, string>> = { i32: 'i', i64: 'l', f32: 'f', f64: 'd' };
const unary = new Set('clz ctz popcnt abs neg ceil floor trunc nearest sqrt'.split(' '));

export const wasmOpcodes: ReadonlyMap<number, WasmOpcode> = buildTable();

function buildTable(): Map<number, WasmOpcode> {
  const table = new Map<number, WasmOpcode>();
  const add = (code: number, name: string, signature: string, immediate: ImmediateKind = 'none', width = 0) =>
    table.set(code, { code, name, signature, immediate, width });
  for (const [code, name, signature, immediate] of control) add(code, name, signature, immediate);
  loads.split(',').forEach((row, i) => {
    const [name, bytes] = row.split(' ');
    add(0x28 + i, name, `i:${letters[name.slice(0, 3)]}`, 'memory', Number(bytes));
  });
  stores.split(',').forEach((row, i) => {
    const [name, bytes] = row.split(' ');
    add(0x36 + i, name, `i${letters[name.slice(0, 3)]}:`, 'memory', Number(bytes));
  });
  const series = (start: number, type: string, names: string, result: string) => {
    const t = letters[type];
    names.split(' ').forEach((name, i) => {
      const operands = unary.has(name) || name === 'eqz' ? t : t + t;
      add(start + i, `${type}.${name}`, `${operands}:${result}`);
    });
  };
  series(0x45, 'i32', comparisons, 'i');
  series(0x50, 'i64', comparisons, 'i');
  series(0x5b, 'f32', floatComparisons, 'i');
  series(0x61, 'f64', floatComparisons, 'i');
  series(0x67, 'i32', integerOperations, 'i');
  series(0x79, 'i64', integerOperations, 'l');
  series(0x8b, 'f32', floatOperations, 'f');
  series(0x99, 'f64', floatOperations, 'd');
  const listed = (start: number, rows: string) =>
    rows.split(',').forEach((row, i) => {
      const [name, signature] = row.split(' ');
      add(start + i, name, signature);
    });
  listed(0xa7, conversions);
  listed(0xfc00, saturating);
  return table;
}
