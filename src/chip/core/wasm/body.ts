/**
 * From a translation's text to the body of a WebAssembly function. The text is JavaScript of the narrowest kind (semantics/context.ts):
 * integers, views of memory, calls by name, labelled blocks and loops; this reads it once and writes as it reads, since the order of both is
 * the same. Whatever has no exact counterpart is an error, of the emitter that wrote it.
 */
import { type Inline, isBase } from '../../pie/index.ts';
import { combine, type Kind, PRECEDENCE } from './operators.ts';
import { isName, isNumber, scan } from './scan.ts';

export type Element = 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'f32' | 'f64';

/** A typed array of the text. */
export interface View {
  /** Bytes from the state's beginning, or from that of the memory. */
  readonly offset: number;
  readonly element: Element;
  /** Whether it is part of the core's state. */
  readonly inState: boolean;
}

export interface Import {
  /** Number of the function in the module. */
  readonly index: number;
  readonly parameters: number;
}

/** What the text's names stand for. */
export interface Names {
  readonly views: ReadonlyMap<string, View>;
  /** Functions of the host. All give an integer. */
  readonly imports: ReadonlyMap<string, Import>;
  readonly inlines: ReadonlyMap<string, Inline>;
  /** Where in the state it says that an import has failed. */
  readonly failed: number;
}

const I32 = 0x7f;
const F64 = 0x7c;
const VOID = 0x40;
const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  get: 0x20,
  set: 0x21,
  tee: 0x22,
  i32Const: 0x41,
  f64Const: 0x44,
  eqz: 0x45,
  clz: 0x67,
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  and: 0x71,
  or: 0x72,
  xor: 0x73,
  shl: 0x74,
  shrS: 0x75,
  f64Abs: 0x99,
  f64Neg: 0x9a,
  i64Mul: 0x7e,
  i64ShrS: 0x87,
  wrap: 0xa7,
  extendS: 0xac,
  extendU: 0xad,
  demote: 0xb6,
  fromI32: 0xb7,
  fromU32: 0xb8,
  promote: 0xbb,
} as const;

const ACCESS: Readonly<Record<Element, { load: number; store: number; shift: number }>> = {
  i8: { load: 0x2c, store: 0x3a, shift: 0 },
  u8: { load: 0x2d, store: 0x3a, shift: 0 },
  i16: { load: 0x2e, store: 0x3b, shift: 1 },
  u16: { load: 0x2f, store: 0x3b, shift: 1 },
  i32: { load: 0x28, store: 0x36, shift: 2 },
  f32: { load: 0x2a, store: 0x38, shift: 2 },
  f64: { load: 0x2b, store: 0x39, shift: 3 },
};

const VECTOR_LOAD = 0x00;
const VECTOR_STORE = 0x0b;

/** The state's address: the function's parameter. */
const STATE = 0;
/** Longest arms of a choice that are both computed. */
const CHOSEN = 12;

interface Local {
  readonly index: number;
  readonly kind: Kind;
}

export function pushUnsigned(out: number[], value: number): void {
  let rest = value >>> 0;
  for (; rest >= 0x80; rest >>>= 7) out.push((rest & 0x7f) | 0x80);
  out.push(rest);
}

function pushSigned(out: number[], value: number): void {
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && !(low & 0x40)) || (rest === -1 && low & 0x40)) return void out.push(low);
    out.push(low | 0x80);
  }
}

/** The function's body as the code section wants it, its length first. @throws Error for text that it does not understand */
export function compileBody(text: string, names: Names): number[] {
  const words = scan(text);
  const out: number[] = [];
  const types: number[] = [];
  const locals = new Map<string, Local>([['$state', { index: STATE, kind: 'i32' }]]);
  const pools = new Map<number, number[]>();
  /** Labels of the blocks that are open, the innermost last. */
  const open: string[] = [];
  let at = 0;
  /** The last number written, if nothing was written after it. */
  let literal = { start: -1, end: -1, value: 0 };
  let tee = { at: -1, end: -1 };
  /** Where the last thing was written that may do more than give a value. */
  let impure = -1;
  /** The word at which a statement begins: its value is not wanted. */
  let statementAt = -1;

  const fail = (why: string): never => {
    throw new Error(`${why}: ${words.slice(Math.max(0, at - 12), at + 6).join(' ')}`);
  };
  const expect = (word: string) => {
    if (words[at] !== word) fail(`no ${word}`);
    at++;
  };
  const take = (word: string): boolean => {
    if (words[at] !== word) return false;
    at++;
    return true;
  };
  const number = (value: number) => {
    const start = out.length;
    out.push(op.i32Const);
    pushSigned(out, value);
    literal = { start, end: out.length, value };
  };
  const literalFrom = (start: number): number | undefined =>
    literal.start === start && literal.end === out.length ? literal.value : undefined;
  const forget = (start: number) => {
    out.length = start;
    literal = { start: -1, end: -1, value: 0 };
  };
  const local = (opcode: number, index: number) => {
    out.push(opcode);
    pushUnsigned(out, index);
  };
  const newLocal = (type: number): number => types.push(type);
  const pooled = (type: number, nth: number): number => {
    const pool = pools.get(type) ?? [];
    pools.set(type, pool);
    while (pool.length <= nth) pool.push(newLocal(type));
    return pool[nth];
  };
  const insert = (position: number, ...bytes: number[]) => {
    out.splice(position, 0, ...bytes);
  };
  const variable = (name: string, kind: Kind): Local => {
    const known = locals.get(name);
    if (known?.kind === kind) return known;
    const created = { index: newLocal(kind === 'f64' ? F64 : I32), kind };
    locals.set(name, created);
    return created;
  };
  const toDouble = (kind: Kind, position = out.length) => {
    if (kind === 'f64') return;
    insert(position, kind === 'u32' ? op.fromU32 : op.fromI32);
  };
  /** Drops the value that was just computed. */
  const drop = (kind: Kind) => {
    if (kind === 'void') return;
    if (tee.end === out.length) out[tee.at] = op.set;
    else out.push(op.drop);
  };
  const labelDepth = (label: string): number => {
    const place = open.lastIndexOf(label);
    if (place < 0) fail(`no label ${label}`);
    return open.length - 1 - place;
  };
  const branch = (opcode: number, label: string) => {
    out.push(opcode);
    pushUnsigned(out, labelDepth(label));
  };
  const access = (code: number, shift: number, offset: number) => {
    out.push(code, shift);
    pushUnsigned(out, offset);
  };

  // Expressions.

  const assigned = (kind: Kind): Kind => (kind === 'sum' || kind === 'void' ? fail('an open sum') : kind);

  /** An address and what is to be added to it, for an element of a view: reads `index]`. */
  const addressOf = ({ offset, element, inState }: View): number => {
    const { shift } = ACCESS[element];
    if (isNumber(words[at]) && words[at + 1] === ']') {
      const constant = offset + (Number(words[at]) << shift);
      at += 2;
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
      literal.end === out.length - 1 &&
      literal.value >= 0 &&
      literal.start > start
    ) {
      more += literal.value << shift;
      forget(literal.start);
    }
    // `x >> shift`: what is shifted down would be shifted up again; the text has seen to its being aligned.
    if (shift > 0 && out.at(-1) === op.shrS && literal.end === out.length - 1 && literal.value === shift) {
      forget(literal.start);
    } else if (shift > 0) {
      number(shift);
      out.push(op.shl);
    }
    expect(']');
    if (inState) {
      local(op.get, STATE);
      out.push(op.add);
    }
    impure = out.length;
    return more;
  };

  const viewAccess = (view: View, isStatement: boolean): Kind => {
    const { load, store, shift } = ACCESS[view.element];
    const start = out.length;
    const offset = addressOf(view);
    const isFloat = view.element === 'f32' || view.element === 'f64';
    const operator = words[at];
    if (operator === '=') {
      at++;
      const kind = expression();
      if (isFloat) {
        toDouble(assigned(kind));
        if (view.element === 'f32') out.push(op.demote);
      } else if (kind === 'f64' || kind === 'void') fail('no integer');
      impure = out.length;
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
      at++;
      insert(start, ...out.slice(start)); // the address once more
      access(load, shift, offset);
      expression();
      out.push(operator === '|=' ? op.or : op.and);
      access(store, shift, offset);
      impure = out.length;
      return 'void';
    }
    access(load, shift, offset);
    if (!isFloat) return 'i32';
    if (view.element === 'f32') out.push(op.promote);
    return 'f64';
  };

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

  const placeArgument = (): number => {
    const place = Number(words[at++]);
    expect(',');
    return place;
  };
  const vectorAccess = (code: number, offset: number) => {
    out.push(0xfd, code, 0);
    pushUnsigned(out, offset);
    impure = out.length;
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
      impure = out.length;
      return 'i32';
    },
    /** 16 bytes of memory into the state, the other way, and within the state: places are offsets from its beginning. */
    $load128() {
      local(op.get, STATE);
      const place = placeArgument();
      expression();
      expect(')');
      vectorAccess(VECTOR_LOAD, 0);
      vectorAccess(VECTOR_STORE, place);
      return 'void';
    },
    $store128() {
      const place = placeArgument();
      expression();
      expect(')');
      local(op.get, STATE);
      vectorAccess(VECTOR_LOAD, place);
      vectorAccess(VECTOR_STORE, 0);
      return 'void';
    },
    $copy128() {
      const to = placeArgument();
      const from = Number(words[at++]);
      expect(')');
      local(op.get, STATE);
      local(op.get, STATE);
      vectorAccess(VECTOR_LOAD, from);
      vectorAccess(VECTOR_STORE, to);
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
        if (!isNumber(words[at])) fail('no place');
        offsets.push(Number(words[at++]));
        continue;
      }
      const given = words[at + 1] === ',' || words[at + 1] === ')' ? locals.get(words[at]) : undefined;
      if (given) {
        at++;
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
    impure = out.length;
    return results.length > 0 ? 'i32' : 'void';
  };

  const call = (name: string): Kind => {
    const builtIn = builtIns[name];
    if (builtIn) return builtIn();
    const inline = names.inlines.get(name);
    if (inline) return inlineCall(inline);
    const target = names.imports.get(name) ?? fail(`nothing is called ${name}`);
    argumentsOf(target.parameters);
    out.push(op.call);
    pushUnsigned(out, target.index);
    impure = out.length;
    // The units only compute; what reaches out of the core may fail.
    if (!name.startsWith('$X.') || !open.includes(CATCH)) return 'i32';
    local(op.get, STATE);
    access(ACCESS.i32.load, 2, names.failed);
    branch(op.brIf, CATCH);
    return 'i32';
  };

  const named = (name: string, isStatement: boolean): Kind => {
    if (take('(')) return call(name);
    if (take('[')) return viewAccess(names.views.get(name) ?? fail(`no view ${name}`), isStatement);
    if (take('=')) {
      const { index } = variable(name, assigned(expression()));
      tee = { at: out.length, end: 0 };
      local(op.tee, index);
      tee.end = impure = out.length;
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
      literal.value = value;
      return value > 0x7fffffff ? 'u32' : 'i32';
    }
    out.push(op.f64Const, ...new Uint8Array(new Float64Array([value]).buffer));
    return 'f64';
  };

  const unary = (): Kind => {
    const isStatement = at === statementAt;
    const word = words[at++];
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
    if (impure <= start && out.length - middle <= CHOSEN) {
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
      const operator = words[at];
      const precedence = PRECEDENCE[operator];
      if (precedence === undefined || precedence < least) return kind;
      at++;
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
    if (operator === '%') impure = out.length; // by zero it traps
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
    if (impure <= first && second - first <= CHOSEN && out.length - second <= CHOSEN) {
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

  // Statements.

  const declaration = () => {
    do {
      const name = words[at++];
      if (take('=')) {
        const kind = expression();
        local(op.set, variable(name, assigned(kind)).index);
      } else variable(name, 'i32');
    } while (take(','));
  };

  const block = () => {
    expect('{');
    while (words[at] !== '}') statement();
    at++;
  };

  const enclosed = (opcode: number, label: string, inside: () => void) => {
    out.push(opcode, VOID);
    open.push(label);
    inside();
    out.push(op.end);
    open.pop();
  };

  const condition = () => {
    expect('(');
    const kind = sequence();
    if (kind === 'f64' || kind === 'void' || kind === 'sum') fail('no condition');
    expect(')');
    enclosed(op.if, '', () => {
      statement();
      if (!take('else')) return;
      out.push(op.else);
      statement();
    });
  };

  const labelled = (label: string) => {
    if (words[at] !== 'for') return enclosed(op.block, label, block);
    at++;
    forever(label);
  };

  const forever = (label: string) => {
    for (const word of ['(', ';', ';', ')']) expect(word);
    enclosed(op.loop, label, () => {
      block();
      branch(op.br, label);
    });
  };

  /** What fails in the first block goes on in the second. */
  const attempt = () => {
    enclosed(op.block, TRIED, () => {
      enclosed(op.block, CATCH, () => {
        block();
        branch(op.br, TRIED);
      });
      expect('catch');
      block();
    });
  };

  const keywords: Readonly<Record<string, () => void>> = {
    let: declaration,
    const: declaration,
    if: condition,
    for: () => forever('%loop'),
    try: attempt,
    break: () => branch(op.br, words[at++]),
    continue: () => branch(op.br, words[at++]),
    return() {
      expression();
      out.push(op.return);
    },
  };

  const statement = () => {
    const word = words[at];
    if (word === '{') return block();
    if (word === undefined) fail('the text ends');
    if (take(';')) return;
    const keyword = keywords[word];
    if (keyword) {
      at++;
      keyword();
    } else if (words[at + 1] === ':') {
      at += 2;
      return labelled(word);
    } else {
      statementAt = at;
      drop(expressionStatement());
    }
    take(';');
  };

  const expressionStatement = (): Kind => {
    for (;;) {
      const kind = expression();
      if (!take(',')) return kind;
      drop(kind);
      statementAt = at;
    }
  };

  while (at < words.length) statement();
  out.push(op.unreachable, op.end);
  return withLocals(types, out);
}

const CATCH = '%catch';
const TRIED = '%tried';

function withLocals(types: readonly number[], code: readonly number[]): number[] {
  const declared: number[] = [];
  pushUnsigned(declared, types.length);
  for (const type of types) declared.push(1, type);
  const sized: number[] = [];
  pushUnsigned(sized, declared.length + code.length);
  return sized.concat(declared, code);
}
