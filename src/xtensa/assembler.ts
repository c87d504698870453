/**
 * The typed builder: an assembly program written in TypeScript. Every instruction is a method whose operands the type
 * checker knows (dots become underscores: `asm.ee_vmulas_s8_accx_ld_ip(q4, a3, 16, q0, q1)`); labels, literal pools,
 * alignment, dense encodings and branches that reach are taken care of.
 */
import { UsageError } from '../errors.ts';
import type { Instructions } from './builder.generated.ts';
import type { Expression } from './expression.ts';
import {
  type AlignItem,
  append,
  type BytesItem,
  type CommentItem,
  type FitItem,
  type SpaceItem,
  type WordsItem,
} from './items.ts';
import { placePool } from './literals.ts';
import { defaultAttributes, type ObjectCode } from './object.ts';
import { createPool, type Pool } from './pool.ts';
import {
  appendInstruction,
  createProgram,
  defineLabel,
  finishProgram,
  type Program,
  sectionNamed,
  uniqueName,
} from './program.ts';
import type { AR, Label, Register, Target } from './registers.ts';
import { type Opcode, opcodes } from './table.ts';

export interface AssemblerOptions {
  /** Section to begin with; default `.text`. */
  section?: string;
  /** Choose 16-bit forms where operands permit; default true. */
  density?: boolean;
}

/** A number, the address of a symbol or label, or a distance: `{ operator: '-', left: end, right: start }`. */
export type WordValue = Target | Expression;

/** The instructions whose operands may be more than the instruction itself holds, and everything that is not one. */
export interface Assembler extends Instructions, Pool {
  /** `mov`: `or` or its dense form. */
  mov(to: AR, from: AR): void;
  /** Any 32-bit constant or address: what does not fit the instruction comes from the literal pool by `l32r`. */
  movi(to: AR, value: WordValue): void;
  /** Runs the body `count` times without branches (`count` 0 means 2^32 times); the end is a label or a function. */
  loop(count: AR, body: Target | (() => void)): void;
  /** Like loop, but skips the body when `count` is 0. */
  loopnez(count: AR, body: Target | (() => void)): void;
  /** Like loop, but skips the body when `count` is 0 or negative. */
  loopgtz(count: AR, body: Target | (() => void)): void;

  /** A new label, to be placed once; the hint shows in listings. */
  label(hint?: string): Label;
  /** Puts a label, or a symbol that other objects can see, here. */
  place(label: Label | string): Label;
  /** Starts a function: literal pool, alignment to 4 bytes and a global symbol. */
  function(name: string): Label;
  /** Pads to a multiple of `boundary` bytes: with nops in code, with zeros in data sections. */
  align(boundary: number): void;
  /** Pads so that the next instruction does not cross a fetch word: a taken branch to it then costs no extra cycle. */
  alignTarget(): void;
  /** Puts the literals collected from here on here; nothing may run into it. */
  literals(): void;
  word(...values: WordValue[]): void;
  half(...values: number[]): void;
  byte(...values: number[]): void;
  bytes(bytes: Uint8Array): void;
  /** Zero bytes. */
  space(count: number): void;
  comment(text: string): void;
  /** Continues in another section. */
  section(name: string, options?: { align?: number; code?: boolean }): void;
  /** Encodes what `body` appends exactly as written: no dense forms, no expansion, no padding. */
  exact(body: () => void): void;
  /** An instruction by its mnemonic, operands as numbers, registers or targets: for programs that write programs. */
  emit(mnemonic: string, ...operands: (Register | WordValue)[]): void;
  /** Lays everything out. Throws a UsageError that names the nearest symbol where something does not fit. */
  finish(): ObjectCode;
}

type Argument = Register | Label | Expression | string;

function expressionOf(value: Label | Expression | string): Expression {
  if (typeof value === 'string') return { symbol: value };
  return typeof value === 'object' && 'kind' in value ? { symbol: value.name } : value;
}

/** Files that an operand takes; groups of booleans are written by their first one. */
const sameFile = (wanted: string, given: string): boolean =>
  wanted === given || (given === 'BR' && wanted.startsWith('BR'));

function operandOf(opcode: Opcode, index: number, argument: Argument): Expression {
  const operand = opcode.visible[index];
  const isRegister = typeof argument === 'object' && 'file' in argument;
  if (operand?.kind !== 'register') {
    if (!isRegister) return expressionOf(argument);
    throw new UsageError(
      `${opcode.name}: operand ${index + 1} is not a register, yet ${argument.name} was given.`,
    );
  }
  if (isRegister && sameFile(operand.regfile!, argument.file)) return argument.number;
  const given = isRegister ? argument.name : String(argument);
  throw new UsageError(`${opcode.name}: operand ${index + 1} ("${operand.name}") is not ${given}.`);
}

type Method = (...operands: Argument[]) => void;

function instructionMethods(program: Program): Record<string, Method> {
  const methods: Record<string, Method> = {};
  for (const opcode of opcodes) {
    if (opcode.name === 'nop' && opcode.length === 4) continue;
    methods[opcode.name.replaceAll('.', '_')] = (...operands) => {
      const values = operands.map((argument, index) => operandOf(opcode, index, argument));
      appendInstruction(program, opcode, values);
    };
  }
  return methods;
}

/** Labels, data and layout: the part that is no instruction. */
function directives(
  program: Program,
): Omit<
  Assembler,
  keyof Instructions | keyof Pool | 'mov' | 'movi' | 'loop' | 'loopnez' | 'loopgtz' | 'emit' | 'finish'
> {
  const numbers = (width: 1 | 2 | 4 | 8, expressions: readonly Expression[]): void => {
    append<WordsItem>(program.current, { kind: 'words', width, expressions }, width * expressions.length);
  };
  const align = (boundary: number): void => {
    if (!Number.isInteger(Math.log2(boundary)))
      throw new UsageError(`align: ${boundary} is not a power of two.`);
    program.current.align = Math.max(program.current.align, boundary);
    append<AlignItem>(program.current, { kind: 'align', boundary });
  };
  const place = (label: Label | string): Label => {
    const name = typeof label === 'string' ? label : label.name;
    defineLabel(program, name);
    return typeof label === 'string' ? { kind: 'label', name } : label;
  };
  return {
    label: (hint = 'label') => ({ kind: 'label', name: uniqueName(program, `${hint}_`) }),
    place,
    align,
    function(name) {
      placePool(program.current);
      align(4);
      return place(name);
    },
    alignTarget: () => void append<FitItem>(program.current, { kind: 'fit', purpose: 'next' }),
    literals: () => void placePool(program.current),
    word: (...values) => numbers(4, values.map(expressionOf)),
    half: (...values) => numbers(2, values),
    byte: (...values) => numbers(1, values),
    bytes: (bytes) =>
      void append<BytesItem>(program.current, { kind: 'bytes', bytes: bytes.slice() }, bytes.length),
    space: (count) =>
      void append<SpaceItem>(program.current, { kind: 'space', count, to: false, fill: 0 }, count),
    comment: (text) => void append<CommentItem>(program.current, { kind: 'comment', text }),
    section(name, options = {}) {
      const plain = defaultAttributes(name);
      const attributes = { ...plain, execute: options.code ?? plain.execute };
      program.current = sectionNamed(program, name, attributes);
      program.current.align = Math.max(program.current.align, options.align ?? 1);
    },
    exact(body) {
      const before = program.exact;
      program.exact = true;
      try {
        body();
      } finally {
        program.exact = before;
      }
    },
  };
}

export function createAssembler(options: AssemblerOptions = {}): Assembler {
  const program = createProgram(options);
  const methods = instructionMethods(program);
  const others = directives(program);
  const loopMethod =
    (name: string) =>
    (count: AR, body: Target | (() => void)): void => {
      const end = typeof body === 'function' ? others.label('loop_end') : body;
      methods[name](count, end);
      if (typeof body !== 'function') return;
      body();
      others.place(end as Label);
    };
  return {
    ...(methods as unknown as Instructions),
    ...createPool((text) => others.comment(text)),
    ...others,
    mov: (to, from) => methods.or(to, from, from),
    movi: (to, value) => methods.movi(to, value),
    loop: loopMethod('loop'),
    loopnez: loopMethod('loopnez'),
    loopgtz: loopMethod('loopgtz'),
    emit(mnemonic, ...operands) {
      const method = methods[mnemonic.replaceAll('.', '_')];
      if (!method) throw new UsageError(`there is no instruction "${mnemonic}".`);
      method(...operands);
    },
    finish: () => ({ sections: finishProgram(program).sections }),
  };
}
