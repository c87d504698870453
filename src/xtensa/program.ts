/** An assembly under way: sections, symbols, and the one place where instructions are appended. */
import { UsageError } from '../errors.ts';
import { emitSection } from './emit.ts';
import { decodeOperands, encodeInstruction, tryEncode } from './encode.ts';
import { type Expression, evaluate, evaluateNumber, type Locate } from './expression.ts';
import {
  append,
  type BranchItem,
  type CodeItem,
  createSection,
  type FitItem,
  type LabelItem,
  type PendingItem,
  type SectionItems,
} from './items.ts';
import { appendLabel, literalFor, markBarrier, placePoolBeforeLabels } from './literals.ts';
import { defaultAttributes, type ObjectCode, type Section, type SectionAttributes } from './object.ts';
import { branchForms, type Encoded, expansion, narrowForm, opcodeNamed, wideForm } from './select.ts';
import type { SourcePlace } from './source-place.ts';
import type { Opcode } from './table.ts';

export interface Program {
  sections: Map<string, SectionItems>;
  current: SectionItems;
  labels: Map<string, LabelItem>;
  /** `.set` symbols. */
  constants: Map<string, Expression>;
  globals: Set<string>;
  /** Globals that may be missing, or be replaced by another object's. */
  weak: Set<string>;
  /** `.comm` symbols, and what `.type` and `.size` said of others. */
  commons: Map<string, { size: number; align: number }>;
  symbolInfo: Map<string, { isFunction?: boolean; size?: Expression }>;
  /** Whether 16-bit forms are chosen by themselves. */
  density: boolean;
  /** Encode exactly what is written: no dense forms, no expansion, no relaxation, no alignment of loops. */
  exact: boolean;
  /** Literals, relaxations and alignment as in GNU as; the typed builder coalesces literals and avoids them. */
  likeGnu: boolean;
  /** For names of labels that have none. */
  counter: number;
}

/** The section of that name, created when it is new: with these attributes, or those that its name stands for. */
export function sectionNamed(
  program: Pick<Program, 'sections' | 'likeGnu'>,
  name: string,
  given?: SectionAttributes,
): SectionItems {
  let section = program.sections.get(name);
  if (!section) {
    const attributes = given ?? defaultAttributes(name);
    section = createSection(name, attributes, attributes.execute, program.likeGnu);
    program.sections.set(name, section);
  }
  return section;
}

export function createProgram(options: {
  section?: string;
  density?: boolean;
  exact?: boolean;
  likeGnu?: boolean;
}): Program {
  const sections = new Map<string, SectionItems>();
  const { likeGnu = false } = options;
  return {
    sections,
    current: sectionNamed({ sections, likeGnu }, options.section ?? '.text'),
    labels: new Map(),
    constants: new Map(),
    globals: new Set(),
    weak: new Set(),
    commons: new Map(),
    symbolInfo: new Map(),
    density: options.density ?? true,
    exact: options.exact ?? false,
    likeGnu,
    counter: 0,
  };
}

/** A name that no source text can contain. */
export function uniqueName(program: Program, hint: string): string {
  return `.L${hint}${program.counter++}`;
}

export function checkUndefined(program: Program, name: string): void {
  if (program.labels.has(name) || program.constants.has(name) || program.commons.has(name)) {
    throw new UsageError(`symbol "${name}" is already defined.`);
  }
}

/** GNU as aligns labels that conditional branches go to, but for those that debuggers want. */
export function alignAtLabel(program: Program, name: string, place: SourcePlace): void {
  if (program.exact || /^\.L[nM]/.test(name)) return;
  append<FitItem>(program.current, { kind: 'fit', purpose: 'label', place });
}

/** Puts a label at the end of the current section. */
export function defineLabel(program: Program, name: string, place?: SourcePlace): LabelItem {
  checkUndefined(program, name);
  const label = appendLabel(program.current, name, place);
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

const unconditional = new Set(['j', 'jx', 'ret', 'ret.n', 'retw', 'retw.n']);

/** The instruction as it is, with the three-byte form that the layout may choose for a dense one. */
function encodedWithWide({ opcode, word }: Encoded): Encoded & { wide?: Encoded } {
  const step = wideForm(opcode, decodeOperands(opcode, word));
  if (!step) return { opcode, word };
  const wide = opcodeNamed(step[0]);
  return { opcode, word, wide: { opcode: wide, word: encodeInstruction(wide, step[1]) } };
}

function appendCode(
  program: Program,
  opcode: Opcode,
  values: readonly number[],
  place: SourcePlace | undefined,
): void {
  const section = program.current;
  if (opcode.name === 'entry' && program.likeGnu && !program.exact) placePoolBeforeLabels(section);
  const narrow = program.density && !program.exact ? narrowForm(opcode, values) : undefined;
  const plain = narrow ?? { opcode, word: encodeInstruction(opcode, values) };
  const isWidenable = narrow !== undefined || (program.likeGnu && !program.exact);
  const encoded = isWidenable ? encodedWithWide(plain) : plain;
  append<CodeItem>(section, { kind: 'code', ...encoded, place }, plain.opcode.length);
  if (unconditional.has(opcode.name)) endOfFlow(program, place);
  else if (opcode.flag === 'call') alignBehindCall(program, place);
}

/** Nothing falls through here: a place for literals and, in GNU as, for bytes that align what follows. */
function endOfFlow(program: Program, place: SourcePlace | undefined): void {
  markBarrier(program.current);
  if (program.likeGnu && !program.exact)
    append<FitItem>(program.current, { kind: 'fit', purpose: 'jump', place });
}

/** GNU as aligns where calls return to. */
function alignBehindCall(program: Program, place: SourcePlace | undefined): void {
  if (program.likeGnu && !program.exact)
    append<FitItem>(program.current, { kind: 'fit', purpose: 'call', place });
}

/** `movi` of what its 12 bits cannot hold: the constant or address comes from the literal pool. */
function appendLiteralLoad(
  program: Program,
  register: number,
  expression: Expression,
  place: SourcePlace | undefined,
): void {
  const label = literalFor(program.current, expression, !program.likeGnu, () =>
    uniqueName(program, 'literal'),
  );
  program.labels.set(label.name, label);
  const opcode = opcodeNamed('l32r');
  const values = [register, 0];
  append<PendingItem>(
    program.current,
    { kind: 'pending', opcode, values, index: 1, expression: { symbol: label.name }, place },
    opcode.length,
  );
}

function appendLabelled(
  program: Program,
  opcode: Opcode,
  values: readonly number[],
  index: number,
  expression: Expression,
  place: SourcePlace | undefined,
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
      place,
    };
    append<BranchItem>(section, item, opcode.length);
    return;
  }
  if (opcode.flag === 'loop' && !exact) append<FitItem>(section, { kind: 'fit', purpose: 'loop', place }, 2);
  append<PendingItem>(
    section,
    { kind: 'pending', opcode, values, index, expression, exact, place },
    opcode.length,
  );
  if (opcode.name === 'j') endOfFlow(program, place);
  else if (opcode.flag === 'call') alignBehindCall(program, place);
}

/** An immediate whose value only the layout (or, for `movi`, the linker) knows. */
function appendDeferred(
  program: Program,
  opcode: Opcode,
  values: readonly number[],
  index: number,
  expression: Expression,
  place: SourcePlace | undefined,
): void {
  if (opcode.name === 'movi' && !program.exact) {
    appendLiteralLoad(program, values[0], expression, place);
    return;
  }
  append<PendingItem>(
    program.current,
    { kind: 'pending', opcode, values, index, expression, place },
    opcode.length,
  );
}

/** An instruction all of whose operands are known: as it is where it can be, else what GNU as makes of it. */
function appendFixed(
  program: Program,
  opcode: Opcode,
  values: readonly number[],
  place: SourcePlace | undefined,
): void {
  const isPossible =
    program.exact ||
    tryEncode(opcode, values) !== undefined ||
    (program.density && narrowForm(opcode, values) !== undefined);
  const wide = isPossible || !program.likeGnu ? undefined : wideForm(opcode, values);
  if (wide) {
    appendFixed(program, opcodeNamed(wide[0]), wide[1], place);
    return;
  }
  const steps = isPossible ? undefined : expansion(opcode.name, values, program.likeGnu);
  if (!steps) {
    appendCode(program, opcode, values, place);
    return;
  }
  for (const step of steps) {
    if ('literal' in step) appendLiteralLoad(program, step.register, step.literal, place);
    else appendCode(program, opcodeNamed(step[0]), step[1], place);
  }
}

/** Appends an instruction; `operands` are its visible ones: register numbers, immediates and targets. */
export function appendInstruction(
  program: Program,
  opcode: Opcode,
  operands: readonly Expression[],
  place?: SourcePlace,
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
  if (pending < 0) appendFixed(program, opcode, values, place);
  else if (visible[pending].kind === 'label')
    appendLabelled(program, opcode, values, pending, operands[pending], place);
  else appendDeferred(program, opcode, values, pending, operands[pending], place);
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

/** What a `.set` symbol that others may use stands for: a place beside a label, or a number. */
function exportConstant(
  program: Program,
  name: string,
  sections: ReadonlyMap<object, Section>,
): number | undefined {
  const locate = locateIn(program);
  const { symbol, offset } = evaluate({ symbol: name }, locate);
  if (symbol === undefined) return offset;
  const place = locate(symbol);
  // A second name for what another object defines: uses of it are uses of that symbol already.
  if (!place || 'set' in place) return undefined;
  sections.get(place.section)?.symbols.set(name, place.offset + offset);
  return undefined;
}

/** What `.size` said; debuggers want it, nothing depends on it. */
function sizeOf(size: Expression, locate: Locate): number | undefined {
  try {
    return evaluateNumber(size, locate);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/** Lays out and emits every section that has something in it. `bases` are section addresses known beforehand. */
export function finishProgram(program: Program, bases: Readonly<Record<string, number>> = {}): ObjectCode {
  const locate = locateIn(program);
  const sections = new Map<object, Section>();
  for (const section of program.sections.values()) {
    if (section.items.length > 0) sections.set(section, emitSection(section, locate, bases[section.name]));
  }
  const absolutes = new Map<string, number>();
  for (const name of program.globals) {
    if (!program.constants.has(name)) continue;
    const value = exportConstant(program, name, sections);
    if (value !== undefined) absolutes.set(name, value);
  }
  const { globals, weak, commons } = program;
  const symbolInfo = new Map(
    [...program.symbolInfo].map(([name, { isFunction, size }]) => [
      name,
      { isFunction, size: size === undefined ? undefined : sizeOf(size, locate) },
    ]),
  );
  return { sections: [...sections.values()], globals, weak, absolutes, commons, symbolInfo };
}
