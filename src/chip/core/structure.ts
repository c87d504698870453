/**
 * Turns a control flow graph into nested loops and labelled blocks, so that the generated code has no dispatch
 * switch and the host's compiler sees real loops.
 *
 * Method: N. Ramsey, "Beyond Relooper: recursive translation of unstructured control flow to structured control flow",
 * ICFP 2022: the dominator tree is walked, a merge point becomes a labelled block, the target of a back edge a loop.
 */

export interface Shape {
  /** Nodes in reverse postorder; index 0 is the entry. */
  readonly order: readonly number[];
  /** Children in the dominator tree, latest in reverse postorder first. */
  children(node: number): readonly number[];
  isLoopHeader(node: number): boolean;
  /** More than one forward edge leads here. */
  isMerge(node: number): boolean;
  /** `back`: to a loop header that encloses `from`; `irreducible`: backwards to anything else. */
  edge(from: number, to: number): 'forward' | 'back' | 'irreducible';
}

/** @param successors edges by node, only to nodes that exist */
export function shapeOf(entry: number, successors: (node: number) => readonly number[]): Shape {
  const order = reversePostorder(entry, successors);
  const position = new Map(order.map((node, index) => [node, index]));
  const predecessors = new Map<number, number[]>(order.map((node) => [node, []]));
  for (const node of order) for (const next of successors(node)) predecessors.get(next)!.push(node);
  const dominator = immediateDominators(order, position, predecessors);

  const dominates = (above: number, below: number) => {
    for (let node = below; ; node = dominator.get(node)!) {
      if (node === above) return true;
      if (node === entry) return false;
    }
  };
  const edge = (from: number, to: number) => {
    if (position.get(to)! > position.get(from)!) return 'forward';
    return dominates(to, from) ? 'back' : 'irreducible';
  };
  const headers = new Set<number>();
  const merges = new Set<number>();
  for (const node of order) {
    const kinds = predecessors.get(node)!.map((from) => edge(from, node));
    if (kinds.includes('back')) headers.add(node);
    if (kinds.filter((kind) => kind === 'forward').length > 1) merges.add(node);
  }
  const children = new Map<number, number[]>(order.map((node) => [node, []]));
  for (const node of order) if (node !== entry) children.get(dominator.get(node)!)!.unshift(node);
  return {
    order,
    children: (node) => children.get(node)!,
    isLoopHeader: (node) => headers.has(node),
    isMerge: (node) => merges.has(node),
    edge,
  };
}

function reversePostorder(entry: number, successors: (node: number) => readonly number[]): number[] {
  const seen = new Set([entry]);
  const postorder: number[] = [];
  const stack = [{ node: entry, next: 0 }];
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    const target = successors(top.node)[top.next++];
    if (target === undefined) {
      postorder.push(top.node);
      stack.pop();
    } else if (!seen.has(target)) {
      seen.add(target);
      stack.push({ node: target, next: 0 });
    }
  }
  return postorder.reverse();
}

/** Cooper, Harvey, Kennedy: "A simple, fast dominance algorithm", 2001. */
function immediateDominators(
  order: readonly number[],
  position: ReadonlyMap<number, number>,
  predecessors: ReadonlyMap<number, readonly number[]>,
): Map<number, number> {
  const dominator = new Map<number, number>([[order[0], order[0]]]);
  const intersect = (a: number, b: number) => {
    let [left, right] = [a, b];
    while (left !== right) {
      while (position.get(left)! > position.get(right)!) left = dominator.get(left)!;
      while (position.get(right)! > position.get(left)!) right = dominator.get(right)!;
    }
    return left;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of order.slice(1)) {
      const known = predecessors.get(node)!.filter((from) => dominator.has(from));
      const next = known.reduce(intersect);
      if (dominator.get(node) !== next) {
        dominator.set(node, next);
        changed = true;
      }
    }
  }
  return dominator;
}
