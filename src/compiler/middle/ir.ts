/**
 * The intermediate form: static single assignment over 32-bit values, blocks with parameters instead of phi nodes.
 *
 * A value lives in an address register ('i': integers, halves of 64-bit integers, references) or a float register
 * ('f'). 64-bit integers are pairs from the start (`build-i64.ts`). Constants float: they have no place in a block
 * until instructions are selected. Text form: see `print.ts`.
 */
import type { ValueType } from '../front/module.ts';

export type RegisterClass = 'i' | 'f';

/** Index into `IrFunction.values`. */
export type Value = number;

export type ValueKind =
  /** A 32-bit constant; of class f its bits. */
  | 'const'
  /** The address of a symbol plus `imm`. */
  | 'symbol'
  | 'param'
  | 'result';

export interface ValueInfo {
  readonly kind: ValueKind;
  readonly type: RegisterClass;
  readonly imm: number;
  readonly symbol: string;
  /** Of a parameter. */
  readonly block: Block | undefined;
  /** Of a result. */
  readonly inst: Inst | undefined;
}

/** The block in which a value is made; undefined for constants, which are everywhere. */
export function homeOf(fn: IrFunction, value: Value): Block | undefined {
  const { inst, block } = fn.values[value];
  return inst?.block ?? block;
}

export interface Inst {
  op: string;
  args: Value[];
  results: Value[];
  /** Byte offset of an access, code of a trap. */
  imm: number;
  /** Function called; of a call through a table that nothing changes, the table. */
  symbol: string;
  /** Of a call: how its arguments and results travel; absent for runtime routines, whose words all go one by one. */
  signature?: Signature;
  /** Of an access: the checks (`trapif`) that must stand before it. */
  guards?: readonly Inst[];
  /** Of an access: to a word that the program's own stores never reach (a global, the size of memory or of a table). */
  isOwn?: boolean;
  /** Of a check that was removed: the same check before it; or that it is known to hold. */
  settled?: Inst | 'holds';
  /** Byte offset of the WebAssembly instruction it comes from. */
  readonly at: number;
  block: Block;
}

/** The checks that still stand before an access. */
export function guardsOf(inst: Inst): readonly Inst[] {
  if (!inst.guards) return [];
  return inst.guards.flatMap((guard) => {
    let found = guard;
    while (found.settled !== undefined && found.settled !== 'holds') found = found.settled;
    return found.settled === 'holds' ? [] : [found];
  });
}

export interface Edge {
  to: Block;
  args: Value[];
}

export type Terminator =
  | { readonly kind: 'jump'; readonly edges: [Edge] }
  /** edges: taken when the condition is not 0, taken when it is 0. */
  | { readonly kind: 'branch'; condition: Value; readonly edges: [Edge, Edge] }
  /** One edge per index from 0, the last for all others. */
  | { readonly kind: 'switch'; condition: Value; readonly edges: Edge[] }
  /** The hardware's way back: edges to the loop's header and out of it; see `counted.ts`. */
  | { readonly kind: 'loopback'; readonly edges: [Edge, Edge] }
  | { readonly kind: 'return'; args: Value[]; readonly edges: [] }
  | { readonly kind: 'trap'; readonly code: number; readonly edges: [] };

export interface Block {
  id: number;
  params: Value[];
  insts: Inst[];
  end: Terminator;
  /** Number of loops around it; filled in by `analyse`. */
  depth: number;
}

/** A parameter or result as the calling convention sees it: one word, or two that stay together. */
export type AbiType = 'i' | 'f' | 'l';

export interface Signature {
  readonly params: readonly AbiType[];
  readonly results: readonly AbiType[];
}

export interface IrFunction {
  readonly name: string;
  readonly symbol: string;
  readonly signature: Signature;
  readonly values: ValueInfo[];
  /** In source order; the first is the entry, its parameters are the function's. */
  blocks: Block[];
  readonly constants: Map<string, Value>;
}

/** Why a program stops. The numbers are handed to the trap handler in a2. */
export const traps = {
  unreachable: 1,
  'integer divide by zero': 2,
  'integer overflow': 3,
  'invalid conversion to integer': 4,
  'out of bounds memory access': 5,
  'out of bounds table access': 6,
  'undefined element': 7,
  'uninitialized element': 8,
  'indirect call type mismatch': 9,
  'call stack exhausted': 10,
} as const;
export type TrapName = keyof typeof traps;

/** Trap numbers from here on have names of their own; see `trapNames` of the compile options. */
export const FIRST_NAMED_TRAP = 256;

export function trapName(code: number, named: readonly string[] = []): string {
  if (code >= FIRST_NAMED_TRAP && named[code - FIRST_NAMED_TRAP] !== undefined)
    return named[code - FIRST_NAMED_TRAP];
  return Object.keys(traps).find((name) => traps[name as TrapName] === code) ?? `trap ${code}`;
}

export function createFunction(name: string, symbol: string, signature: Signature): IrFunction {
  return { name, symbol, signature, values: [], blocks: [], constants: new Map() };
}

export function createBlock(fn: IrFunction): Block {
  const block: Block = {
    id: fn.blocks.length,
    params: [],
    insts: [],
    end: { kind: 'trap', code: traps.unreachable, edges: [] },
    depth: 0,
  };
  fn.blocks.push(block);
  return block;
}

function newValue(fn: IrFunction, info: ValueInfo): Value {
  return fn.values.push(info) - 1;
}

export function constant(fn: IrFunction, imm: number, type: RegisterClass = 'i'): Value {
  return floating(fn, `${type}${imm | 0}`, { kind: 'const', type, imm: imm | 0, symbol: '' });
}

export function symbolAddress(fn: IrFunction, symbol: string, addend = 0): Value {
  return floating(fn, `${symbol}+${addend}`, { kind: 'symbol', type: 'i', imm: addend, symbol });
}

function floating(fn: IrFunction, key: string, info: Omit<ValueInfo, 'block' | 'inst'>): Value {
  let value = fn.constants.get(key);
  if (value === undefined) {
    value = newValue(fn, { ...info, block: undefined, inst: undefined });
    fn.constants.set(key, value);
  }
  return value;
}

export function addParam(fn: IrFunction, block: Block, type: RegisterClass): Value {
  const value = newValue(fn, { kind: 'param', type, imm: 0, symbol: '', block, inst: undefined });
  block.params.push(value);
  return value;
}

/** Appends an instruction to a block; `results` are the classes of what it yields. */
export function append(
  fn: IrFunction,
  block: Block,
  op: string,
  args: Value[],
  results: readonly RegisterClass[],
  rest: { imm?: number; symbol?: string; at?: number } = {},
): Inst {
  const inst: Inst = {
    op,
    args,
    results: [],
    imm: rest.imm ?? 0,
    symbol: rest.symbol ?? '',
    at: rest.at ?? 0,
    block,
  };
  inst.results = results.map((type) =>
    newValue(fn, { kind: 'result', type, imm: 0, symbol: '', block: undefined, inst }),
  );
  block.insts.push(inst);
  return inst;
}

/** The constant's value, or undefined for anything else. */
export function constantOf(fn: IrFunction, value: Value): number | undefined {
  const info = fn.values[value];
  return info.kind === 'const' ? info.imm : undefined;
}

export function wordsOf(type: ValueType): readonly RegisterClass[] {
  return type === 'i64' || type === 'f64' ? ['i', 'i'] : type === 'f32' ? ['f'] : ['i'];
}

export function abiType(type: ValueType): AbiType {
  return type === 'i64' || type === 'f64' ? 'l' : type === 'f32' ? 'f' : 'i';
}
