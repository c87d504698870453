/** As much of the C preprocessor as `.S` kernels need: object-like macros and conditionals. */
import { UsageError } from '../../errors.ts';
import { evaluateNumber } from '../expression.ts';
import { parseExpression } from './expressions.ts';
import { withoutComments } from './statements.ts';

const directivePattern =
  /^\s*#(define|undef|ifdef|ifndef|if|elif|else|endif|include|error|warning|pragma|line)\b\s*(.*)$/;
const maximumRounds = 16;
const maximumLineLength = 65_536;

/** Replaces macro names outside of quotes, repeatedly, as long as something changes. */
function substitute(text: string, defines: ReadonlyMap<string, string>): string {
  let current = text;
  for (let rounds = 0; rounds < maximumRounds; rounds++) {
    const next = current.replace(/"(?:\\.|[^"\\])*"|\.?[A-Za-z_]\w*/g, (word) => defines.get(word) ?? word);
    if (next === current || next.length > maximumLineLength) return next;
    current = next;
  }
  return current;
}

function condition(text: string, defines: ReadonlyMap<string, string>): boolean {
  const known = text.replace(/\bdefined\s*(?:\(\s*(\w+)\s*\)|(\w+))/g, (_, one?: string, other?: string) =>
    defines.has(one ?? other ?? '') ? '1' : '0',
  );
  const none = (): never => {
    throw new UsageError('a label has no place in #if.');
  };
  // What is not defined counts as 0, as in C.
  const names = { here: none, numeric: none, constant: () => 0 };
  return evaluateNumber(parseExpression(substitute(known, defines), names), () => undefined) !== 0;
}

interface Branch {
  active: boolean;
  taken: boolean;
  outer: boolean;
}

function conditional(keyword: string, text: string, stack: Branch[], defines: Map<string, string>): boolean {
  const top = stack.at(-1);
  const outer = top?.active ?? true;
  if (keyword === 'if' || keyword === 'ifdef' || keyword === 'ifndef') {
    const name = text.split(/\s/)[0];
    const holds =
      outer && (keyword === 'if' ? condition(text, defines) : defines.has(name) === (keyword === 'ifdef'));
    stack.push({ active: holds, taken: holds, outer });
    return true;
  }
  if (keyword !== 'elif' && keyword !== 'else' && keyword !== 'endif') return false;
  if (!top) throw new UsageError(`#${keyword} without #if.`);
  if (keyword === 'endif') stack.pop();
  else {
    top.active = top.outer && !top.taken && (keyword === 'else' || condition(text, defines));
    top.taken ||= top.active;
  }
  return true;
}

function define(text: string, defines: Map<string, string>): void {
  const match = /^([A-Za-z_]\w*)(\(?)\s*(.*)$/.exec(text);
  if (!match) throw new UsageError(`#define ${text}: that is not a name.`);
  if (match[2] === '(')
    throw new UsageError(`#define ${match[1]}(...): macros with arguments are written as .macro here.`);
  defines.set(match[1], match[3].trim());
}

function directive(keyword: string, text: string, defines: Map<string, string>): void {
  if (keyword === 'define') define(text, defines);
  else if (keyword === 'undef') defines.delete(text.trim());
  else if (keyword === 'include') {
    throw new UsageError(
      `#include ${text} is not followed: take the line out and #define here what it is needed for.`,
    );
  } else if (keyword === 'error') throw new UsageError(`#error ${text}`);
}

/** Returns the text with as many lines as before. `given` are macros known from the start. */
export function preprocess(source: string, given: Readonly<Record<string, string>> = {}): string {
  const defines = new Map(Object.entries(given));
  const stack: Branch[] = [];
  const joined = withoutComments(source.replaceAll('\r\n', '\n'), false);
  const lines = joined.replace(/\\\n([^\n]*)/g, ' $1\n').split('\n');
  const output = lines.map((line, index) => {
    const match = directivePattern.exec(line);
    const active = stack.at(-1)?.active ?? true;
    try {
      if (!match) return active ? substitute(line, defines) : '';
      if (!conditional(match[1], match[2], stack, defines) && active) directive(match[1], match[2], defines);
      return '';
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`line ${index + 1}: ${error.message}`);
    }
  });
  if (stack.length > 0) throw new UsageError('an #if has no #endif.');
  return output.join('\n');
}
