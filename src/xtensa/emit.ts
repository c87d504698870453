/** From laid-out items to bytes, symbols and relocations. */
import { UsageError } from '../errors.ts';
import { encodeInstruction } from './encode.ts';
import { type Expression, evaluate, evaluateNumber, type Locate, type Value } from './expression.ts';
import {
  type BranchItem,
  type Item,
  type PendingItem,
  type SectionItems,
  visitItems,
  type WordsItem,
} from './items.ts';
import { fallsInto, layOut, lebBytes, localTarget, nextLength } from './layout.ts';
import type { RelocationKind, Section } from './object.ts';
import { type Opcode, opcodeByName } from './table.ts';

interface Output {
  section: SectionItems;
  locate: Locate;
  base: number | undefined;
  bytes: Uint8Array;
  result: Section;
}

export function writeWord(bytes: Uint8Array, offset: number, word: number, length: number): void {
  for (let index = 0; index < length; index++) bytes[offset + index] = word >>> (8 * index);
}

const narrowNop = opcodeByName.get('nop.n')!;
const nop = opcodeByName.get('nop')!;
const jump = opcodeByName.get('j')!;

/** Fills with nops; a lone byte (only where nothing runs) becomes zero. */
function fillNops(bytes: Uint8Array, start: number, end: number): void {
  let at = start;
  while (end - at >= 2) {
    const filler = end - at === 3 || end - at > 4 ? nop : narrowNop;
    writeWord(bytes, at, filler.value, filler.length);
    at += filler.length;
  }
}

const relocationKinds: Readonly<Record<string, RelocationKind>> = {
  call0: 'call',
  call4: 'call',
  call8: 'call',
  call12: 'call',
  j: 'jump',
  l32r: 'l32r',
};

/** Encodes an instruction whose operand `index` is a label: in place where it is near, by relocation where it is not. */
function emitLabelled(
  output: Output,
  offset: number,
  opcode: Opcode,
  values: readonly number[],
  index: number,
  target: Expression,
): void {
  const { section, locate, base, bytes, result } = output;
  const local = localTarget(section, target, locate, base);
  const filled = [...values];
  if (local !== undefined) {
    filled[index] = local;
    writeWord(bytes, offset, encodeInstruction(opcode, filled, offset), opcode.length);
    return;
  }
  const value = evaluate(target, locate);
  const kind = relocationKinds[opcode.name];
  if (!kind) {
    throw new UsageError(
      `${opcode.name} cannot leave its section, and "${value.symbol ?? value.offset}" is not in ${section.name}.`,
    );
  }
  // The linker fills the label's field in; any legal value will do until then.
  filled[index] = opcode.visible[index].decode(0, offset);
  writeWord(bytes, offset, encodeInstruction(opcode, filled, offset), opcode.length);
  result.relocations.push({ offset, kind, symbol: value.symbol ?? '', addend: value.offset });
}

function emitBranch(output: Output, item: BranchItem): void {
  const { opcode, over } = item.forms[item.form];
  if (!over) {
    const values = [...item.values, 0];
    emitLabelled(output, item.offset, opcode, values, values.length - 1, item.target);
    return;
  }
  const jumpAt = item.offset + opcode.length;
  const word = encodeInstruction(opcode, [...item.values, jumpAt + jump.length], item.offset);
  writeWord(output.bytes, item.offset, word, opcode.length);
  emitLabelled(output, jumpAt, jump, [0], 0, item.target);
}

function emitPending(output: Output, item: PendingItem): void {
  const { opcode, values, index, expression, offset } = item;
  if (opcode.visible[index].kind === 'label') {
    if (opcode.flag === 'loop' && !item.exact) checkLoop(output, item);
    emitLabelled(output, offset, opcode, values, index, expression);
    return;
  }
  const filled = [...values];
  filled[index] = evaluateNumber(expression, output.locate);
  writeWord(output.bytes, offset, encodeInstruction(opcode, filled, offset), opcode.length);
}

const neverLast = new Set(['isync', 'waiti', 'rsr.lcount', 'wsr.lcount', 'xsr.lcount', 'entry']);

/** What must not be the last instruction of a hardware loop (Xtensa ISA manual, 4.3.2.2). */
function illegalAtLoopEnd(output: Output, item: Item, start: number, end: number): Opcode | undefined {
  if (item.kind === 'branch') {
    const { opcode, over } = item.forms[item.form];
    // A branch or a jump out of the loop may end it, as GNU as has it; after one that stays inside, LCOUNT is undefined.
    const target = localTarget(output.section, item.target, output.locate, output.base);
    const staysInside = target !== undefined && target >= start && target < end;
    return over || staysInside ? opcode : undefined;
  }
  if (item.kind !== 'code' && item.kind !== 'pending') return undefined;
  const { name, flag } = item.opcode;
  if (item.kind === 'pending' && name === 'j') {
    const target = localTarget(output.section, item.expression, output.locate, output.base);
    return target !== undefined && target >= start && target < end ? item.opcode : undefined;
  }
  const isJump = flag === 'jump' && name !== 'jx';
  return neverLast.has(name) || flag === 'call' || flag === 'loop' || isJump ? item.opcode : undefined;
}

/** The last item that has bytes and begins before an offset. */
function lastBefore(items: readonly Item[], offset: number): Item | undefined {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle].offset < offset) low = middle + 1;
    else high = middle;
  }
  while (low > 0 && items[low - 1].size === 0) low -= 1;
  return items[low - 1];
}

/** Says which loop of the text has to be written out: see text/far-loop.ts. */
export class FarLoop extends Error {
  constructor(readonly number: number) {
    super(`loop ${number} of the text has a long body`);
  }
}

/** The loop hardware's rules that the instruction's own field does not express. */
function checkLoop(output: Output, loop: PendingItem): void {
  const { section, locate, base } = output;
  const end = localTarget(section, loop.expression, locate, base);
  const start = loop.offset + loop.opcode.length;
  if (end === undefined) return;
  if (end - start > 256) {
    if (loop.loop !== undefined) throw new FarLoop(loop.loop);
    throw new UsageError(
      `${loop.opcode.name}: the body has ${end - start} bytes, more than the 256 of the hardware.`,
    );
  }
  const last = lastBefore(section.items, end);
  if (!last || last.offset < start) return;
  const illegal = illegalAtLoopEnd(output, last, start, end);
  if (illegal) {
    throw new UsageError(
      `${loop.opcode.name}: ${illegal.name} must not be the last instruction of the body.`,
    );
  }
}

function emitValue(output: Output, offset: number, width: number, value: Value): void {
  if (value.symbol !== undefined) {
    if (width !== 4) throw new UsageError(`the address of "${value.symbol}" needs a 32-bit word.`);
    output.result.relocations.push({ offset, kind: 'abs32', symbol: value.symbol, addend: value.offset });
    return;
  }
  const limit = 2 ** (8 * width);
  if (!Number.isSafeInteger(value.offset) || value.offset >= limit || value.offset < -limit / 2) {
    throw new UsageError(`${value.offset} does not fit ${width} byte${width === 1 ? '' : 's'}.`);
  }
  const bits = BigInt.asUintN(64, BigInt(value.offset));
  for (let index = 0; index < width; index++)
    output.bytes[offset + index] = Number((bits >> BigInt(8 * index)) & 255n);
}

function emitWords(output: Output, item: WordsItem): void {
  item.expressions.forEach((expression, index) => {
    emitValue(output, item.offset + index * item.width, item.width, evaluate(expression, output.locate));
  });
}

const isData = ({ kind }: Item): boolean => ['bytes', 'words', 'leb', 'space', 'pool'].includes(kind);

/** Whether padding is run through: nops there, zeros beside data and behind jumps. */
function isBetweenCode({ items, code }: SectionItems, index: number): boolean {
  return code && nextLength(items, index + 1) > 0 && fallsInto(items, index);
}

function emitPadding({ section, bytes }: Output, item: Item, index: number): void {
  const end = item.offset + item.size;
  if (item.kind === 'align' && item.fill !== undefined) bytes.fill(item.fill, item.offset, end);
  else if (item.kind === 'fit' ? item.purpose !== 'jump' : isBetweenCode(section, index))
    fillNops(bytes, item.offset, end);
}

function emitItem(output: Output, item: Item, index: number): void {
  const { bytes, result } = output;
  switch (item.kind) {
    case 'code':
      writeWord(bytes, item.offset, item.word, item.opcode.length);
      return;
    case 'branch':
      emitBranch(output, item);
      return;
    case 'pending':
      emitPending(output, item);
      return;
    case 'bytes':
      bytes.set(item.bytes, item.offset);
      return;
    case 'words':
      emitWords(output, item);
      return;
    case 'leb':
      bytes.set(lebBytes(item, output.locate), item.offset);
      return;
    case 'align':
    case 'fit':
      emitPadding(output, item, index);
      return;
    case 'space':
      bytes.fill(item.fill, item.offset, item.offset + item.size);
      return;
    case 'pool':
      item.literals.forEach((literal, index) => {
        const at = item.offset + item.size - 4 * (item.literals.length - index);
        for (const label of literal.labels) result.symbols.set(label.name, label.offset);
        emitValue(output, at, 4, evaluate(literal.expression, output.locate));
      });
      return;
    case 'label':
      result.symbols.set(item.name, item.offset);
      return;
    case 'comment':
      result.comments!.push([item.offset, item.text]);
  }
}

/** Ranges of a code section that are not instructions. */
function dataRanges(section: SectionItems): [number, number][] {
  const ranges: [number, number][] = [];
  section.items.forEach((item, index) => {
    const isPadding =
      (item.kind === 'align' && !isBetweenCode(section, index)) ||
      (item.kind === 'fit' && item.purpose === 'jump');
    if (!(isData(item) || isPadding) || item.size === 0) return;
    const last = ranges.at(-1);
    if (last && last[1] === item.offset) last[1] += item.size;
    else ranges.push([item.offset, item.offset + item.size]);
  });
  return ranges;
}

/** By offset: a line of the source for each instruction, for both of a branch that became two. */
function sourceLines(section: SectionItems): Map<number, number> {
  const lines = new Map<number, number>();
  for (const item of section.items) {
    if (!item.place || !(item.kind === 'code' || item.kind === 'branch' || item.kind === 'pending')) continue;
    lines.set(item.offset, item.place.line);
    if (item.kind === 'branch' && item.forms[item.form].over)
      lines.set(item.offset + item.forms[item.form].opcode.length, item.place.line);
  }
  return lines;
}

/** Lays the section out and writes it. */
export function emitSection(section: SectionItems, locate: Locate, base?: number): Section {
  const bytes = new Uint8Array(layOut(section, locate, base));
  const result: Section = {
    name: section.name,
    attributes: section.attributes,
    align: section.align,
    bytes,
    symbols: new Map(),
    relocations: [],
    data: dataRanges(section),
    comments: [],
    lines: sourceLines(section),
  };
  const output: Output = { section, locate, base, bytes, result };
  visitItems(section, (item, index) => {
    emitItem(output, item, index);
    return undefined;
  });
  return result;
}
