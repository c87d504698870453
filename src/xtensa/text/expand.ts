/** Macros, repetitions and conditionals: which statements are assembled, and how often. */
import { UsageError } from '../../errors.ts';
import { type Context, type Macro, parseNumber, splitArguments } from './context.ts';
import type { PreprocessOptions } from './cpp/preprocess.ts';
import { parseString } from './expressions.ts';
import { type Statement, sourceLines, splitOutside, splitStatements } from './statements.ts';

const maximumDepth = 64;
const maximumStatements = 1_000_000;

export interface Expander {
  context: Context;
  /** What to do with a statement that is neither macro nor conditional. */
  assemble: (statement: Statement) => void;
  /** For `.include`. */
  readInclude?: PreprocessOptions['readInclude'];
  /** How many statements were looked at, and how many macros were expanded. */
  statements: number;
  expansions: number;
}

/** `.rept` as the word and what follows it. */
function splitWord(text: string): [string, string] {
  const match = /^(\S+)\s*([\s\S]*)$/.exec(text)!;
  return [match[1], match[2]];
}

const openers = { '.macro': '.endm', '.rept': '.endr', '.irp': '.endr', '.irpc': '.endr' } as const;
type Opener = keyof typeof openers;
const isOpener = (word: string): word is Opener => Object.hasOwn(openers, word);

/** Index of the statement that closes the block opened at `start`. */
function closingIndex(statements: readonly Statement[], start: number, opener: Opener): number {
  const closer = openers[opener];
  let depth = 0;
  for (let index = start; index < statements.length; index++) {
    const word = splitWord(statements[index].text)[0].toLowerCase();
    if (isOpener(word) && openers[word] === closer) depth += 1;
    if (word === closer && --depth === 0) return index;
  }
  throw new UsageError(`${opener} has no ${closer}.`);
}

/** `.macro name a, b=1, c:req, d:vararg` */
function defineMacro(context: Context, header: string, body: Statement[]): void {
  const [name, rest] = splitWord(header.trim() === '' ? ' ' : header.replace(/^([^\s,]+)\s*,/, '$1 '));
  if (!/^[A-Za-z_.$][\w.$]*$/.test(name)) throw new UsageError(`.macro: "${name}" is not a name.`);
  const words = rest.replace(/\s*([=:])\s*/g, '$1').match(/(?:[^\s,"]|"(?:\\.|[^"\\])*")+/g) ?? [];
  const parameters = words.map((word) => {
    const [, parameter, qualifier = '', fallback = ''] =
      /^([A-Za-z_$][\w$]*)(?::(req|vararg))?(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (parameter === undefined) throw new UsageError(`.macro ${name}: "${word}" is not a parameter.`);
    const plain = fallback.replace(/^"([\s\S]*)"$/, '$1');
    return { name: parameter, fallback: plain, required: qualifier === 'req', rest: qualifier === 'vararg' };
  });
  context.macros.set(name.toLowerCase(), { name, parameters, body });
}

/** Arguments are separated by commas; without any comma, by spaces. */
function macroArguments(text: string): string[] {
  const byComma = splitArguments(text);
  if (byComma.length > 1 || text.trim() === '') return byComma;
  return splitOutside(text.trim().replace(/\s+/g, ' '), ' ', true).filter((part) => part !== '');
}

function bindArguments(macro: Macro, text: string): Map<string, string> {
  const values = new Map(macro.parameters.map(({ name, fallback }) => [name, fallback]));
  const given = new Set<string>();
  const put = (name: string, value: string): void => {
    given.add(name);
    if (value !== '') values.set(name, value.replace(/^"([\s\S]*)"$/, '$1'));
  };
  let position = 0;
  const parts = macroArguments(text);
  for (let index = 0; index < parts.length; index++) {
    const named = /^([A-Za-z_$][\w$]*)\s*=(?!=)\s*([\s\S]*)$/.exec(parts[index]);
    if (named && values.has(named[1])) {
      put(named[1], named[2]);
      continue;
    }
    const parameter = macro.parameters[position++];
    if (!parameter)
      throw new UsageError(`macro ${macro.name} takes ${macro.parameters.length} arguments, not more.`);
    if (parameter.rest) {
      put(parameter.name, parts.slice(index).join(', '));
      break;
    }
    put(parameter.name, parts[index]);
  }
  const missing = macro.parameters.find(({ name, required }) => required && !given.has(name));
  if (missing) throw new UsageError(`macro ${macro.name} wants a value for "${missing.name}".`);
  return values;
}

/** Replaces `\name`, `\@` and `\()`. */
function substitute(
  body: readonly Statement[],
  values: ReadonlyMap<string, string>,
  number: number,
): Statement[] {
  return body.map(({ place, text }) => ({
    place,
    text: text.replace(/\\(\(\)|@|[A-Za-z_$][\w$]*)/g, (whole, name: string) => {
      if (name === '()') return '';
      return name === '@' ? String(number) : (values.get(name) ?? whole);
    }),
  }));
}

/** `.irp x, 1, 2` and `.irpc x, abc`: what the parameter becomes in each round. */
function iterations(word: Opener, header: string): { name: string; values: string[] } {
  const [name = '', ...values] = splitArguments(header.replace(/^\s*([^\s,]+)\s+(?=[^,\s])/, '$1,'));
  return { name, values: word === '.irp' ? values : [...(values[0] ?? '').replace(/^"(.*)"$/, '$1')] };
}

function repeat(expander: Expander, word: Opener, header: string, body: Statement[], depth: number): void {
  if (word === '.rept') {
    const times = parseNumber(expander.context, header);
    for (let round = 0; round < times; round++) {
      expand(expander, substitute(body, new Map(), round), depth);
      // An empty body must not be repeated for ever.
      expander.statements += 1;
      checkLimits(expander, depth);
    }
    return;
  }
  const { name, values } = iterations(word, header);
  for (const value of values) expand(expander, substitute(body, new Map([[name, value]]), 0), depth);
}

function checkLimits(expander: Expander, depth: number): void {
  if (depth > maximumDepth) throw new UsageError('macros call each other too deeply.');
  if (expander.statements > maximumStatements) throw new UsageError('this expands to too many statements.');
}

const comparisons: Readonly<Record<string, (value: number) => boolean>> = {
  '.if': (value) => value !== 0,
  '.ifne': (value) => value !== 0,
  '.ifeq': (value) => value === 0,
  '.ifgt': (value) => value > 0,
  '.ifge': (value) => value >= 0,
  '.iflt': (value) => value < 0,
  '.ifle': (value) => value <= 0,
};

function isDefined({ program }: Context, name: string): boolean {
  return program.labels.has(name.trim()) || program.constants.has(name.trim());
}

/** Whether the condition of an `.if...` holds. */
function holds(context: Context, word: string, text: string): boolean {
  const compare = comparisons[word];
  if (compare) return compare(parseNumber(context, text));
  const [left = '', right = ''] = splitArguments(text);
  const tests: Record<string, () => boolean> = {
    '.ifdef': () => isDefined(context, text),
    '.ifndef': () => !isDefined(context, text),
    '.ifnotdef': () => !isDefined(context, text),
    '.ifb': () => text.trim() === '',
    '.ifnb': () => text.trim() !== '',
    '.ifc': () => left === right,
    '.ifnc': () => left !== right,
    '.ifeqs': () => left === right,
    '.ifnes': () => left !== right,
  };
  if (!Object.hasOwn(tests, word)) throw new UsageError(`${word} is not known.`);
  return tests[word]();
}

interface Branch {
  active: boolean;
  /** Whether an earlier alternative was assembled, and whether what encloses all of it is. */
  taken: boolean;
  outer: boolean;
}

/** Follows `.if`, `.elseif`, `.else`, `.endif`; true where the statement was one of them. */
function conditional(context: Context, stack: Branch[], word: string, text: string): boolean {
  const top = stack.at(-1);
  const outer = top?.active ?? true;
  if (word.startsWith('.if')) {
    const active = outer && holds(context, word, text);
    stack.push({ active, taken: active, outer });
    return true;
  }
  if (word !== '.elseif' && word !== '.else' && word !== '.endif') return false;
  if (!top) throw new UsageError(`${word} without .if.`);
  if (word === '.endif') stack.pop();
  else {
    top.active = top.outer && !top.taken && (word === '.else' || parseNumber(context, text) !== 0);
    top.taken ||= top.active;
  }
  return true;
}

/** `.include "file"`: its statements, as if they stood here. */
function include(expander: Expander, text: string, depth: number): void {
  const { context, readInclude } = expander;
  const name = new TextDecoder().decode(parseString(text));
  if (!readInclude) throw new UsageError('.include cannot be followed: this text does not come from a file.');
  const found = readInclude({ name, angled: false, from: context.place.file });
  if (!found) throw new UsageError(`.include "${name}" was not found; name its folder with -I.`);
  expand(expander, splitStatements(sourceLines(found.text, found.file)), depth + 1);
}

/** Assembles the statements in order; errors carry the place of the statement. */
export function expand(expander: Expander, statements: readonly Statement[], depth = 0): void {
  const { context } = expander;
  const stack: Branch[] = [];
  for (let index = 0; index < statements.length; index++) {
    const { place, text } = statements[index];
    context.place = place;
    expander.statements += 1;
    checkLimits(expander, depth);
    const [word, rest] = splitWord(text);
    const lower = word.toLowerCase();
    if (conditional(context, stack, lower, rest)) continue;
    if (!(stack.at(-1)?.active ?? true)) continue;
    if (lower === '.exitm') return;
    if (lower === '.include') include(expander, rest, depth);
    else if (lower === '.purgem') context.macros.delete(rest.trim().toLowerCase());
    else if (isOpener(lower)) {
      const closing = closingIndex(statements, index, lower);
      const body = statements.slice(index + 1, closing);
      index = closing;
      if (lower === '.macro') defineMacro(context, rest, body);
      else repeat(expander, lower, rest, body, depth + 1);
    } else expandStatement(expander, statements[index], depth);
  }
  if (stack.length > 0) throw new UsageError('an .if has no .endif.');
}

/** A macro call, or a statement to assemble. */
function expandStatement(expander: Expander, statement: Statement, depth: number): void {
  const labelled = /^((?:[A-Za-z_.$][\w.$]*|\d+)\s*:\s*)+(?=\S)/.exec(statement.text);
  const call = labelled ? statement.text.slice(labelled[0].length) : statement.text;
  const [word, rest] = splitWord(call);
  const macro = expander.context.macros.get(word.toLowerCase());
  if (!macro) {
    expander.assemble(statement);
    return;
  }
  if (labelled) expander.assemble({ place: statement.place, text: labelled[0].trim() });
  const values = bindArguments(macro, rest);
  expand(expander, substitute(macro.body, values, expander.expansions++), depth + 1);
}
