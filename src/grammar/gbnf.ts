/** GBNF, the notation of llama.cpp (its grammars/README.md): `root ::= "yes" | "no"`. */
import { FailureError } from '../errors.ts';
import {
  character,
  choice,
  type Expression,
  type Grammar,
  LAST_CODE_POINT,
  literal,
  type Range,
  repeat,
  sequence,
} from './expression.ts';
import { readHex, readRepetition, type Scanner, scan } from './scanner.ts';

const NAME = /[a-zA-Z0-9_-]+/y;
const RULE = /[a-zA-Z0-9_-]+[ \t]*::=/y;
const SPACE = /(?:[ \t]|#[^\n]*)*/y;
const SPACE_AND_LINES = /(?:\s|#[^\n]*)*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '\\': '\\',
  '[': '[',
  ']': ']',
  '-': '-',
  '^': '^',
};
const HEX_ESCAPES: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** Reads a grammar; its start is the rule `root`. */
export function parseGbnf(text: string, name = 'grammar'): Grammar {
  const from = scan(text, name);
  const rules = new Map<string, Expression>();
  from.match(SPACE_AND_LINES);
  while (from.peek() !== '') {
    const rule = from.match(NAME);
    if (rule === undefined) throw from.fail('a rule begins with its name and ::=');
    from.match(SPACE);
    if (!from.skip('::=')) throw from.fail(`::= is missing behind the rule's name "${rule}"`);
    if (rules.has(rule)) throw from.fail(`the rule "${rule}" is already defined`);
    rules.set(rule, readChoice(from, false));
    if (from.peek() === ')') throw from.fail('there is a ) without its (');
    from.match(SPACE_AND_LINES);
  }
  if (!rules.has('root')) throw new FailureError(`${name}: has no rule "root", with which a text begins`);
  for (const [rule, expression] of rules) {
    const missing = missingRule(expression, rules);
    if (missing !== undefined) {
      throw new FailureError(`${name}: the rule "${rule}" uses "${missing}", which is not defined`);
    }
  }
  return { start: { kind: 'rule', name: 'root' }, rules };
}

function missingRule(expression: Expression, rules: ReadonlyMap<string, Expression>): string | undefined {
  switch (expression.kind) {
    case 'rule':
      return rules.has(expression.name) ? undefined : expression.name;
    case 'repeat':
      return missingRule(expression.part, rules);
    case 'sequence':
    case 'choice':
      return expression.parts.map((part) => missingRule(part, rules)).find((name) => name !== undefined);
    default:
      return undefined;
  }
}

function readChoice(from: Scanner, nested: boolean): Expression {
  const parts: Expression[] = [];
  do {
    from.match(SPACE_AND_LINES);
    parts.push(readSequence(from, nested));
    continueOverLine(from);
  } while (from.skip('|'));
  return choice(...parts);
}

/** An alternative may stand on a line of its own, behind a `|`. */
function continueOverLine(from: Scanner): void {
  const before = from.at;
  from.match(SPACE_AND_LINES);
  if (from.peek() !== '|') from.at = before;
}

function readSequence(from: Scanner, nested: boolean): Expression {
  const parts: Expression[] = [];
  for (;;) {
    from.match(nested ? SPACE_AND_LINES : SPACE);
    const part = readItem(from);
    if (part === undefined) return sequence(...parts);
    const bounds = readRepetition(from);
    parts.push(bounds === undefined ? part : repeat(part, ...bounds));
  }
}

function readItem(from: Scanner): Expression | undefined {
  switch (from.peek()) {
    case '"':
      return readLiteral(from);
    case '[':
      return readCharacters(from);
    case '.':
      from.take();
      return character([[0, LAST_CODE_POINT]]);
    case '(': {
      from.take();
      const inner = readChoice(from, true);
      from.match(SPACE_AND_LINES);
      if (!from.skip(')')) throw from.fail('the ) of a group is missing');
      return inner;
    }
  }
  const before = from.at;
  if (from.match(RULE) !== undefined) {
    from.at = before; // the next rule, whose name begins a line
    return undefined;
  }
  const name = from.match(NAME);
  if (name !== undefined) return { kind: 'rule', name };
  if (/^[|)\r\n]?$/.test(from.peek())) return undefined;
  throw from.fail(`"${from.peek()}" is nothing that GBNF knows; literals stand in double quotes`);
}

function readLiteral(from: Scanner): Expression {
  from.take();
  let text = '';
  while (!from.skip('"')) {
    if (from.peek() === '\n' || from.peek() === '')
      throw from.fail('the closing quote of a literal is missing');
    text += String.fromCodePoint(readCharacter(from));
  }
  return literal(text);
}

function readCharacters(from: Scanner): Expression {
  from.take();
  const negated = from.skip('^');
  const ranges: Range[] = [];
  while (!from.skip(']')) {
    if (from.peek() === '\n' || from.peek() === '')
      throw from.fail('the closing ] of a set of characters is missing');
    const first = readCharacter(from);
    const isRange = from.peek() === '-' && from.text[from.at + 1] !== ']';
    if (isRange) from.take();
    const last = isRange ? readCharacter(from) : first;
    if (last < first) throw from.fail('a range of characters runs backwards');
    ranges.push([first, last]);
  }
  return character(ranges, negated);
}

function readCharacter(from: Scanner): number {
  if (!from.skip('\\')) return from.take().codePointAt(0)!;
  const letter = from.take();
  if (letter in HEX_ESCAPES) return readHex(from, HEX_ESCAPES[letter]);
  if (!(letter in ESCAPES)) throw from.fail(`\\${letter} is no escape of GBNF`);
  return ESCAPES[letter].codePointAt(0)!;
}
