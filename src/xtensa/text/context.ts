/** What an assembly of source text carries along. */
import { UsageError } from '../../errors.ts';
import { type Expression, evaluateNumber } from '../expression.ts';
import type { SectionItems } from '../items.ts';
import { defineLabel, locateIn, type Program, uniqueName } from '../program.ts';
import type { SourcePlace } from '../source-place.ts';
import { type Names, parseExpression } from './expressions.ts';
import { type Statement, splitOutside } from './statements.ts';

export interface Macro {
  name: string;
  parameters: { name: string; fallback: string; required: boolean; rest: boolean }[];
  body: Statement[];
}

export interface Context {
  program: Program;
  /** Where the statement under way was written. */
  place: SourcePlace;
  macros: Map<string, Macro>;
  longCalls: boolean;
  /** Loop instructions so far, and the numbers of those that are written out for their long bodies. */
  loops: number;
  farLoops: ReadonlySet<number>;
  /** What `.begin` saved, innermost last. */
  regions: { name: string; restore: () => void }[];
  /** `.pushsection` and `.previous`. */
  sectionStack: { current: SectionItems; previous: SectionItems | undefined }[];
  previousSection: SectionItems | undefined;
  /** How often each numeric label was defined. */
  numericCounts: Map<number, number>;
  /** Numeric labels referred to before they were defined: name and place. */
  awaited: Map<string, SourcePlace>;
  names: Names;
  /** What `.local` named. */
  locals: Set<string>;
  /** What `.warning` and `.print` said. */
  messages: string[];
}

const numericName = (number: number, count: number): string => `.L${number}@${count}`;

/** `1:` */
export function defineNumericLabel(context: Context, number: number): void {
  const count = (context.numericCounts.get(number) ?? 0) + 1;
  context.numericCounts.set(number, count);
  const name = numericName(number, count);
  context.awaited.delete(name);
  defineLabel(context.program, name, context.place);
}

function numericReference(context: Context, number: number, direction: 'f' | 'b'): Expression {
  const count = context.numericCounts.get(number) ?? 0;
  if (direction === 'b') {
    if (count === 0) throw new UsageError(`there is no label ${number}: before this line.`);
    return { symbol: numericName(number, count) };
  }
  const name = numericName(number, count + 1);
  if (!context.awaited.has(name)) context.awaited.set(name, context.place);
  return { symbol: name };
}

export function createContext(program: Program, farLoops: ReadonlySet<number>, file?: string): Context {
  const context: Context = {
    program,
    place: { file, line: 1 },
    macros: new Map(),
    longCalls: false,
    loops: 0,
    farLoops,
    regions: [],
    sectionStack: [],
    previousSection: undefined,
    numericCounts: new Map(),
    awaited: new Map(),
    messages: [],
    locals: new Set(),
    names: {
      here: () => ({ symbol: defineLabel(program, uniqueName(program, 'here'), context.place).name }),
      numeric: (number, direction) => numericReference(context, number, direction),
      constant(name) {
        const value = program.constants.get(name);
        return typeof value === 'number' ? value : undefined;
      },
    },
  };
  return context;
}

export const parse = (context: Context, text: string): Expression => parseExpression(text, context.names);

/** A number that must be known here: for `.if`, `.rept`, `.align`. */
export function parseNumber(context: Context, text: string): number {
  return evaluateNumber(parse(context, text), (name) => {
    const located = locateIn(context.program)(name);
    return located && 'set' in located ? located : undefined;
  });
}

/** Comma-separated arguments, trimmed; none for an empty text. */
export function splitArguments(text: string): string[] {
  if (text.trim() === '') return [];
  return splitOutside(text, ',', true).map((part) => part.trim());
}
