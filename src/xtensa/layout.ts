/** Gives every item of a section its place: branches grow until they reach, padding is filled, loops are aligned. */
import { UsageError } from '../errors.ts';
import { type Alignment, alignedSize, applyGrowth, createAlignment, unaligned } from './align-gnu.ts';
import { evaluate, evaluateNumber, type Locate } from './expression.ts';
import {
  type AlignItem,
  type BranchItem,
  type CodeItem,
  type FitItem,
  type Item,
  type LebItem,
  type SectionItems,
  visitItems,
} from './items.ts';
import { leb128 } from './leb128.ts';
import type { Operand } from './table.ts';

/** Without growing branches, sizes settle at once, unless a `.space` depends on what lies behind it. */
const maximumRoundsWithoutGrowth = 32;
const maximumSectionBytes = 64 * 1024 * 1024;

/** The offset in the section where a target lies, or undefined where only the linker knows. */
export function localTarget(
  section: SectionItems,
  target: Parameters<typeof evaluate>[0],
  locate: Locate,
  base: number | undefined,
): number | undefined {
  const value = evaluate(target, locate);
  if (value.symbol === undefined) return base === undefined ? undefined : (value.offset - base) | 0;
  const place = locate(value.symbol);
  if (!place || 'set' in place || place.section !== section) return undefined;
  return place.offset + value.offset;
}

function branchSize(item: BranchItem): number {
  const { opcode, over } = item.forms[item.form];
  return opcode.length + (over ? 3 : 0);
}

export function labelOperand(operands: readonly Operand[]): Operand {
  return operands[operands.length - 1];
}

/** Whether the branch's present form cannot reach its target. */
function mustGrow(
  section: SectionItems,
  item: BranchItem,
  locate: Locate,
  base: number | undefined,
): boolean {
  if (item.form === item.forms.length - 1) return false;
  const target = localTarget(section, item.target, locate, base);
  if (target === undefined) return true;
  const { opcode } = item.forms[item.form];
  return labelOperand(opcode.visible).encode(target, item.offset) === undefined;
}

/** Items that may have no bytes of their own, and that say nothing about what follows. */
function isTransparent(item: Item): boolean {
  if (item.kind === 'pool') return item.literals.length === 0;
  return ['label', 'comment', 'fit', 'align'].includes(item.kind);
}

/** Length of the first instruction at or after items[index]; 0 where data comes first, or nothing. */
export function nextLength(items: readonly Item[], index: number): number {
  for (let next = index; next < items.length; next++) {
    const item = items[next];
    if (item.kind === 'code' || item.kind === 'pending') return item.opcode.length;
    if (item.kind === 'branch') return item.forms[item.form].opcode.length;
    if (!isTransparent(item)) return 0;
  }
  return 0;
}

/**
 * Makes `count` automatically narrowed instructions before items[index] three bytes long again, which costs fewer
 * cycles than a nop. Nothing in between may depend on its own alignment. Returns the index of the first one.
 */
function widenBefore(items: readonly Item[], index: number, count: number): number | undefined {
  const found: CodeItem[] = [];
  let at = index;
  while (found.length < count && --at >= 0) {
    const item = items[at];
    if (item.kind === 'align' || item.kind === 'fit' || item.kind === 'pool' || item.kind === 'space') break;
    if (item.kind === 'pending' && item.opcode.flag === 'loop') break;
    if (item.kind === 'code' && item.wide) found.push(item);
  }
  if (found.length < count) return undefined;
  for (const item of found) {
    Object.assign(item, item.wide);
    item.size = item.opcode.length;
    item.wide = undefined;
  }
  return at;
}

const unconditional = new Set(['j', 'jx', 'ret', 'ret.n', 'retw', 'retw.n', 'rfe', 'rfi', 'rfwo', 'rfwu']);

/** Whether control can come to items[index] from the instruction before it; never from data. */
export function fallsInto(items: readonly Item[], index: number): boolean {
  for (let before = index - 1; before >= 0; before--) {
    const item = items[before];
    if (item.size === 0 && isTransparent(item)) continue;
    if (item.kind === 'align' || item.kind === 'fit' || item.kind === 'branch') return true;
    return (item.kind === 'code' || item.kind === 'pending') && !unconditional.has(item.opcode.name);
  }
  return true;
}

/** Bytes, or the index of an earlier item that has grown in their stead. */
type Padding = number | { again: number };

function alignPadding(section: SectionItems, index: number, item: AlignItem, position: number): Padding {
  const gap = (item.boundary - (position % item.boundary)) % item.boundary;
  if (gap > (item.limit ?? gap)) return 0;
  const mustBeNops =
    section.code &&
    item.fill === undefined &&
    nextLength(section.items, index + 1) > 0 &&
    fallsInto(section.items, index);
  if (gap !== 1 || !mustBeNops) return gap;
  // No instruction has one byte.
  const again = widenBefore(section.items, index, 1);
  return again === undefined ? gap + item.boundary : { again };
}

/** Bytes that instructions can fill, in the order of preference. */
const nopPaddings = [0, 2, 3, 5];

function fitPadding(section: SectionItems, index: number, item: FitItem, position: number): Padding {
  const { items } = section;
  const isLoop = item.purpose === 'loop';
  const loopLength = isLoop ? 3 : 0;
  const length = nextLength(items, index + (isLoop ? 2 : 1));
  const fits = (padding: number): boolean => ((position + padding + loopLength) & 3) + length <= 4;
  if (fits(0)) return 0;
  for (const count of [1, 2]) {
    const again = fits(count) ? widenBefore(items, index, count) : undefined;
    if (again !== undefined) return { again };
  }
  return nopPaddings.find(fits)!;
}

function sizeOf(section: SectionItems, item: Item, locate: Locate, position: number): number {
  switch (item.kind) {
    case 'code':
    case 'pending':
      return item.opcode.length;
    case 'branch':
      return branchSize(item);
    case 'bytes':
      return item.bytes.length;
    case 'words':
      return item.width * item.expressions.length;
    case 'leb':
      return lebBytes(item, locate).length;
    case 'pool':
      return item.literals.length === 0 ? 0 : ((4 - (position & 3)) & 3) + 4 * item.literals.length;
    case 'space':
      return spaceSize(evaluateCount(section, item.count, locate), item.to, position);
    default:
      return 0;
  }
}

/** Places that are not laid out yet count as far as they are known; the next round knows better. */
export function lebBytes({ expression, signed }: LebItem, locate: Locate): number[] {
  const value = evaluateNumber(expression, locate);
  if (!Number.isSafeInteger(value) || (!signed && value < 0)) {
    throw new UsageError(`${value} cannot be written as ${signed ? '.sleb128' : '.uleb128'}.`);
  }
  return leb128(value, signed);
}

/** `.org` may be given a label of this section, whose offset is meant. */
function evaluateCount(section: SectionItems, count: Parameters<typeof evaluate>[0], locate: Locate): number {
  return localTarget(section, count, locate, 0) ?? evaluateNumber(count, locate);
}

function spaceSize(count: number, to: boolean, position: number): number {
  const size = to ? count - position : count;
  if (to && size < 0) throw new UsageError(`.org cannot go back from offset ${position} to ${count}.`);
  if (!Number.isInteger(size) || size < 0 || size > maximumSectionBytes) {
    throw new UsageError(`${size} is not a sensible number of bytes.`);
  }
  return size;
}

function placeLiterals(item: Extract<Item, { kind: 'pool' }>): void {
  const first = item.offset + item.size - 4 * item.literals.length;
  item.literals.forEach((literal, index) => {
    for (const label of literal.labels) label.offset = first + 4 * index;
  });
}

function padding(
  section: SectionItems,
  index: number,
  locate: Locate,
  position: number,
  alignment: Alignment | undefined,
): Padding {
  const item = section.items[index];
  if (alignment && (item.kind === 'code' || item.kind === 'branch' || item.kind === 'fit')) {
    return alignedSize(section.items, index, position, alignment);
  }
  if (item.kind === 'align') return alignPadding(section, index, item, position);
  if (item.kind === 'fit') return fitPadding(section, index, item, position);
  return sizeOf(section, item, locate, position);
}

/** One pass over the section's sizes; true where nothing moved. */
function measure(section: SectionItems, locate: Locate, alignment?: Alignment): boolean {
  const { items } = section;
  let position = 0;
  let stable = true;
  visitItems(section, (item, index) => {
    const result = padding(section, index, locate, position, alignment);
    if (typeof result !== 'number') {
      stable = false;
      position = items[result.again].offset;
      return result.again;
    }
    if (item.size !== result || item.offset !== position) stable = false;
    item.offset = position;
    item.size = result;
    position += result;
    if (item.kind === 'pool') placeLiterals(item);
    return undefined;
  });
  if (position > maximumSectionBytes) {
    throw new UsageError(`section ${section.name} is larger than ${maximumSectionBytes >> 20} MiB.`);
  }
  return stable;
}

/** Grows the branches that do not reach; true where there were any. */
function growBranches(section: SectionItems, locate: Locate, base: number | undefined): boolean {
  let grown = false;
  visitItems(section, (item) => {
    if (item.kind === 'branch' && mustGrow(section, item, locate, base)) {
      item.form += 1;
      grown = true;
    }
    return undefined;
  });
  return grown;
}

/**
 * Fills in `offset` and `size` of all items; returns the bytes of the section. `base` is the address of the section
 * where it is known already (branches to absolute addresses need it).
 */
export function layOut(section: SectionItems, locate: Locate, base?: number): number {
  let moves = 0;
  let alignment: Alignment | undefined;
  if (section.likeGnu && section.code) {
    // First without any alignment, as its decisions rest on where everything was before.
    do measure(section, locate, unaligned);
    while (growBranches(section, locate, base));
    alignment = createAlignment(section.items);
  }
  while (true) {
    const stable = measure(section, locate, alignment);
    if (growBranches(section, locate, base)) moves = 0;
    else if (stable) break;
    else if (++moves > maximumRoundsWithoutGrowth) {
      if (!alignment || alignment.isSettled) {
        throw new UsageError(`section ${section.name}: sizes depend on each other in a circle.`);
      }
      alignment.isSettled = true;
      moves = 0;
    }
  }
  if (alignment) applyGrowth(section.items, alignment);
  const last = section.items.at(-1);
  return last ? last.offset + last.size : 0;
}
