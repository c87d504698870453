/** Macro expansion of the C preprocessor: arguments, `#`, `##`, and no macro within itself. */
import { UsageError } from '../../../errors.ts';
import { type Token, tokenize } from './tokens.ts';

export interface Macro {
  readonly name: string;
  /** Absent for a macro without parentheses. */
  readonly parameters?: readonly string[];
  /** Whether the last parameter takes all further arguments. */
  readonly variadic?: boolean;
  readonly body: readonly Token[];
}

export interface Expansion {
  readonly macros: ReadonlyMap<string, Macro>;
  /** What stands for `__LINE__` and its like; undefined for other names. */
  builtIn(name: string): string | undefined;
  /** The tokens of the next line, for arguments that go on there; undefined at the end. */
  nextLine(): readonly Token[] | undefined;
  /** Tokens made so far, by everything that shares it; nothing sensible makes millions. */
  readonly budget: { made: number };
}

const maximumTokens = 2_000_000;
const maximumDepth = 200;

function count(expansion: Expansion, tokens: number): void {
  const { budget } = expansion;
  budget.made += tokens;
  if (budget.made > maximumTokens) throw new UsageError('macros expand to too much text.');
}

/** `NAME body` or `NAME(a, b, ...) body`, what follows `#define`. */
export function parseMacro(text: string): Macro {
  const match = /^([A-Za-z_$][\w$]*)(\(([^)]*)\))?([\s\S]*)$/.exec(text.trim());
  if (!match) throw new UsageError(`#define ${text.trim()}: that is not a name.`);
  const [, name, parenthesis, list, rest] = match;
  if (name === 'defined') throw new UsageError('#define defined: that name is taken.');
  const body = tokenize(rest.trim());
  if (parenthesis === undefined) {
    if (rest.startsWith('(')) throw new UsageError(`#define ${name}: ")" is missing.`);
    return { name, body };
  }
  const written = list.trim() === '' ? [] : list.split(',').map((parameter) => parameter.trim());
  const last = written.at(-1) ?? '';
  const variadic = last.endsWith('...');
  const parameters = written.map((parameter) =>
    parameter === '...' ? '__VA_ARGS__' : parameter.replace(/\s*\.\.\.$/, ''),
  );
  const wrong = parameters.find((parameter) => !/^[A-Za-z_$][\w$]*$/.test(parameter));
  if (wrong !== undefined) throw new UsageError(`#define ${name}: "${wrong}" is not a parameter.`);
  return { name, parameters, variadic, body };
}

const isPunctuation = (token: Token | undefined, text: string): boolean =>
  token?.kind === 'other' && token.text === text;

/** Tokens still to be read, the next one last. */
type Pending = Token[];

function push(pending: Pending, tokens: readonly Token[]): void {
  for (let index = tokens.length - 1; index >= 0; index--) pending.push(tokens[index]);
}

/** Whether an argument list follows; further lines are fetched where this one ends before it can be told. */
function takesArguments(pending: Pending, expansion: Expansion): boolean {
  while (pending.length === 0) {
    const more = expansion.nextLine();
    if (!more) return false;
    // A line break counts as white space, also where the name turns out to stand alone.
    push(pending, more.length === 0 ? [] : [{ ...more[0], space: true }, ...more.slice(1)]);
  }
  return isPunctuation(pending.at(-1), '(');
}

interface Arguments {
  values: Token[][];
  closing: Token;
}

function readArguments(macro: Macro, pending: Pending, expansion: Expansion): Arguments {
  const wanted = macro.parameters!.length;
  const values: Token[][] = [[]];
  let depth = 0;
  pending.pop();
  while (true) {
    let token = pending.pop();
    while (!token) {
      const more = expansion.nextLine();
      if (!more) throw new UsageError(`macro ${macro.name}: ")" is missing.`);
      push(pending, more.length === 0 ? [] : [{ ...more[0], space: true }, ...more.slice(1)]);
      token = pending.pop();
    }
    if (depth === 0 && isPunctuation(token, ')')) return { values, closing: token };
    if (isPunctuation(token, '(')) depth += 1;
    if (isPunctuation(token, ')')) depth -= 1;
    const isSeparator = depth === 0 && isPunctuation(token, ',');
    if (isSeparator && !(macro.variadic && values.length === wanted)) values.push([]);
    else values.at(-1)!.push(token);
  }
}

function checkCount(macro: Macro, values: Token[][]): void {
  const wanted = macro.parameters!.length;
  if (wanted === 0 && values.length === 1 && values[0].length === 0) values.pop();
  if (macro.variadic && values.length === wanted - 1) values.push([]);
  if (values.length !== wanted) {
    throw new UsageError(
      `macro ${macro.name} takes ${wanted} argument${wanted === 1 ? '' : 's'}, not ${values.length}.`,
    );
  }
}

/** `#argument`: its text as a string. */
function stringify(tokens: readonly Token[], space: boolean): Token {
  const text = tokens
    .map((token, index) => {
      const shown =
        token.kind === 'string' || token.kind === 'character'
          ? token.text.replace(/["\\]/g, '\\$&')
          : token.text;
      return index > 0 && token.space ? ` ${shown}` : shown;
    })
    .join('');
  return { kind: 'string', text: `"${text}"`, space };
}

/** Stands for an empty argument beside `##`. */
const placemarker: Token = { kind: 'other', text: '', space: false };

/** `left ## right`; what makes no single token stays two, as for assembly text it may. */
function paste(left: Token, right: readonly Token[]): Token[] {
  const merged = tokenize(left.text + right[0].text);
  const first = { ...(merged[0] ?? placemarker), space: left.space };
  return [first, ...merged.slice(1), ...right.slice(1)];
}

/** The body with the arguments in their places. */
function substitute(macro: Macro, values: readonly Token[][], expansion: Expansion, depth: number): Token[] {
  const { body, parameters = [] } = macro;
  const raw = (token: Token): Token[] | undefined => {
    const index = token.kind === 'name' ? parameters.indexOf(token.text) : -1;
    return index < 0 ? undefined : values[index];
  };
  const expanded = new Map<string, Token[]>();
  const expandArgument = (token: Token, argument: readonly Token[]): Token[] => {
    let tokens = expanded.get(token.text);
    if (!tokens) {
      tokens = expandTokens(argument, { ...expansion, nextLine: () => undefined }, depth + 1);
      expanded.set(token.text, tokens);
    }
    return tokens;
  };
  /** What stands beside `##`: the argument as it was written. */
  const operand = (token: Token): Token[] => {
    const argument = raw(token);
    if (!argument) return [token];
    return argument.length === 0 ? [placemarker] : argument;
  };
  const output: Token[] = [];
  const put = (tokens: readonly Token[], space: boolean): void => {
    tokens.forEach((token, index) => void output.push(index === 0 ? { ...token, space } : token));
  };
  for (let index = 0; index < body.length; index++) {
    const token = body[index];
    const next: Token | undefined = body[index + 1];
    const argument = raw(token);
    if (macro.parameters && isPunctuation(token, '#') && next && raw(next)) {
      output.push(stringify(raw(next)!, token.space));
      index += 1;
    } else if (isPunctuation(token, '##') && output.length > 0 && next) {
      // GNU: the comma before an empty variable argument goes away, and is pasted to no other.
      const isRest = macro.variadic && next.text === parameters.at(-1) && isPunctuation(output.at(-1), ',');
      if (isRest && raw(next)!.length === 0) output.pop();
      else if (isRest) put(expandArgument(next, raw(next)!), next.space);
      else output.push(...paste(output.pop()!, operand(next)));
      index += 1;
    } else if (isPunctuation(next, '##')) put(operand(token), token.space);
    else if (argument) put(expandArgument(token, argument), token.space);
    else output.push(token);
    count(expansion, 1);
  }
  return output.filter((token) => token.text !== '');
}

function union(
  one: ReadonlySet<string> | undefined,
  other: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
  if (!one || one.size === 0) return other;
  if (!other || other.size === 0) return one;
  return new Set([...one, ...other]);
}

function hide(tokens: readonly Token[], names: ReadonlySet<string>, space: boolean): Token[] {
  return tokens.map((token, index) => ({
    ...token,
    space: index === 0 ? space : token.space,
    hidden: union(token.hidden, names),
  }));
}

/** One token that names a macro: pushes what it becomes back, or returns false where it stays. */
function expandOne(token: Token, pending: Pending, expansion: Expansion, depth: number): boolean {
  const macro = expansion.macros.get(token.text);
  if (!macro || token.hidden?.has(macro.name)) return false;
  const names = new Set(token.hidden);
  let values: Token[][] = [];
  if (macro.parameters) {
    if (!takesArguments(pending, expansion)) return false;
    const read = readArguments(macro, pending, expansion);
    values = read.values;
    checkCount(macro, values);
    for (const name of names) if (!read.closing.hidden?.has(name)) names.delete(name);
  }
  names.add(macro.name);
  const tokens = substitute(macro, values, expansion, depth);
  count(expansion, tokens.length);
  push(pending, hide(tokens, names, token.space));
  return true;
}

export function expandTokens(tokens: readonly Token[], expansion: Expansion, depth = 0): Token[] {
  if (depth > maximumDepth) throw new UsageError('macros are nested too deeply.');
  const pending: Pending = [];
  push(pending, tokens);
  const output: Token[] = [];
  for (let token = pending.pop(); token; token = pending.pop()) {
    count(expansion, 1);
    if (token.kind === 'name') {
      const text = expansion.builtIn(token.text);
      if (text !== undefined) {
        output.push({ ...tokenize(text)[0], space: token.space });
        continue;
      }
      if (expandOne(token, pending, expansion, depth)) continue;
    }
    output.push(token);
  }
  return output;
}
