/** Natural loops, with a preheader for each: the place for what need not be repeated. */
import { dominates, dominators, predecessors, reversePostOrder } from './graph.ts';
import { type Block, createBlock, type Edge, type IrFunction } from './ir.ts';

export interface Loop {
  readonly header: Block;
  /** Jumps to the header and nowhere else; not part of the loop. */
  readonly preheader: Block;
  readonly latches: readonly Block[];
  readonly blocks: ReadonlySet<Block>;
  parent: Loop | undefined;
}

export interface LoopInfo {
  readonly order: readonly Block[];
  readonly idom: ReadonlyMap<Block, Block>;
  /** Inner loops before outer ones. */
  readonly loops: readonly Loop[];
  innermost(block: Block): Loop | undefined;
}

/** Finds the loops, makes their preheaders, and notes in each block how deep it lies. */
export function findLoops(fn: IrFunction): LoopInfo {
  let flow = flowOf(fn);
  if (makePreheaders(fn, flow)) {
    renumber(fn);
    flow = flowOf(fn);
  }
  const { order, idom, before } = flow;
  const loops: Loop[] = [];
  for (const [header, latches] of backEdges(flow)) {
    const outside = (before.get(header) as Block[]).filter((block) => !latches.includes(block));
    const blocks = loopBody(header, latches, before);
    loops.push({ header, preheader: outside[0], latches, blocks, parent: undefined });
  }
  loops.sort((a, b) => a.blocks.size - b.blocks.size);
  const innermost = new Map<Block, Loop>();
  for (const block of order) block.depth = 0;
  for (const loop of loops) {
    for (const block of loop.blocks) {
      block.depth++;
      const inner = innermost.get(block);
      if (!inner) innermost.set(block, loop);
      else if (inner !== loop) setParent(inner, loop);
    }
  }
  return { order, idom, loops, innermost: (block) => innermost.get(block) };
}

function setParent(inner: Loop, outer: Loop): void {
  let loop = inner;
  while (loop.parent && loop.parent !== outer) loop = loop.parent;
  if (loop !== outer) loop.parent = outer;
}

interface Flow {
  readonly order: readonly Block[];
  readonly idom: ReadonlyMap<Block, Block>;
  readonly before: ReadonlyMap<Block, Block[]>;
}

function flowOf(fn: IrFunction): Flow {
  const order = reversePostOrder(fn);
  return { order, idom: dominators(order), before: predecessors(order) };
}

/** Headers in their order, each with the blocks that jump back to it. */
function backEdges({ order, idom, before }: Flow): Map<Block, Block[]> {
  const found = new Map<Block, Block[]>();
  const seen = new Set<Block>();
  for (const header of order) {
    seen.add(header);
    // What a header dominates comes behind it, so most blocks need no look at the tree.
    const later = (before.get(header) as Block[]).filter((block) => block === header || !seen.has(block));
    const latches = new Set(later.filter((block) => dominates(idom, header, block)));
    if (latches.size > 0) found.set(header, [...latches]);
  }
  return found;
}

function loopBody(header: Block, latches: readonly Block[], before: ReadonlyMap<Block, Block[]>): Set<Block> {
  const blocks = new Set<Block>([header]);
  const work = [...latches];
  for (let block = work.pop(); block; block = work.pop()) {
    if (blocks.has(block)) continue;
    blocks.add(block);
    work.push(...(before.get(block) as Block[]));
  }
  return blocks;
}

/** Gives every loop header exactly one predecessor outside, which has no other successor. */
function makePreheaders(fn: IrFunction, flow: Flow): boolean {
  let changed = false;
  for (const [header, latches] of backEdges(flow)) {
    const outside = [...new Set(flow.before.get(header))].filter((block) => !latches.includes(block));
    if (outside.length === 1 && outside[0].end.kind === 'jump') continue;
    insertPreheader(fn, header, outside);
    changed = true;
  }
  return changed;
}

function insertPreheader(fn: IrFunction, header: Block, outside: readonly Block[]): void {
  const block = createBlock(fn);
  fn.blocks.pop();
  fn.blocks.splice(fn.blocks.indexOf(header), 0, block);
  block.params = header.params.map((param) => {
    fn.values.push({
      kind: 'param',
      type: fn.values[param].type,
      imm: 0,
      symbol: '',
      block,
      inst: undefined,
    });
    return fn.values.length - 1;
  });
  block.end = { kind: 'jump', edges: [{ to: header, args: [...block.params] }] };
  for (const from of outside) for (const edge of from.end.edges) if (edge.to === header) edge.to = block;
}

export function renumber(fn: IrFunction): void {
  fn.blocks.forEach((block, i) => {
    block.id = i;
  });
}

/**
 * Puts a block on every edge that has arguments (or leads to a block with several predecessors) and leaves a block with
 * several successors: the place for its moves.
 */
export function splitCriticalEdges(fn: IrFunction): void {
  const before = predecessors(fn.blocks);
  for (const block of [...fn.blocks]) {
    if (block.end.edges.length < 2) continue;
    for (const edge of block.end.edges as Edge[]) {
      // The moves of a loopback stand before it, in its own block.
      const back = block.end.kind === 'loopback' && edge === block.end.edges[0];
      if (edge.args.length === 0 || back) continue;
      splitEdge(fn, block, edge, (before.get(edge.to) as Block[]).length === 1);
    }
  }
  renumber(fn);
}

function splitEdge(fn: IrFunction, from: Block, edge: Edge, near: boolean): void {
  const block = createBlock(fn);
  fn.blocks.pop();
  block.depth = Math.min(from.depth, edge.to.depth);
  // A jump back stays behind its source, a jump ahead goes before its target.
  const behind = near || edge.to.id <= from.id;
  fn.blocks.splice(fn.blocks.indexOf(behind ? from : edge.to) + (behind ? 1 : 0), 0, block);
  block.end = { kind: 'jump', edges: [{ to: edge.to, args: edge.args }] };
  edge.to = block;
  edge.args = [];
}
