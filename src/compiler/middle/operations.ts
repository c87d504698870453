/**
 * The operations of the intermediate form, one row each: what an operation does to the world, the register classes of its
 * arguments and its result, what it computes, and its algebra. Builder, folding, verifier, passes and selection read this
 * table, so they cannot disagree.
 */
import type { IrFunction, RegisterClass } from './ir.ts';

/**
 * What an instruction does to the world: nothing (`pure`), reads or writes memory, may stop the program (`trap`), or all
 * of it (`call`). Pure instructions may be merged, moved and dropped.
 */
export type Effect = 'pure' | 'load' | 'store' | 'trap' | 'call';

/** The result over constants; floats travel as bits. */
export type Evaluate = (a: number, b: number, c: number) => number;

export interface Operation {
  readonly effect: Effect;
  /** Classes of the arguments, one letter each; undefined where the call's signature says. */
  readonly args: string | undefined;
  readonly result: RegisterClass | undefined;
  readonly evaluate: Evaluate | undefined;
  /** Its two arguments may change places. */
  readonly commutative: boolean;
  /** Gives 0 or 1. */
  readonly truth: boolean;
  /** The integer comparison that holds where this one does not. */
  readonly inverse: string | undefined;
}

const bool = (truth: boolean) => (truth ? 1 : 0);
const toFloat = new Float32Array(1);
const toBits = new Int32Array(toFloat.buffer);

/** The float whose bits are given. */
export function floatOf(bits: number): number {
  toBits[0] = bits;
  return toFloat[0];
}

export function bitsOf(value: number): number {
  toFloat[0] = value;
  return toBits[0];
}

const highWord = (product: bigint) => Number(BigInt.asIntN(32, product >> 32n));

/** Name, signature, value; rows of one effect stand together. */
type Row = readonly [name: string, signature: string, evaluate?: Evaluate];

const groups: Readonly<Record<Effect, readonly Row[]>> = {
  pure: [
    ['add', 'ii:i', (a, b) => a + b],
    ['sub', 'ii:i', (a, b) => a - b],
    ['mul', 'ii:i', (a, b) => Math.imul(a, b)],
    // High words of the 64-bit product.
    ['mulhs', 'ii:i', (a, b) => highWord(BigInt(a) * BigInt(b))],
    ['mulhu', 'ii:i', (a, b) => highWord(BigInt(a >>> 0) * BigInt(b >>> 0))],
    ['and', 'ii:i', (a, b) => a & b],
    ['or', 'ii:i', (a, b) => a | b],
    ['xor', 'ii:i', (a, b) => a ^ b],
    // Shift counts are taken modulo 32.
    ['shl', 'ii:i', (a, b) => a << b],
    ['shr', 'ii:i', (a, b) => a >>> b],
    ['sar', 'ii:i', (a, b) => a >> b],
    // funnell: high word of (a:b) << c; funnelr: low word of (a:b) >> c.
    ['funnell', 'iii:i', (a, b, c) => ((c & 31) === 0 ? a : (a << c) | (b >>> -c))],
    ['funnelr', 'iii:i', (a, b, c) => ((c & 31) === 0 ? b : (a << -c) | (b >>> c))],
    ['clz', 'i:i', (a) => Math.clz32(a)],
    ['min', 'ii:i', (a, b) => Math.min(a, b)],
    ['max', 'ii:i', (a, b) => Math.max(a, b)],
    ['minu', 'ii:i', (a, b) => Math.min(a >>> 0, b >>> 0)],
    ['maxu', 'ii:i', (a, b) => Math.max(a >>> 0, b >>> 0)],
    ['sext8', 'i:i', (a) => (a << 24) >> 24],
    ['sext16', 'i:i', (a) => (a << 16) >> 16],
    ['eq', 'ii:i', (a, b) => bool(a === b)],
    ['ne', 'ii:i', (a, b) => bool(a !== b)],
    ['lt', 'ii:i', (a, b) => bool(a < b)],
    ['ge', 'ii:i', (a, b) => bool(a >= b)],
    ['ltu', 'ii:i', (a, b) => bool(a >>> 0 < b >>> 0)],
    ['geu', 'ii:i', (a, b) => bool(a >>> 0 >= b >>> 0)],
    // a ? b : c. No evaluation here: folding does more with them.
    ['select', 'iii:i'],
    ['fselect', 'iff:f'],
    // Float comparisons, ordered and (with u) unordered ones.
    ['feq', 'ff:i', (a, b) => bool(floatOf(a) === floatOf(b))],
    ['flt', 'ff:i', (a, b) => bool(floatOf(a) < floatOf(b))],
    ['fle', 'ff:i', (a, b) => bool(floatOf(a) <= floatOf(b))],
    ['fueq', 'ff:i'],
    ['fult', 'ff:i'],
    ['fule', 'ff:i'],
    ['fun', 'ff:i'],
    // In double precision and then rounded: the same as rounded once (Figueroa 1995).
    ['fadd', 'ff:f', (a, b) => bitsOf(floatOf(a) + floatOf(b))],
    ['fsub', 'ff:f', (a, b) => bitsOf(floatOf(a) - floatOf(b))],
    ['fmul', 'ff:f', (a, b) => bitsOf(floatOf(a) * floatOf(b))],
    ['fdiv', 'ff:f', (a, b) => bitsOf(floatOf(a) / floatOf(b))],
    ['fsqrt', 'f:f', (a) => bitsOf(Math.sqrt(floatOf(a)))],
    ['fmadd', 'fff:f'],
    ['fmsub', 'fff:f'],
    ['fabs', 'f:f', (a) => a & 0x7fffffff],
    ['fneg', 'f:f', (a) => a ^ 0x80000000],
    // Conversions as the FPU does them: saturating, in range only where the builder has checked.
    ['itof', 'i:f', (a) => bitsOf(a)],
    ['utof', 'i:f', (a) => bitsOf(a >>> 0)],
    ['ftoi', 'f:i'],
    ['ftou', 'f:i'],
    ['ffloor', 'f:i'],
    ['fceil', 'f:i'],
    ['fround', 'f:i'],
    ['bitstof', 'i:f', (a) => a],
    ['ftobits', 'f:i', (a) => a],
    // A word of memory that never changes.
    ['loadk', 'i:i'],
    // Which core this is.
    ['prid', ':i'],
  ],
  trap: [
    // The machine's divisions; the checks for zero and overflow stand before them as instructions of their own.
    ['divs', 'ii:i', (a, b) => Math.trunc(a / b)],
    ['divu', 'ii:i', (a, b) => Math.trunc((a >>> 0) / (b >>> 0))],
    ['rems', 'ii:i', (a, b) => a % b],
    ['remu', 'ii:i', (a, b) => (a >>> 0) % (b >>> 0)],
    // Stops the program when its argument is not 0; imm: the trap's number.
    ['trapif', 'i:'],
  ],
  // args: base [value]; imm: byte offset.
  load: [
    ['load8s', 'i:i'],
    ['load8u', 'i:i'],
    ['load16s', 'i:i'],
    ['load16u', 'i:i'],
    ['load32', 'i:i'],
    ['fload', 'i:f'],
  ],
  store: [
    ['store8', 'ii:'],
    ['store16', 'ii:'],
    ['store32', 'ii:'],
    ['fstore', 'if:'],
  ],
  call: [
    // Volatile accesses, and other single instructions that must stay where they are.
    ['mmio_load', 'i:i'],
    ['mmio_store', 'ii:'],
    ['ccount', ':i'],
    ['memw', ':'],
    ['extw', ':'],
    ['isync', ':'],
    // How often the loop behind it runs; the loop hardware is set up with it.
    ['rounds', 'i:'],
    ['call', '*'],
    ['callx', '*'],
  ],
};

const commutative = new Set('add mul mulhs mulhu and or xor eq ne min max minu maxu'.split(' '));
const truths = new Set('eq ne lt ge ltu geu feq flt fle fueq fult fule fun'.split(' '));
const inverses: Readonly<Record<string, string>> = {
  eq: 'ne', ne: 'eq', lt: 'ge', ge: 'lt', ltu: 'geu', geu: 'ltu',
}; // biome-ignore format: one line

function describe(effect: Effect, [name, signature, evaluate]: Row): Operation {
  const [args, result] = signature.split(':');
  return {
    effect,
    args: signature === '*' ? undefined : args,
    result: result ? (result as RegisterClass) : undefined,
    evaluate,
    commutative: commutative.has(name),
    truth: truths.has(name),
    inverse: inverses[name],
  };
}

export const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries(groups).flatMap(([effect, rows]) =>
    rows.map((row) => [row[0], describe(effect as Effect, row)] as const),
  ),
);

export function operation(name: string): Operation {
  const found = operations.get(name);
  if (!found) throw new Error(`internal: there is no operation ${name}`);
  return found;
}

export const effectOf = (name: string): Effect => operation(name).effect;
/** Whether an operation gives 0 or 1; false for calls and parameters, that have no name here. */
export const isTruthOp = (name: string | undefined): boolean =>
  name !== undefined && (operations.get(name)?.truth ?? false);

/** Float divisions and square roots of a function that are made in place, in about 28 instructions each; more of them are called. */
const MOST_IN_PLACE = 3;

const inPlace = new WeakMap<IrFunction, boolean>();

export function dividesInPlace(fn: IrFunction): boolean {
  let known = inPlace.get(fn);
  if (known === undefined) {
    let count = 0;
    for (const { insts } of fn.blocks)
      for (const { op } of insts) if (op === 'fdiv' || op === 'fsqrt') count++;
    known = count <= MOST_IN_PLACE;
    inPlace.set(fn, known);
  }
  return known;
}
