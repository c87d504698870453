/** GNU-syntax text to object code. */
import { UsageError } from '../../errors.ts';
import { FarLoop } from '../emit.ts';
import type { Expression } from '../expression.ts';
import type { ObjectCode } from '../object.ts';
import { alignAtLabel, appendInstruction, createProgram, defineLabel, finishProgram } from '../program.ts';
import { atPlace, describePlace, PlacedError } from '../source-place.ts';
import { type Context, createContext, defineNumericLabel, parse, splitArguments } from './context.ts';
import { type PreprocessOptions, preprocess } from './cpp/preprocess.ts';
import { assign, findDirective } from './directives.ts';
import { expand } from './expand.ts';
import { appendLoop } from './far-loop.ts';
import { resolveInstruction } from './mnemonics.ts';
import { type Statement, sourceLines, splitStatements } from './statements.ts';

export interface AssembleTextOptions extends PreprocessOptions {
  /** Choose 16-bit forms where operands permit; default true. */
  density?: boolean;
  /** As if the text began with `.begin no-transform`. */
  exact?: boolean;
  /** Addresses of sections known beforehand: branches to absolute addresses need them. */
  bases?: Readonly<Record<string, number>>;
  /** Runs the C preprocessor first, as for files named `.S`; without it `defines` are symbols. */
  preprocess?: boolean;
}

function assembleInstruction(context: Context, mnemonic: string, operandText: string): void {
  const { program } = context;
  const options = {
    exact: program.exact,
    density: program.density,
    isSymbol: (name: string) => program.labels.has(name) || program.globals.has(name),
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
      if (opcode.flag === 'loop' && !exact) {
        const number = context.loops++;
        appendLoop(program, opcode, values, context.place, { number, isFar: context.farLoops.has(number) });
      } else appendInstruction(program, opcode, values, context.place);
    } finally {
      program.exact = before;
    }
  }
}

function assembleStatement(context: Context, statement: Statement): void {
  context.place = statement.place;
  let { text } = statement;
  for (let label = labelPattern.exec(text); label; label = labelPattern.exec(text)) {
    alignAtLabel(context.program, label[1], context.place);
    if (/^\d/.test(label[1])) defineNumericLabel(context, Number(label[1]));
    else defineLabel(context.program, label[1], context.place);
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
    const [name, place] = awaited;
    throw new PlacedError(`${describePlace(place)}: no label ${name.slice(2).split('@')[0]}: follows.`);
  }
  const region = context.regions.at(-1);
  if (region) throw new UsageError(`".begin ${region.name}" has no .end.`);
}

/**
 * Assembles text as GNU as for this core takes it. Literals go before the code that uses them, in its own section: at
 * the last `.literal_position`, else at the start of the section. Throws a UsageError that begins with the file and line.
 */
export function assembleText(source: string, options: AssembleTextOptions = {}): ObjectCode {
  const farLoops = new Set<number>();
  for (;;) {
    try {
      return assembleOnce(source, options, farLoops);
    } catch (error) {
      if (!(error instanceof FarLoop) || farLoops.has(error.number)) throw error;
      farLoops.add(error.number);
    }
  }
}

function assembleOnce(
  source: string,
  options: AssembleTextOptions,
  farLoops: ReadonlySet<number>,
): ObjectCode {
  const { density, exact, file, defines = {}, preprocess: isPreprocessed } = options;
  const program = createProgram({ density, exact, likeGnu: true });
  const context = createContext(program, farLoops, file);
  const expander = {
    context,
    assemble: (statement: Statement) => assembleStatement(context, statement),
    readInclude: options.readInclude,
    statements: 0,
    expansions: 0,
  };
  const statements = splitStatements(
    isPreprocessed ? preprocess(source, options) : sourceLines(source, file),
  );
  try {
    if (!isPreprocessed) for (const [name, value] of Object.entries(defines)) assign(context, name, value);
    expand(expander, statements);
  } catch (error) {
    // Only now is it known which statement it was.
    atPlace(context.place, () => {
      throw error;
    });
  }
  checkClosed(context);
  const object = finishProgram(program, options.bases);
  for (const message of context.messages) options.onMessage?.(message);
  return object;
}
