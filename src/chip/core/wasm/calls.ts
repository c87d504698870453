/** Calls in a translation's text: of what WebAssembly has itself, of the vector unit's functions, which are put in place, of the host. */
import { type Inline, isBase } from '../../pie/index.ts';
import type { Names } from './names.ts';
import { I32, op, pushUnsigned, STATE, VECTOR_LOAD, VECTOR_STORE } from './opcodes.ts';
import type { Kind } from './operators.ts';
import { isNumber, type Reader } from './scan.ts';
import type { Writer } from './writer.ts';

/** The block that a failed call of the host leaves. */
export const CATCH = '%catch';

const REACHES_OUT = /^\$[XM]\./;

/** @returns what reads a call behind its opening parenthesis */
export function createCalls(
  reader: Reader,
  writer: Writer,
  names: Names,
  { expression, assigned }: { expression: () => Kind; assigned: (kind: Kind) => Kind },
): (name: string) => Kind {
  const { words, fail, expect } = reader;
  const { out, open, locals, number, local, pooled, toDouble, branch, touch, loadState } = writer;

  const argumentsOf = (count: number) => {
    for (let i = 0; i < count; i++) {
      if (i > 0) expect(',');
      const kind = expression();
      if (kind === 'f64' || kind === 'void') fail('no integer');
    }
    expect(')');
  };

  /** A product's high word. */
  const highWord = (extend: number): Kind => {
    expression();
    out.push(extend);
    expect(',');
    expression();
    out.push(extend, op.i64Mul, 0x42, 32, op.i64ShrS, op.wrap);
    expect(')');
    return 'i32';
  };

  /** The address from which on a place in the state is counted, and how far. */
  const placeArgument = (): number => {
    const place = words[reader.at++];
    expect(',');
    local(op.get, STATE);
    if (isNumber(place)) return Number(place);
    local(op.get, (locals.get(place) ?? fail('no place')).index);
    out.push(op.add);
    return 0;
  };
  const vectorAccess = (code: number, offset: number) => {
    out.push(0xfd, code, 0);
    pushUnsigned(out, offset);
    touch();
  };

  const builtIns: Readonly<Record<string, () => Kind>> = {
    'Math.imul'() {
      argumentsOf(2);
      out.push(op.mul);
      return 'i32';
    },
    'Math.clz32'() {
      argumentsOf(1);
      out.push(op.clz);
      return 'i32';
    },
    'Math.fround'() {
      toDouble(assigned(expression()));
      expect(')');
      out.push(op.demote, op.promote);
      return 'f64';
    },
    'Math.abs'() {
      toDouble(assigned(expression()));
      expect(')');
      out.push(op.f64Abs);
      return 'f64';
    },
    /** A translation by its number in the table, for the state that this function works on. */
    $call() {
      local(op.get, STATE);
      argumentsOf(1);
      out.push(op.callIndirect, 1, 0);
      touch();
      return 'i32';
    },
    /** 16 bytes of memory into the state, and the other way: places are offsets from its beginning. */
    $load128() {
      const place = placeArgument();
      expression();
      expect(')');
      vectorAccess(VECTOR_LOAD, 0);
      vectorAccess(VECTOR_STORE, place);
      return 'void';
    },
    $store128() {
      const start = out.length;
      const place = placeArgument();
      const source = out.splice(start);
      expression();
      expect(')');
      for (const byte of source) out.push(byte);
      vectorAccess(VECTOR_LOAD, place);
      vectorAccess(VECTOR_STORE, 0);
      return 'void';
    },
    '$X.highSigned': () => highWord(op.extendS),
    '$X.highUnsigned': () => highWord(op.extendU),
  };

  /** Puts the function of the vector unit in place of its call. */
  const inlineCall = ({ parameters, places, results, locals: inner, parts }: Inline): Kind => {
    const offsets: number[] = [];
    const values: number[] = [];
    for (let i = 0; i < parameters; i++) {
      if (i > 0) expect(',');
      if (i < places) {
        if (!isNumber(words[reader.at])) fail('no place');
        offsets.push(Number(words[reader.at++]));
        continue;
      }
      const given =
        words[reader.at + 1] === ',' || words[reader.at + 1] === ')'
          ? locals.get(words[reader.at])
          : undefined;
      if (given) {
        reader.at++;
        values.push(given.index);
        continue;
      }
      expression();
      values.push(pooled(I32, i));
      local(op.set, values[i - places]);
    }
    expect(')');
    const counts = new Map<number, number>();
    const temporary = inner.map((type) => {
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
  };

  const call = (name: string): Kind => {
    const builtIn = builtIns[name];
    if (builtIn) return builtIn();
    const inline = names.inlines.get(name);
    if (inline) return inlineCall(inline);
    const target = names.imports.get(name) ?? fail(`nothing is called ${name}`);
    if (target.takesState) local(op.get, STATE);
    argumentsOf(target.takesState ? target.parameters - 1 : target.parameters);
    out.push(op.call);
    pushUnsigned(out, target.index);
    touch();
    // The units only compute; what reaches out of the core may fail.
    if (!REACHES_OUT.test(name) || !open.includes(CATCH)) return 'i32';
    loadState(names.failed);
    branch(op.brIf, CATCH);
    return 'i32';
  };

  return call;
}
