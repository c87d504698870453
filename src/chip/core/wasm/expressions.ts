/**
 * Expressions of a translation's text, written as they are read. JavaScript's operators are those of WebAssembly where the kinds of their
 * operands allow (operators.ts).
 */
import { createCalls } from './calls.ts';
import type { Names, View } from './names.ts';
import { ACCESS, F64, I32, op, STATE } from './opcodes.ts';
import { combine, type Kind, PRECEDENCE } from './operators.ts';
import { isName, isNumber, type Reader } from './scan.ts';
import type { Writer } from './writer.ts';

/** Longest arms of a choice that are both computed. */
const CHOSEN = 12;

export interface Expressions {
  expression(): Kind;
  /** Expressions with commas between; the last one's value counts. */
  sequence(): Kind;
  /** Expressions whose values nobody wants. */
  asStatement(): Kind;
  /** Refuses what has no 32 bits yet. */
  assigned(kind: Kind): Kind;
}

export function createExpressions(reader: Reader, writer: Writer, names: Names): Expressions {
  const { words, fail, expect, take } = reader;
  const {
    out,
    open,
    locals,
    number,
    literalFrom,
    forget,
    local,
    insert,
    variable,
    toDouble,
    drop,
    access,
    touch,
    isPureSince,
    keep,
  } = writer;
  /** The word at which a statement begins: its value is not wanted. */
  let begins = -1;

  const assigned = (kind: Kind): Kind => (kind === 'sum' || kind === 'void' ? fail('an open sum') : kind);

  /** An address and what is to be added to it, for an element of a view: reads `index]`. */
  const addressOf = ({ offset, element, inState }: View): number => {
    const { shift } = ACCESS[element];
    if (isNumber(words[reader.at]) && words[reader.at + 1] === ']') {
      const constant = offset + (Number(words[reader.at]) << shift);
      reader.at += 2;
      if (inState) local(op.get, STATE);
      else number(0);
      return constant;
    }
    const start = out.length;
    sequence();
    let more = offset;
    // `x + k`: k becomes part of the instruction.
    if (
      out.at(-1) === op.add &&
      writer.literal.end === out.length - 1 &&
      writer.literal.value >= 0 &&
      writer.literal.start > start
    ) {
      more += writer.literal.value << shift;
      forget(writer.literal.start);
    }
    // `x >> shift`: what is shifted down would be shifted up again; the text has seen to its being aligned.
    if (
      shift > 0 &&
      out.at(-1) === op.shrS &&
      writer.literal.end === out.length - 1 &&
      writer.literal.value === shift
    ) {
      forget(writer.literal.start);
    } else if (shift > 0) {
      number(shift);
      out.push(op.shl);
    }
    expect(']');
    if (inState) {
      local(op.get, STATE);
      out.push(op.add);
    }
    touch();
    return more;
  };

  const viewAccess = (view: View, isStatement: boolean): Kind => {
    const { load, store, shift } = ACCESS[view.element];
    const start = out.length;
    const offset = addressOf(view);
    const isFloat = view.element === 'f32' || view.element === 'f64';
    const operator = words[reader.at];
    if (operator === '=') {
      reader.at++;
      const kind = expression();
      if (isFloat) {
        toDouble(assigned(kind));
        if (view.element === 'f32') out.push(op.demote);
      } else if (kind === 'f64' || kind === 'void') fail('no integer');
      touch();
      if (isStatement || isFloat) {
        access(store, shift, offset);
        return 'void';
      }
      const scratch = variable('%value', 'i32').index;
      local(op.tee, scratch);
      access(store, shift, offset);
      local(op.get, scratch);
      return kind;
    }
    if (operator === '|=' || operator === '&=') {
      reader.at++;
      insert(start, ...out.slice(start)); // the address once more
      access(load, shift, offset);
      expression();
      out.push(operator === '|=' ? op.or : op.and);
      access(store, shift, offset);
      touch();
      return 'void';
    }
    access(load, shift, offset);
    if (!isFloat) return 'i32';
    if (view.element === 'f32') out.push(op.promote);
    return 'f64';
  };

  const named = (name: string, isStatement: boolean): Kind => {
    if (take('(')) return call(name);
    if (take('[')) return viewAccess(names.views.get(name) ?? fail(`no view ${name}`), isStatement);
    if (take('=')) {
      const { index } = variable(name, assigned(expression()));
      keep(index);
      return locals.get(name)!.kind;
    }
    const { index, kind } = locals.get(name) ?? fail(`no variable ${name}`);
    local(op.get, index);
    return kind;
  };

  const written = (word: string): Kind => {
    const value = Number(word);
    if (Number.isInteger(value) && value < 2 ** 32 && (word.startsWith('0x') || !word.includes('e'))) {
      number(value | 0);

      return value > 0x7fffffff ? 'u32' : 'i32';
    }
    out.push(op.f64Const, ...new Uint8Array(new Float64Array([value]).buffer));
    return 'f64';
  };

  const unary = (): Kind => {
    const isStatement = reader.at === begins;
    const word = words[reader.at++];
    if (isNumber(word)) return written(word);
    if (isName(word)) return named(word, isStatement);
    const start = out.length;
    switch (word) {
      case '(': {
        const kind = sequence();
        expect(')');
        return kind;
      }
      case '~':
        unary();
        number(-1);
        out.push(op.xor);
        return 'i32';
      case '-': {
        const kind = unary();
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
    }
    return fail(`no value begins with ${word}`);
  };

  /** `a && b`, `a || b` of conditions. */
  const logical = (operator: string, precedence: number, start: number) => {
    const middle = out.length;
    binary(precedence + 1);
    if (isPureSince(start) && out.length - middle <= CHOSEN) {
      out.push(operator === '&&' ? op.and : op.or);
      return;
    }
    insert(middle, op.if, I32, ...(operator === '&&' ? [] : [op.i32Const, 1, op.else]));
    out.push(...(operator === '&&' ? [op.else, op.i32Const, 0, op.end] : [op.end]));
  };

  const binary = (least: number): Kind => {
    const start = out.length;
    let kind = unary();
    for (;;) {
      const operator = words[reader.at];
      const precedence = PRECEDENCE[operator];
      if (precedence === undefined || precedence < least) return kind;
      reader.at++;
      if (operator === '&&' || operator === '||') {
        // A label between the two may be left from the right one.
        open.push('');
        logical(operator, precedence, start);
        open.pop();
        kind = 'i32';
        continue;
      }
      const middle = out.length;
      const leftLiteral = literalFrom(start);
      const right = binary(precedence + 1);
      kind = applied(operator, kind, right, middle, leftLiteral);
    }
  };

  const applied = (
    operator: string,
    left: Kind,
    right: Kind,
    middle: number,
    leftLiteral: number | undefined,
  ): Kind => {
    const value = literalFrom(middle);
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
      fail(`no ${left} ${operator} ${right}`);
    if (combined.operands === 'f64') {
      toDouble(right);
      toDouble(left, middle);
    }
    out.push(combined.opcode);
    if (operator === '%') touch(); // by zero it traps
    return combined.result;
  };

  /** One of two values. Where both are simple, both are computed and nothing is jumped over. */
  const choice = (start: number): Kind => {
    const first = out.length;
    open.push('');
    const kind = expression();
    const second = out.length;
    expect(':');
    const other = expression();
    open.pop();
    const type = kind === 'f64' ? F64 : I32;
    if ((kind === 'f64') !== (other === 'f64')) fail('two kinds');
    if (isPureSince(first) && second - first <= CHOSEN && out.length - second <= CHOSEN) {
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
  };

  const expression = (): Kind => {
    const start = out.length;
    const kind = binary(0);
    return take('?') ? choice(start) : kind;
  };

  /** Expressions with commas between; the last one's value counts. */
  const sequence = (): Kind => {
    for (;;) {
      const kind = expression();
      if (!take(',')) return kind;
      drop(kind);
    }
  };

  /** Expressions whose values nobody wants. */
  const asStatement = (): Kind => {
    begins = reader.at;
    for (;;) {
      const kind = expression();
      if (!take(',')) return kind;
      drop(kind);
      begins = reader.at;
    }
  };

  const call = createCalls(reader, writer, names, { expression, assigned });
  return { expression, sequence, asStatement, assigned };
}
