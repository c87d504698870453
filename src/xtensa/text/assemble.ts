/** GNU-syntax text to object code. */
import { UsageError } from '../../errors.ts';
import type { Expression } from '../expression.ts';
import type { ObjectCode } from '../object.ts';
import { appendInstruction, createProgram, defineLabel, finishProgram } from '../program.ts';
import { type Context, createContext, defineNumericLabel, parse, splitArguments } from './context.ts';
import { assign, findDirective } from './directives.ts';
import { expand } from './expand.ts';
import { resolveInstruction } from './mnemonics.ts';
import { preprocess } from './preprocess.ts';
import { type Statement, splitStatements } from './statements.ts';

export interface AssembleTextOptions {
  /** Choose 16-bit forms where operands permit; default true. */
  density?: boolean;
  /** As if the text began with `.begin no-transform`. */
  exact?: boolean;
  /** Addresses of sections known beforehand: branches to absolute addresses need them. */
  bases?: Readonly<Record<string, number>>;
  /** Runs the C preprocessor's conditionals and object-like macros first, as for files named `.S`. */
  preprocess?: boolean;
  /** Symbols to begin with: constants for `.ifdef` and expressions, macros for the preprocessor. */
  defines?: Readonly<Record<string, string>>;
  /** Receives what `.warning` and `.print` say. */
  onMessage?: (message: string) => void;
}

function assembleInstruction(context: Context, mnemonic: string, operandText: string): void {
  const { program } = context;
  const options = {
    exact: program.exact,
    longCalls: context.longCalls,
    isNear: (target: Expression) =>
      typeof target === 'object' &&
      'symbol' in target &&
      program.labels.get(target.symbol)?.section === program.current,
  };
  const operands = splitArguments(operandText);
  const instructions = resolveInstruction(mnemonic, operands, options, (text) => parse(context, text));
  for (const { opcode, operands: values, exact } of instructions) {
    const before = program.exact;
    program.exact = exact;
    try {
      appendInstruction(program, opcode, values, context.line);
    } finally {
      program.exact = before;
    }
  }
}

function assembleStatement(context: Context, statement: Statement): void {
  context.line = statement.line;
  let { text } = statement;
  for (let label = labelPattern.exec(text); label; label = labelPattern.exec(text)) {
    if (/^\d/.test(label[1])) defineNumericLabel(context, Number(label[1]));
    else defineLabel(context.program, label[1], context.line);
    text = text.slice(label[0].length);
  }
  if (text === '') return;
  const assignment = /^([A-Za-z_.$][\w.$]*)\s*==?(?!=)\s*([\s\S]*)$/.exec(text);
  if (assignment) {
    assign(context, assignment[1], assignment[2]);
    return;
  }
  const [, word, rest] = /^(\S+)\s*([\s\S]*)$/.exec(text)!;
  if (!word.startsWith('.')) {
    assembleInstruction(context, word, rest);
    return;
  }
  const directive = findDirective(word);
  if (!directive) throw new UsageError(`the directive ${word} is not known.`);
  directive(context, rest);
}

const labelPattern = /^([A-Za-z_.$][\w.$]*|\d+)\s*:\s*/;

/** What is left open at the end of the text. */
function checkClosed(context: Context): void {
  const [awaited] = context.awaited;
  if (awaited) {
    const [name, line] = awaited;
    throw new UsageError(`line ${line}: no label ${name.slice(2).split('@')[0]}: follows.`);
  }
  const region = context.regions.at(-1);
  if (region) throw new UsageError(`".begin ${region.name}" has no .end.`);
}

function withLine(context: Context, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`line ${context.line}: ${error.message}`);
  }
}

/**
 * Assembles text as GNU as for this core takes it. Literals go before the code that uses them, in its own section: at
 * the last `.literal_position`, else at the start of the section. Throws a UsageError that begins with the line.
 */
export function assembleText(source: string, options: AssembleTextOptions = {}): ObjectCode {
  const { density, exact } = options;
  const program = createProgram({ density, exact });
  const context = createContext(program);
  const expander = {
    context,
    assemble: (statement: Statement) => assembleStatement(context, statement),
    statements: 0,
    expansions: 0,
  };
  const text = options.preprocess ? preprocess(source, options.defines) : source;
  const statements = splitStatements(text);
  withLine(context, () => {
    for (const [name, value] of Object.entries(options.defines ?? {}))
      assign(context, name, value === '' ? '1' : value);
    expand(expander, statements);
  });
  checkClosed(context);
  const object = finishProgram(program, options.bases);
  for (const message of context.messages) options.onMessage?.(message);
  return object;
}
