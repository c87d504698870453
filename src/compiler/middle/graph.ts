/** Control flow of the intermediate form: order, predecessors, dominators. */
import type { Block, Edge, IrFunction } from './ir.ts';

/** Reachable blocks in reverse post-order: every block after its dominators. */
export function reversePostOrder(fn: IrFunction): Block[] {
  const seen = new Set<Block>();
  const order: Block[] = [];
  // An explicit stack: hostile nesting must not overflow ours. Beside each block the number of edges still to follow.
  const stack: Block[] = [];
  const left: number[] = [];
  const enter = (block: Block) => {
    if (seen.has(block)) return;
    seen.add(block);
    stack.push(block);
    left.push(block.end.edges.length);
  };
  if (fn.blocks[0]) enter(fn.blocks[0]);
  while (stack.length > 0) {
    const top = stack.length - 1;
    const edges = stack[top].end.edges as Edge[];
    // Last edge first, so that the order of the blocks stays the one of the source.
    if (left[top] > 0) enter(edges[--left[top]].to);
    else {
      order.push(stack[top]);
      stack.pop();
      left.pop();
    }
  }
  return order.reverse();
}

export function predecessors(blocks: readonly Block[]): Map<Block, Block[]> {
  const result = new Map<Block, Block[]>();
  for (const block of blocks) result.set(block, []);
  for (const block of blocks) for (const { to } of block.end.edges) result.get(to)?.push(block);
  return result;
}

/** Immediate dominators (Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm). */
export function dominators(order: readonly Block[]): Map<Block, Block> {
  const position = new Map<Block, number>();
  for (let i = 0; i < order.length; i++) position.set(order[i], i);
  const before: number[][] = order.map(() => []);
  order.forEach((block, i) => {
    for (const { to } of block.end.edges) before[position.get(to) as number].push(i);
  });
  /** By places in the order; -1 where nothing is known yet. */
  const idom = new Int32Array(order.length).fill(-1);
  if (order.length > 0) idom[0] = 0;
  const meet = (first: number, second: number): number => {
    let [a, b] = [first, second];
    while (a !== b) {
      while (a > b) a = idom[a];
      while (b > a) b = idom[b];
    }
    return a;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 1; i < order.length; i++) {
      let found = -1;
      for (const pred of before[i]) if (idom[pred] >= 0) found = found < 0 ? pred : meet(found, pred);
      if (idom[i] === found) continue;
      idom[i] = found;
      changed = true;
    }
  }
  const result = new Map<Block, Block>();
  for (let i = 0; i < order.length; i++) result.set(order[i], order[idom[i]]);
  return result;
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
