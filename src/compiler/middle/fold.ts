/** Constant folding and the algebra of single instructions, asked for whenever an instruction is about to be made. */
import { constant, constantOf, type IrFunction, type Value } from './ir.ts';
import { floatOf, isTruthOp, operation, operations } from './operations.ts';

/** What to make in place of `op args`: an existing value, another instruction, or nothing better. */
export type Folded = { value: Value } | { op: string; args: Value[] } | undefined;

export function fold(fn: IrFunction, op: string, args: readonly Value[]): Folded {
  const constants = args.map((arg) => constantOf(fn, arg));
  const whole = foldConstants(fn, op, constants);
  if (whole !== undefined) return { value: whole };
  if (operation(op).commutative && constants[0] !== undefined && constants[1] === undefined)
    return { op, args: [args[1], args[0]] };
  if (op === 'select' || op === 'fselect') return foldSelect(fn, op, args, constants);
  if (args.length === 2 && args[0] === args[1]) return foldSame(fn, op, args[0]);
  if (args.length === 2 && constants[1] !== undefined) return foldRight(fn, op, args[0], constants[1]);
  if (args.length === 2 && constants[0] !== undefined) return foldLeft(fn, op, constants[0], args[1]);
  if (args.length === 1) return foldUnary(fn, op, args[0]);
  return undefined;
}

function foldConstants(fn: IrFunction, op: string, constants: (number | undefined)[]): Value | undefined {
  const known = constants.filter((value) => value !== undefined);
  const { evaluate, result: type } = operation(op);
  if (!evaluate || known.length !== constants.length) return undefined;
  if (op.startsWith('div') || op.startsWith('rem')) {
    if (known[1] === 0 || (known[1] === -1 && op.endsWith('s'))) return undefined;
  }
  const result = evaluate(known[0], known[1], known[2]);
  // Which NaN comes out is the FPU's business.
  if (/^f(add|sub|mul|div|sqrt)$/.test(op) && Number.isNaN(floatOf(result))) return undefined;
  return constant(fn, result, type);
}

function foldSelect(
  fn: IrFunction,
  op: string,
  args: readonly Value[],
  constants: (number | undefined)[],
): Folded {
  const [condition, yes, no] = args;
  if (constants[0] !== undefined) return { value: constants[0] !== 0 ? yes : no };
  if (yes === no) return { value: yes };
  const test = definition(fn, condition);
  if (test?.args.length === 2 && constantOf(fn, test.args[1]) === 0) {
    if (test.op === 'ne') return { op, args: [test.args[0], yes, no] };
    if (test.op === 'eq') return { op, args: [test.args[0], no, yes] };
  }
  if (constants[1] === 1 && constants[2] === 0)
    return isTruth(fn, condition) ? { value: condition } : undefined;
  return foldLimit(fn, test, op, yes, constants[2]) ?? foldMinimum(test, op, yes, no);
}

/** select (a >= k + 1) a k is the maximum of a and k. */
function foldLimit(
  fn: IrFunction,
  test: { op: string; args: Value[] } | undefined,
  op: string,
  yes: Value,
  no: number | undefined,
): Folded {
  if (op !== 'select' || no === undefined || test?.args[0] !== yes || no === 0x7fffffff) return undefined;
  return test.op === 'ge' && constantOf(fn, test.args[1]) === no + 1
    ? { op: 'max', args: [yes, constant(fn, no)] }
    : undefined;
}

/** select (a < b) a b and its kin. */
function foldMinimum(
  test: { op: string; args: Value[] } | undefined,
  op: string,
  yes: Value,
  no: Value,
): Folded {
  if (!test || op !== 'select') return undefined;
  const [a, b] = test.args;
  const straight = a === yes && b === no;
  if (!straight && !(a === no && b === yes)) return undefined;
  const names: Readonly<Record<string, [string, string]>> = {
    lt: ['min', 'max'],
    ge: ['max', 'min'],
    ltu: ['minu', 'maxu'],
    geu: ['maxu', 'minu'],
  };
  const pair = names[test.op];
  return pair && { op: pair[straight ? 0 : 1], args: [a, b] };
}

function foldSame(fn: IrFunction, op: string, value: Value): Folded {
  if (/^(sub|xor|ne|lt|ltu)$/.test(op)) return { value: constant(fn, 0) };
  if (/^(eq|ge|geu)$/.test(op)) return { value: constant(fn, 1) };
  if (/^(and|or|min|max|minu|maxu)$/.test(op)) return { value };
  return undefined;
}

function definition(fn: IrFunction, value: Value): { op: string; args: Value[] } | undefined {
  return fn.values[value].inst;
}

function isTruth(fn: IrFunction, value: Value): boolean {
  return isTruthOp(definition(fn, value)?.op);
}

/** Right operand constant. */
function foldRight(fn: IrFunction, op: string, x: Value, c: number): Folded {
  const k = (value: number) => constant(fn, value);
  const inner = definition(fn, x);
  const innerConstant = inner && inner.args.length === 2 ? constantOf(fn, inner.args[1]) : undefined;
  switch (op) {
    case 'add':
      if (c === 0) return { value: x };
      if (inner?.op === 'add' && innerConstant !== undefined)
        return { op, args: [inner.args[0], k(innerConstant + c)] };
      return undefined;
    case 'sub':
      return { op: 'add', args: [x, k(-c)] };
    case 'and':
      if (c === 0) return { value: k(0) };
      if (c === -1 || (c === 1 && isTruth(fn, x))) return { value: x };
      if (inner?.op === 'and' && innerConstant !== undefined)
        return { op, args: [inner.args[0], k(innerConstant & c)] };
      if (
        (inner?.op === 'load8u' && (c & 0xff) === 0xff) ||
        (inner?.op === 'load16u' && (c & 0xffff) === 0xffff)
      )
        return { value: x };
      return undefined;
    case 'or':
    case 'xor':
      return c === 0 ? { value: x } : c === -1 && op === 'or' ? { value: k(-1) } : undefined;
    case 'shl':
    case 'shr':
    case 'sar':
      return foldShift(fn, op, x, c & 31, inner, innerConstant);
    case 'mul':
      return foldMultiply(fn, x, c);
    case 'divu':
      return c !== 0 && (c & (c - 1)) === 0 ? { op: 'shr', args: [x, k(31 - Math.clz32(c))] } : undefined;
    case 'remu':
      return c !== 0 && (c & (c - 1)) === 0 ? { op: 'and', args: [x, k(c - 1)] } : undefined;
    case 'mulhu':
    case 'mulhs':
      return c === 0 ? { value: k(0) } : undefined;
    default:
      return foldComparison(fn, op, x, c);
  }
}

function foldMultiply(fn: IrFunction, x: Value, c: number): Folded {
  if (c === 0) return { value: constant(fn, 0) };
  if (c === 1) return { value: x };
  if (c === -1) return { op: 'sub', args: [constant(fn, 0), x] };
  if ((c & (c - 1)) === 0) return { op: 'shl', args: [x, constant(fn, 31 - Math.clz32(c))] };
  return undefined;
}

function foldShift(
  fn: IrFunction,
  op: string,
  x: Value,
  count: number,
  inner: { op: string; args: Value[] } | undefined,
  innerConstant: number | undefined,
): Folded {
  if (count === 0) return { value: x };
  const first = innerConstant === undefined ? undefined : innerConstant & 31;
  if (!inner || first === undefined) return undefined;
  const k = (value: number) => constant(fn, value);
  if (inner.op === op) {
    const sum = first + count;
    if (sum < 32) return { op, args: [inner.args[0], k(sum)] };
    return op === 'sar' ? { op, args: [inner.args[0], k(31)] } : { value: k(0) };
  }
  if (inner.op === 'shl' && first === count) {
    if (op === 'shr') return { op: 'and', args: [inner.args[0], k(-1 >>> count)] };
    if (op === 'sar' && count === 24) return { op: 'sext8', args: [inner.args[0]] };
    if (op === 'sar' && count === 16) return { op: 'sext16', args: [inner.args[0]] };
  }
  if (op === 'shl' && inner.op === 'shr' && first === count)
    return { op: 'and', args: [inner.args[0], k(-1 << count)] };
  // The sign stays the sign.
  if (op === 'shr' && inner.op === 'sar' && count === 31) return { op, args: [inner.args[0], k(31)] };
  return undefined;
}

function foldComparison(fn: IrFunction, op: string, x: Value, c: number): Folded {
  const test = definition(fn, x);
  if ((op === 'eq' || op === 'ne') && c === 0 && test) {
    if (isTruth(fn, x)) {
      if (op === 'ne') return { value: x };
      const opposite = operations.get(test.op)?.inverse;
      if (opposite) return { op: opposite, args: test.args };
    }
    if (test.op === 'sub' || test.op === 'xor') return { op, args: [test.args[0], test.args[1]] };
  }
  if ((op === 'eq' || op === 'ne') && test?.op === 'add') {
    const added = constantOf(fn, test.args[1]);
    if (added !== undefined) return { op, args: [test.args[0], constant(fn, c - added)] };
  }
  if (op === 'ltu' && c === 0) return { value: constant(fn, 0) };
  if (op === 'geu' && c === 0) return { value: constant(fn, 1) };
  if (op === 'ltu' && c === 1) return { op: 'eq', args: [x, constant(fn, 0)] };
  if (op === 'geu' && c === 1) return { op: 'ne', args: [x, constant(fn, 0)] };
  return undefined;
}

/** Left operand constant (and not the right one): a comparison turned round has its constant on the right. */
function foldLeft(fn: IrFunction, op: string, c: number, x: Value): Folded {
  if (/^(shl|shr|sar)$/.test(op) && c === 0) return { value: constant(fn, 0) };
  // c < x = x >= c + 1, unless c is the largest number.
  if (op === 'lt')
    return c === 0x7fffffff ? { value: constant(fn, 0) } : { op: 'ge', args: [x, constant(fn, c + 1)] };
  if (op === 'ge')
    return c === 0x7fffffff ? { value: constant(fn, 1) } : { op: 'lt', args: [x, constant(fn, c + 1)] };
  if (op === 'ltu')
    return c === -1 ? { value: constant(fn, 0) } : { op: 'geu', args: [x, constant(fn, c + 1)] };
  if (op === 'geu')
    return c === -1 ? { value: constant(fn, 1) } : { op: 'ltu', args: [x, constant(fn, c + 1)] };
  return undefined;
}

function foldUnary(fn: IrFunction, op: string, x: Value): Folded {
  const inner = definition(fn, x);
  if (op === 'bitstof' && inner?.op === 'ftobits') return { value: inner.args[0] };
  if (op === 'ftobits' && inner?.op === 'bitstof') return { value: inner.args[0] };
  if (op === 'sext8' && (inner?.op === 'load8s' || inner?.op === 'sext8')) return { value: x };
  if (op === 'sext16' && /^(load8s|sext8|load8u|load16s|sext16)$/.test(inner?.op ?? '')) return { value: x };
  return undefined;
}
