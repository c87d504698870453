/**
 * The order of a function's blocks in memory. What runs on into the next block stays together, as it comes from the source; where a
 * jump leads to the beginning of such a chain, the chain follows it and the jump goes away. What ends in a trap comes last.
 */
import { frequency } from './interference.ts';
import { type MachineBlock, type MachineFunction, terminatorOf } from './machine.ts';

export function layOut(fn: MachineFunction): void {
  const blocks = skipJumps(fn);
  const cold = coldBlocks(blocks);
  const chains = chainsOf(blocks, cold);
  followJumps(chains, blocks, cold);
  const [entry] = chains.get(blocks[0]) as MachineBlock[];
  const whole = [...new Set(blocks.map((block) => chains.get(block) as MachineBlock[]))];
  // The entry comes first, also where nothing that runs on leads to it.
  const rank = ([head]: MachineBlock[]) => (head === entry ? 0 : cold.has(head) ? 2 : 1);
  fn.blocks = whole.sort((a, b) => rank(a) - rank(b)).flat();
}

/** Removes blocks that only jump on, by sending their predecessors there at once. */
function skipJumps(fn: MachineFunction): MachineBlock[] {
  const onward = new Map<number, number>();
  for (const { id, insts } of fn.blocks)
    if (insts.length === 1 && insts[0].op === 'j' && insts[0].targets[0] !== id)
      onward.set(id, insts[0].targets[0]);
  const follow = (id: number): number => {
    const seen = new Set<number>();
    let at = id;
    for (let next = onward.get(at); next !== undefined && !seen.has(at); next = onward.get(at)) {
      seen.add(at);
      at = next;
    }
    return at;
  };
  for (const block of fn.blocks) {
    const end = terminatorOf(block);
    end.targets = end.targets.map(follow);
  }
  const reached = new Set([fn.blocks[0].id, ...fn.blocks.flatMap((block) => terminatorOf(block).targets)]);
  return fn.blocks.filter(({ id }) => reached.has(id));
}

/** Blocks from which only traps can be reached. */
function coldBlocks(blocks: readonly MachineBlock[]): ReadonlySet<MachineBlock> {
  const byId = new Map(blocks.map((block) => [block.id, block]));
  const cold = new Set<MachineBlock>();
  for (const block of [...blocks].reverse()) {
    const { op, targets } = terminatorOf(block);
    const leads = targets.length > 0 && targets.every((id) => cold.has(byId.get(id) as MachineBlock));
    if (op === 'trap' || leads) cold.add(block);
  }
  return cold;
}

/** By block, the chain that it is in. */
type Chains = Map<MachineBlock, MachineBlock[]>;

/** Blocks that follow each other now and run on, or may not be parted: a hardware loop and what sets it up. */
function chainsOf(blocks: readonly MachineBlock[], cold: ReadonlySet<MachineBlock>): Chains {
  const glued = hardwareLoops(blocks);
  const chains: Chains = new Map();
  let chain: MachineBlock[] = [];
  blocks.forEach((block, i) => {
    const last = blocks[i - 1];
    const runsOn =
      last !== undefined &&
      terminatorOf(last).op !== 'jx' &&
      terminatorOf(last).targets.includes(block.id) &&
      (cold.has(last) || !cold.has(block));
    if (!runsOn && !glued.has(i)) chain = [];
    chain.push(block);
    chains.set(block, chain);
  });
  return chains;
}

/** Indices of blocks that stay behind the one before them. */
function hardwareLoops(blocks: readonly MachineBlock[]): ReadonlySet<number> {
  const index = new Map(blocks.map(({ id }, i) => [id, i]));
  const glued = new Set<number>();
  blocks.forEach((block, i) => {
    const end = terminatorOf(block);
    if (block.insts.some(({ op }) => op === 'loop') && end.targets[0] === blocks[i + 1]?.id) glued.add(i + 1);
    if (end.op !== 'loopback') return;
    for (let k = (index.get(end.targets[0]) as number) + 1; k <= i; k++) glued.add(k);
  });
  return glued;
}

function followJumps(chains: Chains, blocks: readonly MachineBlock[], cold: ReadonlySet<MachineBlock>): void {
  const byId = new Map(blocks.map((block) => [block.id, block]));
  const edges = blocks.flatMap((from) => {
    const { op, targets } = terminatorOf(from);
    if (op === 'jx') return [];
    return targets.map((id) => {
      const to = byId.get(id) as MachineBlock;
      const share = cold.has(to) ? 0 : 1 / targets.length;
      return { from, to, weight: frequency(Math.min(from.depth, to.depth)) * share };
    });
  });
  for (const { from, to } of edges.sort((a, b) => b.weight - a.weight)) {
    const [first, second] = [chains.get(from), chains.get(to)];
    if (!first || !second || first === second || first.at(-1) !== from || second[0] !== to) continue;
    if (to === blocks[0] || (cold.has(to) && !cold.has(from))) continue;
    first.push(...second);
    for (const block of second) chains.set(block, first);
  }
}
