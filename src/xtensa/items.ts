/** What a section is made of before its layout is known. */
import { UsageError } from '../errors.ts';
import type { Expression } from './expression.ts';
import type { SectionAttributes } from './object.ts';
import { describePlace, PlacedError, type SourcePlace } from './source-place.ts';
import type { Opcode } from './table.ts';

interface Placed {
  /** Where the source text says it, if there is one. */
  place?: SourcePlace;
  /** Filled in by the layout: offset in the section and length, in bytes. */
  offset: number;
  size: number;
}

/** An instruction whose bits do not depend on where anything lies. */
export interface CodeItem extends Placed {
  kind: 'code';
  opcode: Opcode;
  word: number;
  /** The three-byte form of an automatically narrowed instruction: the layout may return to it to fill one byte. */
  wide?: { opcode: Opcode; word: number };
}

/** One way to write a conditional branch; `over` is the inverted branch over a `j`, which reaches 128 KiB. */
export interface BranchForm {
  opcode: Opcode;
  over: boolean;
}

/** A conditional branch which grows through its forms until it reaches; the label is its last operand. */
export interface BranchItem extends Placed {
  kind: 'branch';
  forms: readonly BranchForm[];
  form: number;
  values: readonly number[];
  target: Expression;
}

/** An instruction of fixed size with one operand that is known only after layout, or at link time. */
export interface PendingItem extends Placed {
  kind: 'pending';
  opcode: Opcode;
  /** The visible operands; the one at `index` is replaced by the value of `expression`. */
  values: readonly number[];
  index: number;
  expression: Expression;
  /** Written under `no-transform`, as it is: the body of a loop may then be anything. */
  exact?: boolean;
  /** Of a loop in text: its number, in the order of the text. Its body may be longer than the hardware's field reaches. */
  loop?: number;
}

export interface BytesItem extends Placed {
  kind: 'bytes';
  bytes: Uint8Array;
}

/** Little-endian numbers of `width` bytes each; four-byte ones may be addresses. */
export interface WordsItem extends Placed {
  kind: 'words';
  width: 1 | 2 | 4 | 8;
  expressions: readonly Expression[];
}

/** A number in as many bytes of seven bits as it needs (DWARF, 7.6). */
export interface LebItem extends Placed {
  kind: 'leb';
  signed: boolean;
  expression: Expression;
}

/** Padding to a multiple of `boundary`, omitted where it would take more than `limit` bytes. */
export interface AlignItem extends Placed {
  kind: 'align';
  boundary: number;
  /** Undefined: nops in code, zeros in data. */
  fill?: number;
  limit?: number;
}

/**
 * Padding such that an instruction does not cross a 4-byte fetch word: the `next` one, or, before a `loop`, the first of
 * its body (which the loop hardware requires). Where GNU as is followed, also behind a `jump` (bytes that nothing
 * reaches), and, without any bytes of their own, behind a `call` and at a `label`, for which instructions before grow.
 */
export interface FitItem extends Placed {
  kind: 'fit';
  purpose: 'next' | 'loop' | 'jump' | 'call' | 'label';
  /** Before a loop written out for its long body: bytes up to the loop instruction, items up to the body, the body's end. */
  far?: { offset: number; items: number; end: Expression };
}

export interface SpaceItem extends Placed {
  kind: 'space';
  /** Bytes to skip, or (`.org`) the offset to skip to. */
  count: Expression;
  to: boolean;
  fill: number;
}

export interface Literal {
  expression: Expression;
  /** Labels at this literal's word. */
  labels: LabelItem[];
}

/** Constants for l32r, which reaches only backwards. */
export interface PoolItem extends Placed {
  kind: 'pool';
  literals: Literal[];
  /** By value, so that equal constants share a word. */
  shared: Map<string, LabelItem>;
}

export interface LabelItem extends Placed {
  kind: 'label';
  name: string;
  section: SectionItems;
}

/** A line of the listing; no bytes. */
export interface CommentItem extends Placed {
  kind: 'comment';
  text: string;
}

export type Item =
  | CodeItem
  | BranchItem
  | PendingItem
  | BytesItem
  | WordsItem
  | LebItem
  | AlignItem
  | FitItem
  | SpaceItem
  | PoolItem
  | LabelItem
  | CommentItem;

export interface SectionItems {
  name: string;
  attributes: SectionAttributes;
  align: number;
  items: Item[];
  /** Whether padding is nops and literal pools are allowed. */
  code: boolean;
  /** Whether alignment is that of GNU as. */
  likeGnu: boolean;
  /** Where the next literal goes. */
  pool: PoolItem | undefined;
  /** Bytes appended so far, at least; and the last place that nothing falls into, for another literal pool. */
  approximateSize: number;
  barrier: { index: number; size: number } | undefined;
  /** Value of `approximateSize` at the current pool. */
  poolStart: number;
}

export function createSection(
  name: string,
  attributes: SectionAttributes,
  code: boolean,
  likeGnu: boolean,
): SectionItems {
  const section = { name, attributes, likeGnu, align: 4, items: [], code, approximateSize: 0, poolStart: 0 };
  return { ...section, pool: undefined, barrier: undefined };
}

/** Appends an item; offset and size are the layout's business. */
export function append<T extends Item>(section: SectionItems, item: Omit<T, 'offset' | 'size'>, size = 0): T {
  const placed = item as T;
  placed.offset = 0;
  placed.size = 0;
  section.items.push(placed);
  section.approximateSize += size;
  return placed;
}

/** The last label placed before an item, for error messages where there is no source text. */
function nearestLabel(section: SectionItems, index: number): string {
  for (let at = index; at >= 0; at--) {
    const item = section.items[at];
    if (item.kind === 'label') return `${section.name}, after "${item.name}"`;
  }
  return section.name;
}

/**
 * Visits the items in order; `visit` returns the index to go on from, if it is not the next. A UsageError gets the
 * item's place (text) or the nearest label (builder) in front.
 */
export function visitItems(
  section: SectionItems,
  visit: (item: Item, index: number) => number | undefined,
): void {
  let index = 0;
  try {
    while (index < section.items.length) index = visit(section.items[index], index) ?? index + 1;
  } catch (error) {
    if (!(error instanceof UsageError) || error instanceof PlacedError) throw error;
    const { place } = section.items[index];
    const where = place ? describePlace(place) : nearestLabel(section, index);
    throw new PlacedError(`${where}: ${error.message}`);
  }
}
