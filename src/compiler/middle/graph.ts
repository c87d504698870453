/** Control flow of the intermediate form: order, predecessors, dominators. */
import type { Block, Edge, IrFunction } from './ir.ts';

/** Reachable blocks in reverse post-order: every block after its dominators. */
export function reversePostOrder(fn: IrFunction): Block[] {
  const seen = new Set<Block>();
  const order: Block[] = [];
  // An explicit stack: hostile nesting must not overflow ours.
  const stack: { block: Block; next: number }[] = [];
  const enter = (block: Block) => {
    if (seen.has(block)) return;
    seen.add(block);
    stack.push({ block, next: 0 });
  };
  if (fn.blocks[0]) enter(fn.blocks[0]);
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    const edges = top.block.end.edges as Edge[];
    // Last edge first, so that the order of the blocks stays the one of the source.
    if (top.next < edges.length) enter(edges[edges.length - 1 - top.next++].to);
    else {
      order.push(top.block);
      stack.pop();
    }
  }
  return order.reverse();
}

export function predecessors(blocks: readonly Block[]): Map<Block, Block[]> {
  const result = new Map<Block, Block[]>(blocks.map((block) => [block, []]));
  for (const block of blocks) for (const { to } of block.end.edges) result.get(to)?.push(block);
  return result;
}

/** Immediate dominators (Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm). */
export function dominators(order: readonly Block[]): Map<Block, Block> {
  const position = new Map(order.map((block, i) => [block, i]));
  const before = predecessors(order);
  const idom = new Map<Block, Block>();
  if (order.length === 0) return idom;
  idom.set(order[0], order[0]);
  const meet = (a: Block, b: Block): Block => {
    while (a !== b) {
      while ((position.get(a) as number) > (position.get(b) as number)) a = idom.get(a) as Block;
      while ((position.get(b) as number) > (position.get(a) as number)) b = idom.get(b) as Block;
    }
    return a;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of order.slice(1)) {
      const known = (before.get(block) as Block[]).filter((pred) => idom.has(pred));
      const found = known.reduce(meet);
      if (idom.get(block) === found) continue;
      idom.set(block, found);
      changed = true;
    }
  }
  return idom;
}

/** Entry and exit times of a walk over the dominator tree: one block dominates another if its time includes the other's. */
type Intervals = ReadonlyMap<Block, readonly [enter: number, leave: number]>;

const intervals = new WeakMap<ReadonlyMap<Block, Block>, Intervals>();

function numberTree(idom: ReadonlyMap<Block, Block>): Intervals {
  const children = new Map<Block, Block[]>();
  let root: Block | undefined;
  for (const [block, up] of idom) {
    if (block === up) root = block;
    else {
      const list = children.get(up);
      if (list) list.push(block);
      else children.set(up, [block]);
    }
  }
  const numbered = new Map<Block, [number, number]>();
  let time = 0;
  const stack: { block: Block; next: number }[] = [];
  const enter = (block: Block) => {
    numbered.set(block, [time++, 0]);
    stack.push({ block, next: 0 });
  };
  if (root) enter(root);
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    const child = children.get(top.block)?.[top.next++];
    if (child) enter(child);
    else {
      (numbered.get(top.block) as [number, number])[1] = time;
      stack.pop();
    }
  }
  return numbered;
}

export function dominates(idom: ReadonlyMap<Block, Block>, a: Block, b: Block): boolean {
  let tree = intervals.get(idom);
  if (!tree) intervals.set(idom, (tree = numberTree(idom)));
  const [outer, inner] = [tree.get(a), tree.get(b)];
  return outer !== undefined && inner !== undefined && outer[0] <= inner[0] && inner[0] < outer[1];
}
