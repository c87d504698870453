/** An assembly under way: sections, symbols, and the one place where instructions are appended. */
import { UsageError } from '../errors.ts';
import { emitSection } from './emit.ts';
import { encodeInstruction, tryEncode } from './encode.ts';
import { type Expression, evaluate, type Locate } from './expression.ts';
import {
  append,
  type BranchItem,
  type CodeItem,
  createSection,
  type FitItem,
  type LabelItem,
  type Line,
  type PendingItem,
  type SectionItems,
} from './items.ts';
import { appendLabel, literalFor, markBarrier } from './literals.ts';
import type { ObjectCode } from './object.ts';
import { branchForms, expansion, narrowForm, opcodeNamed } from './select.ts';
import type { Opcode } from './table.ts';

export interface Program {
  sections: Map<string, SectionItems>;
  current: SectionItems;
  labels: Map<string, LabelItem>;
  /** `.set` symbols. */
  constants: Map<string, Expression>;
  globals: Set<string>;
  /** Whether 16-bit forms are chosen by themselves. */
  density: boolean;
  /** Encode exactly what is written: no dense forms, no expansion, no relaxation, no alignment of loops. */
  exact: boolean;
  /** For names of labels that have none. */
  counter: number;
}

const looksLikeCode = (name: string): boolean =>
  /^\.?(text|iram|init|fini|literal|.*\.text|.*vector)/i.test(name);

/** The section of that name, created when it is new. */
export function sectionNamed(
  program: Pick<Program, 'sections'>,
  name: string,
  code = looksLikeCode(name),
): SectionItems {
  let section = program.sections.get(name);
  if (!section) {
    section = createSection(name, code);
    program.sections.set(name, section);
  }
  return section;
}

export function createProgram(options: { section?: string; density?: boolean; exact?: boolean }): Program {
  const sections = new Map<string, SectionItems>();
  return {
    sections,
    current: sectionNamed({ sections }, options.section ?? '.text'),
    labels: new Map(),
    constants: new Map(),
    globals: new Set(),
    density: options.density ?? true,
    exact: options.exact ?? false,
    counter: 0,
  };
}

/** A name that no source text can contain. */
export function uniqueName(program: Program, hint: string): string {
  return `.L${hint}${program.counter++}`;
}

export function checkUndefined(program: Program, name: string): void {
  if (program.labels.has(name) || program.constants.has(name)) {
    throw new UsageError(`symbol "${name}" is already defined.`);
  }
}

/** Puts a label at the end of the current section. */
export function defineLabel(program: Program, name: string, line?: Line): LabelItem {
  checkUndefined(program, name);
  const label = appendLabel(program.current, name, line);
  program.labels.set(name, label);
  return label;
}

export function locateIn(program: Program): Locate {
  return (name) => {
    const set = program.constants.get(name);
    if (set !== undefined) return { set };
    return program.labels.get(name);
  };
}

function appendCode(program: Program, opcode: Opcode, values: readonly number[], line: Line): void {
  const section = program.current;
  const narrow = program.density && !program.exact ? narrowForm(opcode, values) : undefined;
  if (narrow) {
    const wide = { opcode, word: encodeInstruction(opcode, values) };
    append<CodeItem>(section, { kind: 'code', ...narrow, wide, line }, narrow.opcode.length);
  } else {
    append<CodeItem>(
      section,
      { kind: 'code', opcode, word: encodeInstruction(opcode, values), line },
      opcode.length,
    );
  }
  if (opcode.flag === 'jump' || opcode.name === 'ret' || opcode.name === 'retw') markBarrier(section);
}

/** `movi` of what its 12 bits cannot hold: the constant or address comes from the literal pool. */
function appendLiteralLoad(program: Program, register: number, expression: Expression, line: Line): void {
  const label = literalFor(program.current, expression, () => uniqueName(program, 'literal'));
  program.labels.set(label.name, label);
  const opcode = opcodeNamed('l32r');
  const values = [register, 0];
  append<PendingItem>(
    program.current,
    { kind: 'pending', opcode, values, index: 1, expression: { symbol: label.name }, line },
    opcode.length,
  );
}

function appendLabelled(
  program: Program,
  opcode: Opcode,
  values: readonly number[],
  index: number,
  expression: Expression,
  line: Line,
): void {
  const section = program.current;
  const { exact } = program;
  if (opcode.flag === 'branch') {
    const forms = branchForms(opcode, program.density, exact);
    const item = {
      kind: 'branch' as const,
      forms,
      form: 0,
      values: values.slice(0, -1),
      target: expression,
      line,
    };
    append<BranchItem>(section, item, opcode.length);
    return;
  }
  if (opcode.flag === 'loop' && !exact) append<FitItem>(section, { kind: 'fit', beforeLoop: true, line }, 2);
  append<PendingItem>(section, { kind: 'pending', opcode, values, index, expression, line }, opcode.length);
  if (opcode.name === 'j') markBarrier(section);
}

/** An immediate whose value only the layout (or, for `movi`, the linker) knows. */
function appendDeferred(
  program: Program,
  opcode: Opcode,
  values: readonly number[],
  index: number,
  expression: Expression,
  line: Line,
): void {
  if (opcode.name === 'movi' && !program.exact) {
    appendLiteralLoad(program, values[0], expression, line);
    return;
  }
  append<PendingItem>(
    program.current,
    { kind: 'pending', opcode, values, index, expression, line },
    opcode.length,
  );
}

function appendFixed(program: Program, opcode: Opcode, values: readonly number[], line: Line): void {
  if (!program.exact && tryEncode(opcode, values) === undefined) {
    if (
      opcode.name === 'movi' &&
      Number.isInteger(values[1]) &&
      values[1] >= -0x80000000 &&
      values[1] <= 0xffffffff
    ) {
      appendLiteralLoad(program, values[0], values[1], line);
      return;
    }
    const steps = expansion(opcode.name, values);
    if (steps) {
      for (const [name, operands] of steps) appendCode(program, opcodeNamed(name), operands, line);
      return;
    }
  }
  appendCode(program, opcode, values, line);
}

/** Appends an instruction; `operands` are its visible ones: register numbers, immediates and targets. */
export function appendInstruction(
  program: Program,
  opcode: Opcode,
  operands: readonly Expression[],
  line?: Line,
): void {
  const { visible } = opcode;
  if (operands.length !== visible.length) {
    throw new UsageError(`${opcode.name} takes ${visible.length} operands, not ${operands.length}.`);
  }
  let pending = -1;
  const values = operands.map((operand, index) => {
    if (visible[index].kind !== 'label') {
      if (typeof operand === 'number') return operand;
      const known = knownNumber(program, operand);
      if (known !== undefined) return known;
    }
    if (pending >= 0) throw new UsageError(`${opcode.name}: only one operand may depend on addresses.`);
    pending = index;
    return 0;
  });
  if (pending < 0) appendFixed(program, opcode, values, line);
  else if (visible[pending].kind === 'label')
    appendLabelled(program, opcode, values, pending, operands[pending], line);
  else appendDeferred(program, opcode, values, pending, operands[pending], line);
}

/** The value of an expression that needs no addresses. */
function knownNumber(program: Program, expression: Expression): number | undefined {
  const locate: Locate = (name) => {
    const set = program.constants.get(name);
    return set === undefined ? undefined : { set };
  };
  try {
    const value = evaluate(expression, locate);
    return value.symbol === undefined ? value.offset : undefined;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/** Lays out and emits every section that has something in it. `bases` are section addresses known beforehand. */
export function finishProgram(program: Program, bases: Readonly<Record<string, number>> = {}): ObjectCode {
  const locate = locateIn(program);
  const sections = [...program.sections.values()]
    .filter((section) => section.items.length > 0)
    .map((section) => emitSection(section, locate, bases[section.name]));
  for (const name of program.globals) {
    if (program.constants.has(name)) {
      throw new UsageError(`"${name}" is a constant (.set), which cannot be global here.`);
    }
  }
  return { sections, globals: program.globals };
}
