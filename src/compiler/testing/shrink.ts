/** Makes a failing program smaller, step by step, as long as it fails. */
import { type Node, node, type Program } from './tree.ts';

/** Ways to write one node smaller, the boldest first. */
function smaller(tree: Node): Node[] {
  const { op, type, kids, imm } = tree;
  const ways: Node[] = [];
  if (type === '') {
    if (op !== 'nop') ways.push(node('nop', ''));
    if (op === 'block' || op === 'loop') ways.push(node('do', '', kids));
    if (op === 'if') ways.push(kids[1]);
    if (op === 'do' && kids.length > 0) {
      const half = Math.ceil(kids.length / 2);
      if (kids.length > 2) ways.push(node('do', '', kids.slice(0, half)), node('do', '', kids.slice(half)));
      for (let i = 0; i < kids.length; i++)
        ways.push(node('do', '', [...kids.slice(0, i), ...kids.slice(i + 1)]));
    }
    return ways;
  }
  for (const inner of within(tree)) if (inner.type === type && inner !== tree) ways.push(inner);
  const zero = node(`${type}.const`, type, [], 0);
  if (!op.endsWith('.const')) ways.push(zero, node(`${type}.const`, type, [], 1));
  else if (imm !== 0) ways.push(zero, { ...tree, imm: Math.trunc(imm / 2) });
  return ways;
}

function within(tree: Node): Node[] {
  return [tree, ...tree.kids.flatMap(within)];
}

/** Every variant of a list of statements in which one node is smaller. */
function* variants(nodes: readonly Node[]): Generator<Node[]> {
  for (let i = 0; i < nodes.length; i++) {
    if (nodes[i].type === '') yield [...nodes.slice(0, i), ...nodes.slice(i + 1)];
    for (const way of smaller(nodes[i])) yield [...nodes.slice(0, i), way, ...nodes.slice(i + 1)];
    for (const kids of variantsOfKids(nodes[i]))
      yield [...nodes.slice(0, i), { ...nodes[i], kids }, ...nodes.slice(i + 1)];
  }
}

function* variantsOfKids({ op, kids }: Node): Generator<readonly Node[]> {
  // Of blocks any statement may go; operands may only be replaced.
  if (['do', 'block', 'loop'].includes(op)) {
    yield* variants(kids);
    return;
  }
  for (let i = 0; i < kids.length; i++) {
    for (const way of smaller(kids[i])) yield [...kids.slice(0, i), way, ...kids.slice(i + 1)];
    for (const inner of variantsOfKids(kids[i]))
      yield [...kids.slice(0, i), { ...kids[i], kids: inner }, ...kids.slice(i + 1)];
  }
}

function* smallerPrograms({ functions }: Program): Generator<Program> {
  if (functions.length > 1) yield { functions: functions.slice(0, -1) };
  // Empty bodies of functions that nothing depends on.
  for (const [i, fn] of functions.entries()) {
    const empty = { ...fn, locals: [], body: [node(`${fn.result}.const`, fn.result)] };
    if (fn.body.length > 1) yield { functions: functions.map((other, k) => (k === i ? empty : other)) };
  }
  for (const [i, fn] of functions.entries()) {
    const withBody = (body: readonly Node[]): Program => ({
      functions: functions.map((other, k) => (k === i ? { ...fn, body } : other)),
    });
    if (fn.body.length > 6) {
      // Large frames first: half of the statements at once.
      const half = Math.floor(fn.body.length / 2);
      yield withBody(fn.body.slice(half));
      yield withBody([...fn.body.slice(0, half), fn.body[fn.body.length - 1]]);
    }
    for (const body of variants(fn.body)) yield withBody(body);
  }
}

/** The smallest program found within `tries` that still fails. */
export function shrink(program: Program, fails: (candidate: Program) => boolean, tries = 5000): Program {
  let best = program;
  let left = tries;
  for (let changed = true; changed && left > 0; ) {
    changed = false;
    // After a success go on at the same place: what stands before it was tried just now.
    for (let at = 0; left > 0; ) {
      const found = nextFailing(best, at, fails, () => left-- > 0);
      if (!found) break;
      best = found.candidate;
      at = found.index;
      changed = true;
    }
  }
  return best;
}

function nextFailing(
  program: Program,
  from: number,
  fails: (candidate: Program) => boolean,
  mayTry: () => boolean,
): { candidate: Program; index: number } | undefined {
  let index = 0;
  for (const candidate of smallerPrograms(program)) {
    if (index++ < from) continue;
    if (!mayTry()) return undefined;
    if (fails(candidate)) return { candidate, index: index - 1 };
  }
  return undefined;
}
