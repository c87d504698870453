/** A function's body as it grows: bytes, variables, labels, and what is known of the last bytes. */
import { ACCESS, F64, I32, op, pushSigned, pushUnsigned } from './opcodes.ts';
import type { Kind } from './operators.ts';

export interface Local {
  readonly index: number;
  readonly kind: Kind;
}

/** A number that was written, and where. */
export interface Literal {
  readonly start: number;
  readonly end: number;
  readonly value: number;
}

export type Writer = ReturnType<typeof createWriter>;

/** A body's variables: its parameters, those of the text's names, and some for the time being. */
function createVariables(state: number, parameters: readonly string[]) {
  const types: number[] = [];
  const locals = new Map<string, Local>([['$state', { index: state, kind: 'i32' }]]);
  for (const [index, name] of parameters.entries()) locals.set(name, { index: index + 1, kind: 'i32' });
  const pools = new Map<number, number[]>();
  const newLocal = (type: number): number => types.push(type) + parameters.length;
  return {
    /** Of the locals behind the parameters. */
    types,
    locals,
    /** A local for the time being: the nth of its type. */
    pooled(type: number, nth: number): number {
      const pool = pools.get(type) ?? [];
      pools.set(type, pool);
      while (pool.length <= nth) pool.push(newLocal(type));
      return pool[nth];
    },
    /** The variable of a name, for values of a kind. */
    variable(name: string, kind: Kind): Local {
      const known = locals.get(name);
      if (known?.kind === kind) return known;
      const created = { index: newLocal(kind === 'f64' ? F64 : I32), kind };
      locals.set(name, created);
      return created;
    },
  };
}

/**
 * @param state index of the parameter that holds the state's address
 * @param parameters names of those behind it
 */
export function createWriter(state: number, parameters: readonly string[]) {
  const out: number[] = [];
  /** Labels of the blocks that are open, the innermost last. */
  const open: string[] = [];
  const none: Literal = { start: -1, end: -1, value: 0 };
  /** The last number written, if nothing was written after it. */
  let literal = none;
  let tee = { at: -1, end: -1 };
  /** Where the last thing was written that may do more than give a value. */
  let impure = -1;

  const local = (opcode: number, index: number) => {
    out.push(opcode);
    pushUnsigned(out, index);
  };
  const insert = (position: number, ...bytes: number[]) => {
    out.splice(position, 0, ...bytes);
  };

  return {
    ...createVariables(state, parameters),
    out,
    open,
    local,
    insert,
    get literal() {
      return literal;
    },
    number(value: number, written = value) {
      const start = out.length;
      out.push(op.i32Const);
      pushSigned(out, value);
      literal = { start, end: out.length, value: written };
    },
    /** The number that all from `start` on is. */
    literalFrom: (start: number): number | undefined =>
      literal.start === start && literal.end === out.length ? literal.value : undefined,
    /** Takes back all from `start` on. */
    forget(start: number) {
      out.length = start;
      literal = none;
    },
    /** Keeps a value in a variable and on the stack. */
    keep(index: number) {
      tee = { at: out.length, end: 0 };
      local(op.tee, index);
      tee.end = impure = out.length;
    },
    /** Drops the value that was just computed. */
    drop(kind: Kind) {
      if (kind === 'void') return;
      if (tee.end === out.length) out[tee.at] = op.set;
      else out.push(op.drop);
    },
    /** What was just written does more than give a value. */
    touch() {
      impure = out.length;
    },
    isPureSince: (start: number): boolean => impure <= start,
    toDouble(kind: Kind, position = out.length) {
      if (kind !== 'f64') insert(position, kind === 'u32' ? op.fromU32 : op.fromI32);
    },
    branch(opcode: number, label: string) {
      const place = open.lastIndexOf(label);
      if (place < 0) throw new Error(`no label ${label}`);
      out.push(opcode);
      pushUnsigned(out, open.length - 1 - place);
    },
    access(code: number, shift: number, offset: number) {
      out.push(code, shift);
      pushUnsigned(out, offset);
    },
    /** A word of the state. */
    loadState(offset: number) {
      local(op.get, state);
      out.push(ACCESS.i32.load, 2);
      pushUnsigned(out, offset);
    },
  };
}
