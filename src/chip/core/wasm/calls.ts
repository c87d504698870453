/** Calls in a translation's text: of what WebAssembly has itself, of the vector unit's functions, which are put in place, of the host. */
import { type Inline, isBase } from '../../pie/index.ts';
import { CALLED, I32, op, pushUnsigned, STATE, VECTOR_LOAD, VECTOR_STORE } from './opcodes.ts';
import type { Kind } from './operators.ts';
import { isNumber } from './scan.ts';
import { assigned, type Translation } from './translation.ts';
import type { Writer } from './writer.ts';

/** The block that a failed call of the host leaves. */
export const CATCH = '%catch';

const REACHES_OUT = /^\$[XM]\./;

/** Reads a call behind its opening parenthesis. */
export function call(text: Translation, name: string): Kind {
  const { reader, writer, names } = text;
  const builtIn = BUILT_INS[name];
  if (builtIn) return builtIn(text);
  const inline = names.inlines.get(name);
  if (inline) return inlined(text, inline);
  const target = names.imports.get(name) ?? reader.fail(`nothing is called ${name}`);
  if (target.takesState) writer.local(op.get, STATE);
  integers(text, target.takesState ? target.parameters - 1 : target.parameters);
  writer.out.push(op.call, CALLED + target.index);
  writer.touch();
  // The units only compute; what reaches out of the core may fail.
  if (!REACHES_OUT.test(name) || !writer.open.includes(CATCH)) return 'i32';
  writer.loadState(names.failed);
  writer.branch(op.brIf, CATCH);
  return 'i32';
}

/** So many arguments, and the closing parenthesis. */
function integers({ reader, expression }: Translation, count: number): void {
  for (let i = 0; i < count; i++) {
    if (i > 0) reader.expect(',');
    const kind = expression();
    if (kind === 'f64' || kind === 'void') reader.fail('no integer');
  }
  reader.expect(')');
}

/** The only argument, as a double. */
function double(text: Translation): void {
  text.writer.toDouble(assigned(text, text.expression()));
  text.reader.expect(')');
}

/** A product's high word. */
function highWord({ reader, writer: { out }, expression }: Translation, extend: number): Kind {
  expression();
  out.push(extend);
  reader.expect(',');
  expression();
  out.push(extend, op.i64Mul, 0x42, 32, op.i64ShrS, op.wrap);
  reader.expect(')');
  return 'i32';
}

/** The address from which on a place in the state is counted, and how far. */
function placeArgument({ reader, writer }: Translation): number {
  const place = reader.words[reader.at++];
  reader.expect(',');
  writer.local(op.get, STATE);
  if (isNumber(place)) return Number(place);
  writer.local(op.get, (writer.locals.get(place) ?? reader.fail('no place')).index);
  writer.out.push(op.add);
  return 0;
}

function vectorAccess({ out, touch }: Writer, code: number, offset: number): void {
  out.push(0xfd, code, 0);
  pushUnsigned(out, offset);
  touch();
}

const BUILT_INS: Readonly<Record<string, (text: Translation) => Kind>> = {
  'Math.imul'(text) {
    integers(text, 2);
    text.writer.out.push(op.mul);
    return 'i32';
  },
  'Math.clz32'(text) {
    integers(text, 1);
    text.writer.out.push(op.clz);
    return 'i32';
  },
  'Math.fround'(text) {
    double(text);
    text.writer.out.push(op.demote, op.promote);
    return 'f64';
  },
  'Math.abs'(text) {
    double(text);
    text.writer.out.push(op.f64Abs);
    return 'f64';
  },
  /** A translation by its number in the table, for the state that this function works on. */
  $call(text) {
    text.writer.local(op.get, STATE);
    integers(text, 1);
    text.writer.out.push(op.callIndirect, 1, 0);
    text.writer.touch();
    return 'i32';
  },
  /** 16 bytes of memory into the state, and the other way: places are offsets from its beginning. */
  $load128(text) {
    const place = placeArgument(text);
    text.expression();
    text.reader.expect(')');
    vectorAccess(text.writer, VECTOR_LOAD, 0);
    vectorAccess(text.writer, VECTOR_STORE, place);
    return 'void';
  },
  $store128(text) {
    const { out } = text.writer;
    const start = out.length;
    const place = placeArgument(text);
    const source = out.splice(start);
    text.expression();
    text.reader.expect(')');
    for (const byte of source) out.push(byte);
    vectorAccess(text.writer, VECTOR_LOAD, place);
    vectorAccess(text.writer, VECTOR_STORE, 0);
    return 'void';
  },
  '$X.highSigned': (text) => highWord(text, op.extendS),
  '$X.highUnsigned': (text) => highWord(text, op.extendU),
};

/** Puts the function of the vector unit in place of its call. */
function inlined(text: Translation, inline: Inline): Kind {
  const { out, local, number, pooled, touch } = text.writer;
  const { offsets, values } = inlineArguments(text, inline);
  const { parameters, places, results, locals, parts } = inline;
  const counts = new Map<number, number>();
  const temporary = locals.map((type) => {
    const nth = counts.get(type) ?? 0;
    counts.set(type, nth + 1);
    return pooled(type, nth);
  });
  for (const part of parts) {
    if (!('local' in part)) for (const byte of part) out.push(byte);
    else if (isBase(part.local)) local(op.get, STATE);
    else if (part.local < places) {
      local(op.get, STATE);
      if (offsets[part.local] === 0) continue;
      number(offsets[part.local]);
      out.push(op.add);
    } else
      local(
        part.use,
        part.local < parameters ? values[part.local - places] : temporary[part.local - parameters],
      );
  }
  touch();
  return results.length > 0 ? 'i32' : 'void';
}

/** Its arguments: offsets of places in the state, then locals that hold values. A variable's own local serves as it is. */
function inlineArguments({ reader, writer, expression }: Translation, { parameters, places }: Inline) {
  const { words, expect } = reader;
  const offsets: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < parameters; i++) {
    if (i > 0) expect(',');
    if (i < places) {
      if (!isNumber(words[reader.at])) reader.fail('no place');
      offsets.push(Number(words[reader.at++]));
      continue;
    }
    const isWhole = words[reader.at + 1] === ',' || words[reader.at + 1] === ')';
    const variable = isWhole ? writer.locals.get(words[reader.at]) : undefined;
    if (variable) {
      reader.at++;
      values.push(variable.index);
      continue;
    }
    expression();
    values.push(writer.pooled(I32, i));
    writer.local(op.set, values[i - places]);
  }
  expect(')');
  return { offsets, values };
}
