/** Expressions of GNU as: its operators, its precedence, its number forms. */
import { UsageError } from '../../errors.ts';
import type { BinaryOperator, Expression, UnaryOperator } from '../expression.ts';
import { evaluate } from '../expression.ts';

/** What names mean while parsing; undefined leaves a symbol as it is. */
export interface Names {
  /** `.` */
  here(): Expression;
  /** `1f`, `2b` */
  numeric(number: number, direction: 'f' | 'b'): Expression;
  /** A symbol whose value is already known to be a number. */
  constant(name: string): number | undefined;
}

const tokenPattern =
  /\s*(?:(0[xX][0-9a-fA-F]+|0[bB][01]+(?![0-9a-zA-Z]))|(\d+)([fb])(?![\w.$])|(\d+)(?![\w$])|([A-Za-z_.$][\w.$@]*)|("(?:\\.|[^"\\])*")|('(?:\\.|[^\\])'?)|(<<|>>|<=|>=|<>|==|!=|&&|\|\||[-+*/%&|^!~<>()]))/y;

const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, b: 8, f: 12, '0': 0 };

function characterCode(token: string): number {
  const body = token.slice(1);
  return body[0] === '\\' ? (escapes[body[1]] ?? body.codePointAt(1)!) : body.codePointAt(0)!;
}

function decimalOrOctal(digits: string): number {
  if (digits.length > 1 && digits.startsWith('0')) {
    if (/[89]/.test(digits)) throw new UsageError(`${digits} is not an octal number.`);
    return Number.parseInt(digits, 8);
  }
  return Number(digits);
}

type Token = { value: Expression } | { operator: string };

function tokenize(text: string, names: Names): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  const end = text.trimEnd().length;
  while (tokenPattern.lastIndex < end) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    if (!match) throw new UsageError(`"${text.slice(at).trim()}" is not an expression.`);
    const [, based, number, direction, digits, symbol, quoted, character, operator] = match;
    if (operator !== undefined) tokens.push({ operator: operator === '<>' ? '!=' : operator });
    else if (based !== undefined) tokens.push({ value: Number(based) });
    else if (number !== undefined) {
      tokens.push({ value: names.numeric(Number(number), direction as 'f' | 'b') });
    } else if (digits !== undefined) tokens.push({ value: decimalOrOctal(digits) });
    else if (character !== undefined) tokens.push({ value: characterCode(character) });
    else if (symbol === '.') tokens.push({ value: names.here() });
    else {
      const name = symbol ?? quoted.slice(1, -1);
      tokens.push({ value: names.constant(name) ?? { symbol: name } });
    }
  }
  return tokens;
}

/** Higher binds tighter; the ranks are those of the GNU as manual. */
const ranks: Readonly<Record<string, number>> = {
  '*': 5, '/': 5, '%': 5, '<<': 5, '>>': 5,
  '|': 4, '&': 4, '^': 4, '!': 4,
  '+': 3, '-': 3, '==': 3, '!=': 3, '<': 3, '>': 3, '<=': 3, '>=': 3,
  '&&': 2,
  '||': 1,
}; // biome-ignore format: one row per rank

const unaryOperators = new Set(['-', '~', '!', '+']);
const maximumNesting = 60;

/** Numbers are computed at once, so that long sums stay flat. */
function fold(expression: Expression): Expression {
  if (typeof expression === 'number' || 'symbol' in expression) return expression;
  const parts = 'operand' in expression ? [expression.operand] : [expression.left, expression.right];
  return parts.every((part) => typeof part === 'number')
    ? evaluate(expression, () => undefined).offset
    : expression;
}

interface Cursor {
  tokens: Token[];
  at: number;
  text: string;
}

function malformed(cursor: Cursor): UsageError {
  return new UsageError(`"${cursor.text.trim()}" is not a complete expression.`);
}

function parsePrimary(cursor: Cursor, depth: number): Expression {
  if (depth > maximumNesting) throw new UsageError('an expression is nested too deeply.');
  const token = cursor.tokens[cursor.at++];
  if (!token) throw malformed(cursor);
  if ('value' in token) return token.value;
  if (token.operator === '(') {
    const inner = parseBinary(cursor, 1, depth + 1);
    const closing = cursor.tokens[cursor.at++];
    if (!closing || !('operator' in closing) || closing.operator !== ')') throw malformed(cursor);
    return inner;
  }
  if (!unaryOperators.has(token.operator)) throw malformed(cursor);
  const operand = parsePrimary(cursor, depth + 1);
  if (token.operator === '+') return operand;
  if (token.operator === '-' && typeof operand !== 'number')
    return { operator: '-', left: 0, right: operand };
  return fold({ operator: token.operator as UnaryOperator, operand });
}

function parseBinary(cursor: Cursor, lowest: number, depth: number): Expression {
  let left = parsePrimary(cursor, depth);
  while (true) {
    const token = cursor.tokens[cursor.at];
    if (!token || !('operator' in token)) return left;
    const rank = ranks[token.operator];
    if (rank === undefined || rank < lowest) return left;
    cursor.at += 1;
    const right = parseBinary(cursor, rank + 1, depth + 1);
    left = fold({ operator: token.operator as BinaryOperator, left, right });
  }
}

export function parseExpression(text: string, names: Names): Expression {
  const cursor: Cursor = { tokens: tokenize(text, names), at: 0, text };
  const expression = parseBinary(cursor, 1, 0);
  if (cursor.at < cursor.tokens.length) throw malformed(cursor);
  return expression;
}

/** The bytes of a string constant, escapes resolved; characters beyond ASCII become UTF-8. */
export function parseString(text: string): Uint8Array {
  const trimmed = text.trim();
  if (!/^"(?:\\[\s\S]|[^"\\])*"$/.test(trimmed))
    throw new UsageError(`"${trimmed}" is not a string in double quotes.`);
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const [piece] of trimmed.slice(1, -1).matchAll(/\\[0-7]{1,3}|\\x[0-9a-fA-F]+|\\[\s\S]|[^\\]+/g)) {
    if (/^\\[0-7]/.test(piece)) bytes.push(Number.parseInt(piece.slice(1), 8) & 255);
    else if (/^\\x[0-9a-fA-F]/.test(piece)) bytes.push(Number.parseInt(piece.slice(-2).replace('x', ''), 16));
    else if (piece[0] === '\\') bytes.push(escapes[piece[1]] ?? piece.charCodeAt(1) & 255);
    else for (const byte of encoder.encode(piece)) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
