/**
 * Expressions of a translation's text, written as they are read. JavaScript's operators are those of WebAssembly where the kinds of their
 * operands allow (operators.ts).
 */
import { call } from './calls.ts';
import { element } from './elements.ts';
import type { Names } from './names.ts';
import { F64, I32, op } from './opcodes.ts';
import { combine, type Kind, PRECEDENCE } from './operators.ts';
import { isName, isNumber, type Reader } from './scan.ts';
import { assigned, type Translation } from './translation.ts';
import type { Writer } from './writer.ts';

/** Longest arms of a choice that are both computed. */
const CHOSEN = 12;

export function createTranslation(reader: Reader, writer: Writer, names: Names): Translation {
  const text: Translation = {
    reader,
    writer,
    names,
    begins: -1,
    expression: () => expression(text),
    sequence() {
      for (;;) {
        const kind = expression(text);
        if (!reader.take(',')) return kind;
        writer.drop(kind);
      }
    },
  };
  return text;
}

/** Expressions whose values nobody wants, the last one's is still there. */
export function asStatement(text: Translation): Kind {
  const { reader, writer } = text;
  for (;;) {
    text.begins = reader.at;
    const kind = expression(text);
    if (!reader.take(',')) return kind;
    writer.drop(kind);
  }
}

function expression(text: Translation): Kind {
  const start = text.writer.out.length;
  const kind = binary(text, 0);
  return text.reader.take('?') ? choice(text, start) : kind;
}

/** One of two values. Where both are simple, both are computed and nothing is jumped over. */
function choice(text: Translation, start: number): Kind {
  const { reader, writer } = text;
  const { out, open, insert } = writer;
  const first = out.length;
  open.push('');
  const kind = expression(text);
  const second = out.length;
  reader.expect(':');
  const other = expression(text);
  open.pop();
  const type = kind === 'f64' ? F64 : I32;
  if ((kind === 'f64') !== (other === 'f64')) reader.fail('two kinds');
  if (writer.isPureSince(first) && second - first <= CHOSEN && out.length - second <= CHOSEN) {
    const condition = out.splice(start, first - start);
    for (const byte of condition) out.push(byte);
    out.push(op.select);
  } else {
    insert(second, op.else);
    insert(first, op.if, type);
    out.push(op.end);
  }
  if (kind === other) return kind;
  return kind === 'f64' ? 'f64' : 'sum';
}

/** Operators of at least a precedence, with their operands. */
function binary(text: Translation, least: number): Kind {
  const { reader, writer } = text;
  const start = writer.out.length;
  let kind = unary(text);
  for (;;) {
    const operator = reader.words[reader.at];
    const precedence = PRECEDENCE[operator];
    if (precedence === undefined || precedence < least) return kind;
    reader.at++;
    if (operator === '&&' || operator === '||') {
      // A label between the two may be left from the right one.
      writer.open.push('');
      logical(text, operator, precedence, start);
      writer.open.pop();
      kind = 'i32';
      continue;
    }
    const middle = writer.out.length;
    const leftLiteral = writer.literalFrom(start);
    const right = binary(text, precedence + 1);
    kind = applied(text, operator, kind, right, middle, leftLiteral);
  }
}

/** `a && b`, `a || b` of conditions. */
function logical(text: Translation, operator: string, precedence: number, start: number): void {
  const { out, insert, isPureSince } = text.writer;
  const middle = out.length;
  binary(text, precedence + 1);
  if (isPureSince(start) && out.length - middle <= CHOSEN) {
    out.push(operator === '&&' ? op.and : op.or);
    return;
  }
  insert(middle, op.if, I32, ...(operator === '&&' ? [] : [op.i32Const, 1, op.else]));
  out.push(...(operator === '&&' ? [op.else, op.i32Const, 0, op.end] : [op.end]));
}

/**
 * An operator behind its operands.
 * @param middle where the right one was written
 * @param leftLiteral the left one, if it is a number
 */
function applied(
  { reader, writer }: Translation,
  operator: string,
  left: Kind,
  right: Kind,
  middle: number,
  leftLiteral: number | undefined,
): Kind {
  const { out, forget, toDouble } = writer;
  const value = writer.literalFrom(middle);
  if (value === 0 && (operator === '|' || operator === '>>>')) {
    forget(middle);
    if (left === 'f64') out.push(0xfc, 0x06, op.wrap); // i64.trunc_sat_f64_s
    return operator === '|' ? 'i32' : 'u32';
  }
  if (value === 0 && operator === '===' && left !== 'f64' && left !== 'sum') {
    forget(middle);
    out.push(op.eqz);
    return 'i32';
  }
  const combined =
    combine(operator, left, right, value ?? (operator === '*' ? leftLiteral : undefined)) ??
    reader.fail(`no ${left} ${operator} ${right}`);
  if (combined.operands === 'f64') {
    toDouble(right);
    toDouble(left, middle);
  }
  out.push(combined.opcode);
  if (operator === '%') writer.touch(); // by zero it traps
  return combined.result;
}

function unary(text: Translation): Kind {
  const { reader, writer } = text;
  const isStatement = reader.at === text.begins;
  const word = reader.words[reader.at++];
  if (isNumber(word)) return written(writer, word);
  if (isName(word)) return named(text, word, isStatement);
  switch (word) {
    case '(': {
      const kind = text.sequence();
      reader.expect(')');
      return kind;
    }
    case '~':
      unary(text);
      writer.number(-1);
      writer.out.push(op.xor);
      return 'i32';
    case '-':
      return negated(text);
  }
  return reader.fail(`no value begins with ${word}`);
}

function negated(text: Translation): Kind {
  const { out, insert, forget, number, literalFrom } = text.writer;
  const start = out.length;
  const kind = unary(text);
  const value = literalFrom(start);
  if (value !== undefined) {
    forget(start);
    number(-value);
    return 'i32';
  }
  if (kind === 'f64') {
    out.push(op.f64Neg);
    return 'f64';
  }
  insert(start, op.i32Const, 0);
  out.push(op.sub);
  return 'sum';
}

function written({ out, number }: Writer, word: string): Kind {
  const value = Number(word);
  if (Number.isInteger(value) && value < 2 ** 32 && (word.startsWith('0x') || !word.includes('e'))) {
    number(value | 0);
    return value > 0x7fffffff ? 'u32' : 'i32';
  }
  out.push(op.f64Const, ...new Uint8Array(new Float64Array([value]).buffer));
  return 'f64';
}

/** What begins with a name: a call, an element, an assignment, or a variable's value. */
function named(text: Translation, name: string, isStatement: boolean): Kind {
  const { reader, writer, names } = text;
  const { fail, take } = reader;
  if (take('(')) return call(text, name);
  if (take('[')) return element(text, names.views.get(name) ?? fail(`no view ${name}`), isStatement);
  if (take('=')) {
    const { index } = writer.variable(name, assigned(text, expression(text)));
    writer.keep(index);
    return writer.locals.get(name)!.kind;
  }
  const { index, kind } = writer.locals.get(name) ?? fail(`no variable ${name}`);
  writer.local(op.get, index);
  return kind;
}
