/**
 * Random programs centred on what compilers get wrong about loops: counters of any step near both ends of the range,
 * several ways out, polling, values used after the loop, loads behind exits; on large frames; on shifts across calls.
 */
import { createRandom } from './random-module.ts';
import { type Func, type Node, type NodeType, node, type Program } from './tree.ts';

type Random = (below: number) => number;

interface Context {
  readonly random: Random;
  readonly types: NodeType[];
  readonly earlier: readonly Func[];
  /** Counters of the loops around, seldom assigned. */
  readonly counters: Set<number>;
  /** Ways out of the blocks around. */
  readonly exits: number[];
  /** Addresses may be anything, so that an access may trap. */
  readonly wild: boolean;
  depth: number;
  budget: number;
  labels: number;
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)];
const edges = [
  0, 1, -1, 2, 3, 7, 0x7fffffff, 0x7ffffffe, 0x7ffffff0, -0x80000000, -0x7fffffff, -0x7ffffff0, 100, -100,
];
const steps = [1, 1, 1, -1, -1, -1, 2, -2, 4, -4, 8, -8, 3, -3, 5, -7, 16];
const comparisons = ['lt_s', 'lt_u', 'le_s', 'le_u', 'gt_s', 'gt_u', 'ge_s', 'ge_u', 'ne', 'eq'];

const int = (value: number): Node => node('i32.const', 'i32', [], value | 0);
const get = (local: number, type: NodeType): Node => node('local.get', type, [], local);
const set = (local: number, value: Node): Node => node('local.set', '', [value], local);
const tee = (local: number, value: Node): Node => node('local.tee', value.type, [value], local);
const binary = (op: string, a: Node, b: Node, type: NodeType = 'i32'): Node => node(op, type, [a, b]);
const add = (a: Node, b: Node) => binary('i32.add', a, b);

function localOf(context: Context, type: NodeType): number {
  const fitting = context.types.flatMap((found, i) => (found === type ? [i] : []));
  return pick(context.random, fitting);
}

const leaf = (context: Context, type: NodeType): Node =>
  context.random(4) === 0 ? constant(context.random, type) : get(localOf(context, type), type);

function constant(random: Random, type: NodeType): Node {
  if (type === 'f32') return node('f32.const', type, [], pick(random, [0, 1, -1.5, 3.5, 1e10, -0.25]));
  const value = random(2) ? pick(random, edges) : random(64) - 8;
  return node(`${type}.const`, type, [], value);
}

const integerOps = 'add sub mul and or xor shl shr_s shr_u rotl rotr'.split(' ');
const unaryOps: Readonly<Record<string, readonly string[]>> = {
  i32: ['i32.clz', 'i32.ctz', 'i32.eqz', 'i32.extend8_s', 'i32.extend16_s'],
  i64: ['i64.clz', 'i64.extend32_s'],
  f32: ['f32.abs', 'f32.neg', 'f32.floor'],
};

function expression(context: Context, type: NodeType, height = 3): Node {
  const { random } = context;
  if (height === 0 || --context.budget < 0) return leaf(context, type);
  const sub = (of: NodeType = type) => expression(context, of, height - 1);
  switch (random(12)) {
    case 0:
    case 1:
      return leaf(context, type);
    case 2:
      return node(pick(random, unaryOps[type]), type, [sub()]);
    case 3:
      return node('select', type, [sub(), sub(), sub('i32')]);
    case 4:
      return converted(context, type, sub);
    case 5:
      return type === 'f32' ? leaf(context, type) : load(context, type);
    case 6:
      return node(
        'if',
        type,
        [sub('i32'), node('seq', type, [sub()]), node('seq', type, [sub()])],
        context.labels++,
      );
    case 7:
      return call(context, type) ?? leaf(context, type);
    case 8:
      // Operands wait on the stack while a way out is looked at.
      return context.exits.length && random(2)
        ? node('seq', type, [leave(context), sub()])
        : leaf(context, type);
    default:
      if (type === 'f32')
        return binary(`f32.${pick(random, ['add', 'sub', 'mul', 'min', 'max'])}`, sub(), sub(), type);
      return binary(`${type}.${pick(random, integerOps)}`, sub(), sub(), type);
  }
}

function converted(context: Context, type: NodeType, sub: (of: NodeType) => Node): Node {
  const { random } = context;
  if (type === 'i64') return node(random(2) ? 'i64.extend_i32_s' : 'i64.extend_i32_u', type, [sub('i32')]);
  if (type === 'f32') return node('f32.convert_i32_s', type, [sub('i32')]);
  if (random(4) === 0) return node('i32.wrap_i64', type, [sub('i64')]);
  if (random(4) === 0) return node('i32.trunc_sat_f32_s', type, [sub('f32')]);
  return binary(`i32.${pick(random, comparisons)}`, sub('i32'), sub('i32'));
}

function address(context: Context): Node {
  const { random, wild } = context;
  const mask = wild && random(4) === 0 ? 0x1ffff : pick(random, [0xff, 0xff0, 0xfff, 0xffc]);
  const value = random(3) ? get(localOf(context, 'i32'), 'i32') : expression(context, 'i32', 1);
  if (wild && random(12) === 0) return value;
  if (random(5) === 0) return int(4 * random(900));
  return binary('i32.and', value, int(mask));
}

function load(context: Context, type: NodeType): Node {
  const { random } = context;
  const op =
    type === 'i64'
      ? 'i64.load'
      : pick(random, ['i32.load', 'i32.load', 'i32.load8_u', 'i32.load8_s', 'i32.load16_u']);
  return node(op, type, [address(context)], pick(random, [0, 0, 4, 8, 1]));
}

function call(context: Context, type: NodeType): Node | undefined {
  const { random, earlier, depth } = context;
  const fitting = earlier.flatMap(({ result }, i) => (result === type ? [i] : []));
  if (fitting.length === 0 || depth > 1) return undefined;
  const index = pick(random, fitting);
  return node(
    'call',
    type,
    earlier[index].params.map((param) => leaf(context, param)),
    index,
  );
}

const leave = (context: Context): Node =>
  node('br_if', '', [condition(context)], pick(context.random, context.exits));

function condition(context: Context): Node {
  const { random } = context;
  if (random(4) === 0) return expression(context, 'i32', 2);
  return binary(`i32.${pick(random, comparisons)}`, leaf(context, 'i32'), leaf(context, 'i32'));
}

function statements(context: Context, count: number): Node[] {
  return Array.from({ length: count }, () => statement(context));
}

function statement(context: Context): Node {
  const { random } = context;
  context.budget--;
  if (context.budget < 0) return node('nop', '');
  switch (random(9)) {
    case 0:
    case 1:
      return context.depth < 2 ? loop(context) : assign(context);
    case 2:
      return store(context);
    case 3:
      return node(
        'if',
        '',
        [condition(context), node('do', '', statements(context, 1 + random(2)))],
        context.labels++,
      );
    case 4:
      return block(context);
    case 5:
      return context.exits.length ? leave(context) : assign(context);
    default:
      return assign(context);
  }
}

function store(context: Context): Node {
  const { random } = context;
  const type = random(5) ? 'i32' : 'i64';
  const op = type === 'i64' ? 'i64.store' : pick(random, ['i32.store', 'i32.store8', 'i32.store16']);
  return node(op, '', [address(context), expression(context, type, 2)], pick(random, [0, 0, 4, 1]));
}

function assign(context: Context): Node {
  const { random, counters } = context;
  const type: NodeType = pick(random, ['i32', 'i32', 'i32', 'i32', 'i64', 'f32'] as const);
  let local = localOf(context, type);
  // A counter that the body changes is no counted loop: seldom.
  for (let tries = 0; counters.has(local) && random(12) && tries < 8; tries++) local = localOf(context, type);
  return counters.has(local) ? node('nop', '') : set(local, expression(context, type));
}

function block(context: Context): Node {
  const label = context.labels++;
  context.exits.push(label);
  const body = statements(context, 1 + context.random(3));
  context.exits.pop();
  return node('block', '', body, label);
}

/** A counter, its start, step and bound; the bound is a few steps away, or nearly so. */
function loop(context: Context): Node {
  const { random } = context;
  const counter = localOf(context, 'i32');
  if (context.counters.has(counter)) return assign(context);
  const step = pick(random, steps);
  const rounds = 1 + random(12);
  const start = random(3) ? pick(random, edges) : random(20);
  const beyond = random(3) === 0 ? random(Math.abs(step)) * Math.sign(step) : 0;
  const end = start + step * rounds - beyond;
  const variable = random(2) === 0;
  const bound = localOf(context, 'i32');
  const hasBound = variable && bound !== counter && !context.counters.has(bound);
  const first =
    random(4) === 0 ? add(int(start), binary('i32.and', leaf(context, 'i32'), int(3))) : int(start);
  const before = [set(counter, first)];
  if (hasBound)
    before.push(
      set(bound, random(3) ? int(end) : add(int(end), binary('i32.and', leaf(context, 'i32'), int(1)))),
    );
  context.counters.add(counter);
  if (hasBound) context.counters.add(bound);
  context.depth++;
  const made = loopForm(context, counter, step, hasBound ? get(bound, 'i32') : int(end));
  context.depth--;
  context.counters.delete(counter);
  if (hasBound) context.counters.delete(bound);
  return node('do', '', [...before, made]);
}

function loopForm(context: Context, counter: number, step: number, bound: Node): Node {
  const { random } = context;
  const [out, again] = [context.labels++, context.labels++];
  const hasExits = random(2) === 0;
  if (hasExits) context.exits.push(out);
  const body = statements(context, random(4));
  if (hasExits) context.exits.pop();
  const old = get(counter, 'i32');
  const next = add(old, int(step));
  const fitting = step > 0 ? ['lt_s', 'lt_u', 'ne', 'le_s', 'le_u'] : ['gt_s', 'gt_u', 'ne', 'ge_s', 'ge_u'];
  const op = `i32.${random(12) ? pick(random, fitting) : pick(random, comparisons)}`;
  const turned = op.replace(
    /lt|gt|le|ge/,
    (name) => ({ lt: 'gt', gt: 'lt', le: 'ge', ge: 'le' })[name] as string,
  );
  const test = (value: Node) => (random(3) ? binary(op, value, bound) : binary(turned, bound, value));
  const back = (condition: Node) => node('br_if', '', [condition], again);
  const leaveIf = (condition: Node) => node('br_if', '', [condition], out);
  const whole = (...inside: Node[]) => node('block', '', [node('loop', '', inside, again)], out);
  switch (random(8)) {
    case 0:
      return whole(...body, set(counter, next), back(test(old)));
    case 1:
      // Compared before its step.
      return whole(...body, tee2(counter, next, back(test(old))));
    case 2:
      return whole(
        leaveIf(node('i32.eqz', 'i32', [test(old)])),
        ...body,
        set(counter, next),
        node('br', '', [], again),
      );
    case 3: {
      const inside = node('do', '', [...body, set(counter, next), node('br', '', [], again)]);
      return whole(node('if', '', [test(old), inside], context.labels++));
    }
    case 4:
      // Counting down to nothing.
      return node('do', '', [
        set(counter, add(binary('i32.and', old, int(15)), int(1))),
        whole(...body, back(tee(counter, add(old, int(-1))))),
      ]);
    case 5: {
      // Polling a word that the loop itself will clear.
      const flag = int(4 * random(40));
      const clear = node('i32.store', '', [
        flag,
        binary('i32.and', get(counter, 'i32'), int(pick(random, [1, 3, 7]))),
      ]);
      return whole(...body, set(counter, add(old, int(-1))), clear, back(node('i32.load', 'i32', [flag])));
    }
    default:
      return whole(...body, back(test(tee(counter, next))));
  }
}

/** The comparison looks at the old value, which the step then replaces. */
function tee2(counter: number, next: Node, back: Node): Node {
  const [condition] = back.kids;
  return node('do', '', [{ ...back, kids: [node('seq', 'i32', [condition, set(counter, next)])] }]);
}

/** All locals in one number. */
function digest(types: readonly NodeType[]): Node {
  let sum = int(17);
  types.forEach((type, i) => {
    const value = get(i, type);
    const word =
      type === 'i32'
        ? value
        : type === 'i64'
          ? node('i32.wrap_i64', 'i32', [
              binary(
                'i64.xor',
                value,
                binary('i64.shr_u', value, node('i64.const', 'i64', [], 32), 'i64'),
                'i64',
              ),
            ])
          : node('i32.trunc_sat_f32_s', 'i32', [value]);
    sum = binary('i32.xor', binary('i32.mul', sum, int(2 * i + 3)), word);
  });
  return sum;
}

function randomFunction(random: Random, earlier: readonly Func[], wild: boolean): Func {
  const params: NodeType[] = [
    'i32',
    'i32',
    ...(random(3) ? [] : (['i64'] as const)),
    ...(random(4) ? [] : (['f32'] as const)),
  ];
  // Large frames: many values that live from the beginning to the end.
  const many = random(12) === 0 ? 60 + random(300) : 0;
  const locals: NodeType[] = [
    'i32',
    'i32',
    'i32',
    'i32',
    'i32',
    'i64',
    'f32',
    ...new Array<NodeType>(many).fill('i32'),
  ];
  const types = [...params, ...locals];
  const context: Context = {
    random, types: types.slice(0, types.length - many), earlier, counters: new Set(), exits: [], wild,
    depth: 0, budget: 60 + random(60), labels: 0,
  }; // biome-ignore format: one line
  const fill = Array.from({ length: many }, (_, i) =>
    set(types.length - many + i, node('i32.load', 'i32', [int(4 * i)], 0)),
  );
  const body = [...fill, ...statements(context, 2 + random(4)), digest(types)];
  return { params, locals, result: 'i32', body };
}

/** A module of up to three functions; `wild`: some accesses may be out of bounds. */
export function randomLoops(seed: number, wild: boolean): Program {
  const random = createRandom((seed ^ 0x5bd1e995) * 0x01000193);
  for (let i = 0; i < 8; i++) random(2);
  const functions: Func[] = [];
  const count = 1 + random(3);
  for (let i = 0; i < count; i++) functions.push(randomFunction(random, functions, wild));
  return { functions };
}
