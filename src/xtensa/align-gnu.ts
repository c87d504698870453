/**
 * How GNU as aligns branch targets, the instructions behind calls and the bodies of loops: by widening dense
 * instructions before them and by filling what nothing reaches; only loops get nops (gas, config/tc-xtensa.c). A target
 * should lie within one 4-byte fetch word.
 *
 * It is done in passes over a section. In each, an instruction that may grow looks ahead to the next place that wants
 * alignment, and grows if all that may grow from here on just fills the gap. Places further on may ask for more.
 */
import type { BranchItem, CodeItem, FitItem, Item } from './items.ts';

/** What one section's alignment carries from pass to pass, by index of the item. */
export interface Alignment {
  /** Bytes that an instruction or a padding has grown. */
  growth: Map<number, number>;
  /** Instructions and paddings that no longer grow: nothing in reach wants it. */
  spent: Set<number>;
  /** Labels that a conditional branch goes to. */
  targets: ReadonlySet<string>;
  /** Labels at which loops end. */
  loopEnds: ReadonlySet<string>;
  /** Narrow branches that reach whatever happens in between. */
  safeBranches: ReadonlySet<number>;
  /** Nothing but loops is aligned any more: the passes came to no end. */
  isSettled: boolean;
  /** Indices of instructions that must stay short, as they are to be aligned themselves. */
  fixed: ReadonlySet<number>;
}

/** No alignment at all. */
export const unaligned: Alignment = {
  growth: new Map(),
  spent: new Set(),
  targets: new Set(),
  loopEnds: new Set(),
  safeBranches: new Set(),
  fixed: new Set(),
  isSettled: true,
};

const word = 4;
/** Further dense instructions are not looked at. */
const farthest = 4;
/** beqz.n reaches 65 bytes beyond its own two. */
const narrowReach = 65;

const isEmpty = (item: Item): boolean =>
  item.kind === 'label' || item.kind === 'comment' || (item.kind === 'fit' && item.purpose !== 'loop');

function branchBytes(item: BranchItem): number {
  const { opcode, over } = item.forms[item.form];
  return opcode.length + (over ? 3 : 0);
}

/** Bytes of an item before anything grows. */
function plainSize(item: Item): number {
  if (item.kind === 'code' || item.kind === 'pending') return item.opcode.length;
  return item.kind === 'branch' ? branchBytes(item) : item.size;
}

/** The index of the first instruction at or behind an index, with nothing but labels in between. */
function firstInstruction(items: readonly Item[], index: number): number | undefined {
  for (let at = index; at < items.length; at++) {
    const { kind } = items[at];
    if (kind === 'code' || kind === 'pending' || kind === 'branch') return at;
    if (!isEmpty(items[at])) return undefined;
  }
  return undefined;
}

/** Whether the padding at a label is asked for: one of the labels that stand here is gone to. */
function isTarget(items: readonly Item[], index: number, targets: ReadonlySet<string>): boolean {
  for (let at = index; at < items.length && isEmpty(items[at]); at++) {
    const item = items[at];
    if (item.kind === 'label' && targets.has(item.name)) return true;
  }
  return false;
}

/** Bytes that GNU as reserves for loops whose body is out of reach. */
const loopExpansions: Readonly<Record<string, number>> = { loop: 27, loopnez: 30, loopgtz: 33 };

/** The most bytes that GNU as expects an item to take, for a branch that jumps over it. */
function largestSize(item: Item, loopEnds: ReadonlySet<string>): number {
  switch (item.kind) {
    case 'code':
      return (item.wide ?? item).opcode.length;
    case 'branch':
      // Its own bytes, those of an inverted branch and a jump, and room behind that jump.
      return item.forms.length === 1 ? branchBytes(item) : item.forms[0].opcode.length + 6 + word;
    case 'pending':
      if (item.opcode.flag === 'call') return 9;
      return item.opcode.length + (loopExpansions[item.opcode.name] ?? 0);
    case 'fit':
      return item.purpose === 'jump' ? word : item.purpose === 'loop' ? word + 1 : 0;
    case 'label':
      return loopEnds.has(item.name) ? word : 0;
    case 'align':
      return 0;
    default:
      return item.size;
  }
}

/** Whether a narrow branch reaches its target however large everything in between becomes. */
function isSafe(items: readonly Item[], index: number, loopEnds: ReadonlySet<string>): boolean {
  const item = items[index] as BranchItem;
  const { target, forms } = item;
  if (forms[0].opcode.length !== 2 || typeof target !== 'object' || !('symbol' in target)) return false;
  // What lies behind the branch is behind the room for its own jump, too.
  let distance = word;
  let isNext = true;
  for (let at = index + 1; at < items.length && distance <= narrowReach; at++) {
    const next = items[at];
    if (next.kind === 'label' && next.name === target.symbol) return !isNext;
    distance += largestSize(next, loopEnds);
    if (!isEmpty(next)) isNext = false;
  }
  return false;
}

const symbolOf = (target: BranchItem['target']): string | undefined =>
  typeof target === 'object' && 'symbol' in target ? target.symbol : undefined;

export function createAlignment(items: readonly Item[]): Alignment {
  const targets = new Set<string>();
  const loopEnds = new Set<string>();
  const safeBranches = new Set<number>();
  const fixed = new Set<number>();
  let writtenOut = -1;
  items.forEach((item, index) => {
    if (item.kind === 'fit' && item.far) writtenOut = index + item.far.items;
    // The end of a loop is no target for the checks before it.
    if (index <= writtenOut) return;
    const isLoop = item.kind === 'pending' && item.opcode.flag === 'loop';
    if (item.kind !== 'branch' && !isLoop) return;
    const symbol = symbolOf(item.kind === 'branch' ? item.target : item.expression);
    if (symbol !== undefined) (isLoop ? loopEnds : targets).add(symbol);
    const first = isLoop ? firstInstruction(items, index + 1) : undefined;
    if (first !== undefined) fixed.add(first);
  });
  items.forEach((item, index) => {
    if (item.kind !== 'fit' || !item.far) return;
    const end = symbolOf(item.far.end);
    if (end !== undefined) loopEnds.add(end);
    const first = bodyOf(items, index, item);
    if (first !== undefined) fixed.add(first);
  });
  items.forEach((item, index) => {
    if (item.kind === 'branch' && isSafe(items, index, loopEnds)) safeBranches.add(index);
  });
  items.forEach((item, index) => {
    if (item.kind !== 'fit' || item.purpose !== 'label' || !isTarget(items, index, targets)) return;
    const first = firstInstruction(items, index);
    if (first !== undefined && items[first].kind === 'code') fixed.add(first);
  });
  return { growth: new Map(), spent: new Set(), targets, loopEnds, safeBranches, fixed, isSettled: false };
}

/** Whether an item is two bytes long and may have three. */
export function isWidenable(items: readonly Item[], index: number, state: Alignment): boolean {
  const item = items[index];
  if (state.fixed.has(index) || state.spent.has(index)) return false;
  if (item.kind === 'branch') return item.form === 0 && state.safeBranches.has(index);
  return item.kind === 'code' && item.wide !== undefined;
}

const wantsAlignment = (items: readonly Item[], index: number, item: FitItem, state: Alignment): boolean =>
  item.purpose === 'loop' ||
  item.purpose === 'call' ||
  (item.purpose === 'label' && isTarget(items, index, state.targets));

interface Ahead {
  /** Where it would be if nothing grew from here on. */
  address: number;
  index: number;
  widenable: number;
  /** Whether there is something in between that nothing reaches. */
  paddable: boolean;
}

/** What GNU as does not look beyond. */
function isOpaque(item: Item, state: Alignment): boolean {
  if (item.kind === 'label') return state.loopEnds.has(item.name);
  return (
    item.kind === 'align' || item.kind === 'pool' || item.kind === 'leb' || (item.kind === 'space' && item.to)
  );
}

/** The next place that wants alignment, within a short distance. */
function lookAhead(items: readonly Item[], from: number, start: number, state: Alignment): Ahead | undefined {
  let address = start;
  let widenable = 0;
  let paddable = false;
  for (let index = from; index < items.length; index++) {
    if (widenable >= farthest) return undefined;
    const item = items[index];
    if (isOpaque(item, state)) return undefined;
    if (item.kind === 'fit') {
      if (wantsAlignment(items, index, item, state)) return { address, index, widenable, paddable };
      if (item.purpose === 'jump' && !state.spent.has(index)) paddable = true;
      continue;
    }
    if (isWidenable(items, index, state)) widenable += 1;
    address += plainSize(item);
  }
  return undefined;
}

/** Fewest bytes that put an instruction of `size` bytes into one word. */
function gapFor(address: number, size: number): number {
  for (let gap = 0; ; gap++) if (((address + gap) & (word - 1)) + size <= word) return gap;
}

function sizeWithGrowth(
  items: readonly Item[],
  index: number | undefined,
  otherwise: number,
  state: Alignment,
): number {
  if (index === undefined) return otherwise;
  const item = items[index];
  const first = item.kind === 'branch' ? item.forms[item.form].opcode.length : plainSize(item);
  return first + (state.growth.get(index) ?? 0);
}

/** The fewest and the most bytes by which a place may move and be aligned. */
function gapsAt(items: readonly Item[], ahead: Ahead, state: Alignment): { least: number; most: number } {
  const item = items[ahead.index] as FitItem;
  const isLoop = item.purpose === 'loop';
  const first = isLoop ? bodyOf(items, ahead.index, item) : firstInstruction(items, ahead.index + 1);
  const size = Math.min(word, sizeWithGrowth(items, first, isLoop ? word : 3, state));
  const address = ahead.address + (isLoop ? loopBytes(item) : 0);
  const least = gapFor(address, size);
  return { least, most: least + word - (size + ((address + least) & (word - 1))) };
}

/** Bytes that the item should grow for what comes; `stretch`: by how much everything moved in this pass so far. */
function wantedGrowth(
  items: readonly Item[],
  index: number,
  position: number,
  stretch: number,
  state: Alignment,
): number {
  const item = items[index];
  const first = lookAhead(items, index, position, state);
  if (!first) {
    state.spent.add(index);
    return 0;
  }
  const { least, most } = gapsAt(items, first, state);
  if (most === 0) return 0;
  let together = least;
  let limit = most;
  for (let next = first.index + 1; together < limit; ) {
    const further = next < items.length ? lookAhead(items, next, items[next].offset, state) : undefined;
    if (!further || further.paddable) break;
    // What lies ahead has not moved yet in this pass, and has the growth of this very item in its address.
    further.address += stretch - (state.growth.get(index) ?? 0) + together;
    const gaps = gapsAt(items, further, state);
    const wanted = gaps.least + together;
    const bound = gaps.most + together;
    if (wanted <= limit && wanted > together) together = wanted;
    if (bound < limit) limit = bound;
    next = further.index + 1;
  }
  if (first.paddable) return item.kind === 'fit' ? together : 0;
  return least === first.widenable || together === first.widenable
    ? Math.min(1, Math.max(least, together))
    : 0;
}

/** Bytes of nops before a loop such that its first instruction lies in one word; there is no nop of one byte. */
function loopPadding(items: readonly Item[], index: number, position: number, state: Alignment): number {
  const item = items[index] as FitItem;
  const size = Math.min(word, sizeWithGrowth(items, bodyOf(items, index, item), word, state));
  const start = position + loopBytes(item);
  return [0, 2, 3, 5].find((bytes) => ((start + bytes) & (word - 1)) + size <= word)!;
}

/** The first instruction of the body of the loop behind a padding. */
const bodyOf = (items: readonly Item[], index: number, { far }: FitItem): number | undefined =>
  firstInstruction(items, index + (far ? far.items + 1 : 2));

/**
 * From the padding to where the loop instruction ends. Of a loop that is written out GNU as looks where its body would be if it
 * stood there.
 */
const loopBytes = ({ far }: FitItem): number => 3 + (far?.offset ?? 0);

/** The size of an instruction or padding in this pass. */
export function alignedSize(
  items: readonly Item[],
  index: number,
  position: number,
  state: Alignment,
): number {
  const item = items[index] as CodeItem | BranchItem | FitItem;
  if (item.kind === 'fit' && item.purpose === 'loop' && state !== unaligned)
    return loopPadding(items, index, position, state);
  const before = state.growth.get(index) ?? 0;
  const plain = item.kind === 'fit' ? 0 : plainSize(item);
  const canGrow =
    item.kind === 'fit'
      ? item.purpose === 'jump' && !state.spent.has(index)
      : isWidenable(items, index, state);
  if (!canGrow || state.isSettled) return plain + before;
  const stretch = position - item.offset;
  const wanted = wantedGrowth(items, index, position, stretch, state);
  const shrinks = wanted < before;
  // What has grown shrinks only where everything before it has moved by more.
  const growth = shrinks && !(stretch > 0 && before - wanted <= stretch) ? before : wanted;
  state.growth.set(index, growth);
  return plain + growth;
}

/** Gives the instructions that have grown their long form. */
export function applyGrowth(items: readonly Item[], state: Alignment): void {
  for (const [index, growth] of state.growth) {
    const item = items[index];
    if (growth === 0) continue;
    if (item.kind === 'branch') item.form = 1;
    if (item.kind === 'code' && item.wide) {
      Object.assign(item, item.wide);
      item.wide = undefined;
    }
  }
}
