import type { WasmOpcode } from './opcodes.ts';

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'funcref' | 'externref';

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface Limits {
  readonly min: number;
  readonly max: number | undefined;
}

export interface TableType extends Limits {
  readonly element: ValueType;
}

export interface GlobalType {
  readonly type: ValueType;
  readonly mutable: boolean;
}

export type ExternType =
  | { readonly kind: 'func'; readonly typeIndex: number }
  | ({ readonly kind: 'table' } & TableType)
  | ({ readonly kind: 'memory' } & Limits)
  | ({ readonly kind: 'global' } & GlobalType);

export type ExternKind = ExternType['kind'];

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly type: ExternType;
}

export interface Export {
  readonly name: string;
  readonly kind: ExternKind;
  readonly index: number;
}

/** One decoded instruction. Which of `a`, `b`, `list` mean something depends on the row's immediate kind. */
export interface Instruction {
  readonly op: WasmOpcode;
  /** First immediate: an index, an alignment exponent, or the low 32 bits of a constant. */
  readonly a: number;
  /** Second immediate: a memory offset, a table index, or the high 32 bits of a constant. */
  readonly b: number;
  /** Labels of br_table (default last). */
  readonly list?: readonly number[];
  /** Block signature, select type, or ref.null type. */
  readonly type?: FunctionType;
  /** Byte offset in the file, for source maps and messages. */
  readonly at: number;
}

export interface WasmFunction {
  readonly typeIndex: number;
  readonly type: FunctionType;
  /** Declared locals, without the parameters. */
  readonly locals: readonly ValueType[];
  readonly code: readonly Instruction[];
  /** For block, loop, if and else: index of the matching else or end. */
  readonly matching: ReadonlyMap<number, number>;
  /** Byte offset of the body in the file. */
  readonly at: number;
}

/** A feature met in the file that the compiler will refuse when the function is compiled. */
export interface Refusal {
  readonly feature: string;
  readonly at: number;
}

export interface Global {
  readonly type: GlobalType;
  readonly init: readonly Instruction[];
}

export interface ElementSegment {
  readonly mode: 'active' | 'passive' | 'declarative';
  readonly table: number;
  readonly offset: readonly Instruction[];
  readonly type: ValueType;
  readonly items: readonly (readonly Instruction[])[];
}

export interface DataSegment {
  readonly mode: 'active' | 'passive';
  readonly offset: readonly Instruction[];
  readonly bytes: Uint8Array;
}

export interface WasmModule {
  readonly types: FunctionType[];
  readonly imports: Import[];
  /** Type indices of all functions, imported ones first. */
  readonly functionTypes: number[];
  readonly tables: TableType[];
  readonly memories: Limits[];
  readonly globals: GlobalType[];
  /** Initial values of the globals defined here. */
  readonly globalInits: Global[];
  readonly exports: Export[];
  readonly elements: ElementSegment[];
  readonly data: DataSegment[];
  readonly functions: WasmFunction[];
  /** Functions (by index among those defined here) whose body could not be read because of a refused feature. */
  readonly refused: Map<number, Refusal>;
  start: number | undefined;
  dataCount: number | undefined;
  name: string | undefined;
  readonly functionNames: Map<number, string>;
  sourceMapUrl: string | undefined;
}

export function importCount(module: WasmModule, kind: ExternKind): number {
  return module.imports.filter((entry) => entry.type.kind === kind).length;
}

export function functionTypeOf(module: WasmModule, index: number): FunctionType {
  return module.types[module.functionTypes[index]];
}

/** Name for messages and symbols: from the name section, else from an export, else by number. */
export function functionName(module: WasmModule, index: number): string {
  const named = module.functionNames.get(index);
  if (named !== undefined) return named;
  const exported = module.exports.find((entry) => entry.kind === 'func' && entry.index === index);
  return exported?.name ?? `function ${index}`;
}

export function typeKey(type: FunctionType): string {
  return `${type.params.join(' ')}:${type.results.join(' ')}`;
}
