/**
 * From machine code to one function per region: registers in local variables, loops as loops, cycles counted
 * per block. See `core.ts` for who calls it.
 */

import { instructionLength } from '../../xtensa/index.ts';
import { PAGE_SHIFT } from '../bus/index.ts';
import type { BlockFacts } from '../pie/index.ts';
import type { Instruction } from './decode.ts';
import { straddles } from './decode.ts';
import { account, emitContext, leaveTo, operandTexts } from './emission.ts';
import { type ActiveLoop, type Block, type Flow, findRegion, type Region } from './graph.ts';
import { S, T } from './names.ts';
import { type Carry, CLEAN, costOfRun, type RunCost } from './pipeline.ts';
import { flowOf, packVariant, type Selected, select, type Variant } from './select.ts';
import type { Ending } from './semantics/context.ts';
import { type Shape, shapeOf } from './structure.ts';
import { REFETCHES, STRADDLE, TAKEN } from './timing.ts';

/** What the translator asks of its surroundings. */
export interface Source {
  /** The instruction at `pc`, or undefined when it cannot be fetched. */
  decode(pc: number): Instruction | undefined;
  /** Arena offset of a constant address in plain memory. */
  constantOffset(address: number): number | undefined;
  isCached(pc: number): boolean;
  readonly fetchLine: number;
  readonly warnUnaligned: boolean;
}

export interface Translation {
  /** Text of the body of `() => next pc`. */
  readonly text: string;
  /** Instructions that it was made from. */
  readonly instructions: readonly Instruction[];
  /** Addresses at which it loops back when they are LEND. */
  readonly loopEnds: ReadonlySet<number>;
}

/**
 * Instructions per region: large enough for the loops of real functions, small enough that the host still optimises
 * the function.
 */
const REGION_LIMIT = 120;

/** The code that is translated together, laid out; `explain.ts` counts by it, too. */
export interface Plan {
  readonly source: Source;
  readonly variant: Variant;
  readonly region: Region;
  readonly shape: Shape;
  readonly costs: ReadonlyMap<number, RunCost>;
  readonly selected: (instruction: Instruction) => Selected;
  readonly flow: (instruction: Instruction) => Flow;
  /** The instruction that moves the window under the region's feet, if it begins with one. */
  readonly entry: Instruction | undefined;
  /** In the order of the text. */
  readonly instructions: readonly Instruction[];
}

/** @returns undefined where nothing can be fetched at `entry` (or behind it, where it is ENTRY) */
export function planRegion(
  entry: number,
  variant: Variant,
  source: Source,
  activeLoop: ActiveLoop | undefined,
): Plan | undefined {
  const selections = new Map<number, Selected>();
  const selected = (instruction: Instruction) => {
    let known = selections.get(instruction.pc);
    if (!known) selections.set(instruction.pc, (known = select(instruction, variant)));
    return known;
  };
  const flow = (instruction: Instruction) => flowOf(instruction, selected(instruction));
  const first = source.decode(entry);
  if (!first) return undefined;
  const isEntry = first.opcode?.name === 'entry' && selected(first).kind === 'ending' && !variant.debug;
  const start = isEntry ? first.next : entry;
  const limits = { instructions: variant.debug ? 1 : REGION_LIMIT };
  const loop = variant.excm ? undefined : activeLoop;
  const region = findRegion(start, source.decode, flow, loop, limits);
  if (region.blocks.size === 0) return undefined;
  const successors = (node: number) =>
    successorsOf(region.blocks.get(node)!, region, flow, variant).filter((to) => region.blocks.has(to));
  const shape = shapeOf(start, successors);
  const costs = new Map(
    [...region.blocks].map(([pc, block]) => [pc, costOfRun(block.instructions, CLEAN)] as const),
  );
  const instructions = shape.order.flatMap((node) => region.blocks.get(node)!.instructions);
  const all = isEntry ? [first, ...instructions] : instructions;
  return {
    source,
    variant,
    region,
    shape,
    costs,
    selected,
    flow,
    entry: isEntry ? first : undefined,
    instructions: all,
  };
}

export function translate(
  entry: number,
  variant: Variant,
  source: Source,
  activeLoop: ActiveLoop | undefined,
): Translation {
  const plan = planRegion(entry, variant, source, activeLoop);
  if (!plan) {
    const first = source.decode(entry);
    return unfetchable(first ? first.next : entry);
  }
  return {
    text: wrap(emitTree(plan.region.entry, plan), plan.entry ? entryPrologue(plan.entry, variant) : ''),
    instructions: plan.instructions,
    loopEnds: new Set(plan.region.loops.keys()),
  };
}

const unfetchable = (pc: number): Translation => ({
  text: `let $pc=0;try{$exit:{$pc=$X.fetchFault(${pc | 0});}}catch{$pc=$X.caught();}return $pc;`,
  instructions: [],
  loopEnds: new Set(),
});

/** Loads the registers that `body` mentions, writes back those that it assigns. */
function wrap(body: string, prologue: string): string {
  const mentioned = new Set<string>();
  const assigned = new Set<string>();
  for (const [, index, assignment] of body.matchAll(/\$a(\d+)(=(?!=))?/g)) {
    mentioned.add(index);
    if (assignment) assigned.add(index);
  }
  const usesLoop = body.includes('$lc');
  const load = [...mentioned].map((index) => `$a${index}=$AR[($b+${index})&63]`).join(',');
  const save = [...assigned].map((index) => `$AR[($b+${index})&63]=$a${index};`).join('');
  return (
    `${prologue}let $c=${T.cycles},$n=${T.instructions},$pc=0,$t=0,$u=0,$p=0,$v=0;const $b=${S.windowbase}<<2;` +
    (load ? `let ${load};` : '') +
    (usesLoop ? `let $lc=${S.lcount};` : '') +
    `try{$exit:{${body}}}catch{$pc=$X.caught();$c=${T.cycles};$n=${T.instructions};}` +
    `${save}${usesLoop ? `${S.lcount}=$lc;` : ''}${T.cycles}=$c;${T.instructions}=$n;return $pc;`
  );
}

/** ENTRY moves the window under the region's feet: it is carried out before the registers are loaded. */
function entryPrologue(instruction: Instruction, variant: Variant): string {
  const { ars, uimm12x8 } = operandTexts(instruction);
  const next = instruction.next | 0;
  return (
    `{const $e=$X.entry(${ars.slice(2)},${uimm12x8},${instruction.pc | 0},${next});` +
    `if($e!==${next})return $e;${T.cycles}=(${T.cycles}+1)|0;${T.instructions}=(${T.instructions}+1)|0;if(${T.variant}!==${packVariant(variant)})return $e;}`
  );
}

/** Where control may go inside the region, in the order of the text. */
function successorsOf(
  block: Block,
  region: Region,
  flow: (instruction: Instruction) => Flow,
  variant: Variant,
): number[] {
  const { target, fallsThrough } = flow(block.instructions.at(-1)!);
  const targets = target === undefined ? [] : [target];
  if (!fallsThrough) return targets;
  const begin = variant.excm ? undefined : region.loops.get(block.end);
  return begin === undefined ? [...targets, block.end] : [...targets, begin, block.end];
}

/** Ramsey's doTree: a node, and as labelled blocks around it the merge points that it dominates. */
function emitTree(node: number, work: Plan): string {
  const merges = work.shape.children(node).filter((child) => work.shape.isMerge(child));
  const within = emitWithin(node, merges, work);
  return work.shape.isLoopHeader(node) ? `L${node}:for(;;){${within}}` : within;
}

function emitWithin(node: number, merges: readonly number[], work: Plan): string {
  const [latest, ...rest] = merges;
  if (latest === undefined) return emitBlock(node, work);
  return `B${latest}:{${emitWithin(node, rest, work)}}${emitTree(latest, work)}`;
}

function emitBlock(node: number, work: Plan): string {
  const block = work.region.blocks.get(node)!;
  const cost = work.costs.get(node)!;
  let text = '';
  let line = Number.NaN;
  const facts: BlockFacts = {};
  for (const [index, instruction] of block.instructions.entries()) {
    const context = emitContext({
      instruction,
      issue: cost.issue[index],
      index,
      slow: work.variant.debug,
      warnUnaligned: work.source.warnUnaligned,
      block: facts,
      constantOffset: work.source.constantOffset,
    });
    const fetched = Math.floor((instruction.next - 1) / work.source.fetchLine);
    if (fetched !== line && work.source.isCached(instruction.pc)) {
      line = fetched;
      text += `${context.beforeCall}$X.fetch(${instruction.pc | 0},${instruction.next - instruction.pc});${context.afterCall}`;
    }
    const choice = work.selected(instruction);
    const isLast = index === block.instructions.length - 1;
    if (choice.kind === 'plain') {
      text += `{${choice.emit(operandTexts(instruction), context)}}`;
      if (isLast) text += choice.endsRegion ? emitOnward(block, cost) : emitRunOn(block, 0, work);
    } else if (choice.kind === 'raise') {
      text += account(cost.issue[index], index) + leaveTo(choice.vector);
    } else {
      const ending = choice.emit(operandTexts(instruction), context, instruction);
      text += emitEnding(ending, block, cost, work);
    }
  }
  return text;
}

/** Leaves for the next instruction. */
const emitOnward = (block: Block, cost: RunCost) =>
  account(cost.total, block.instructions.length) + leaveTo(`${block.end | 0}`);

function emitEnding(ending: Ending, block: Block, cost: RunCost, work: Plan): string {
  const count = block.instructions.length;
  switch (ending.kind) {
    case 'branch':
      return `if(${ending.condition}){${emitTaken(block, ending.target, work)}}else{${emitRunOn(block, 0, work)}}`;
    case 'jump':
      return emitTaken(block, ending.target, work);
    case 'loop': {
      const skipped = ending.skip && `if($s){${emitTaken(block, ending.end, work)}}`;
      return ending.skip
        ? `{const $s=${ending.skip};${ending.code}${skipped}else{${emitRunOn(block, 0, work)}}}`
        : `${ending.code}${emitRunOn(block, 0, work)}`;
    }
    case 'leave': {
      const last = block.instructions.at(-1)!;
      const cycles = cost.total + (ending.taken ? TAKEN : 0);
      const code = ending.code.includes('$X.')
        ? `${T.cycles}=$c;${T.instructions}=$n;${ending.code}$c=${T.cycles};`
        : ending.code;
      return account(cycles, count) + code + refetch(last, ending, work) + leaveTo(ending.target);
    }
  }
}

/** The straddle cycle of a transfer that leaves the region. */
function refetch(last: Instruction, ending: Ending & { kind: 'leave' }, work: Plan): string {
  if (REFETCHES.has(last.opcode!.name)) return account(straddleAt(last.next, work), 0);
  if (!ending.taken) return '';
  if (/^-?\d+$/.test(ending.target)) return account(straddleAt(Number(ending.target) >>> 0, work), 0);
  return ending.target.includes('$X.') ? '' : `$u=${ending.target};$c=($c+(${straddleOf('$u')}))|0;`;
}

/** The same for an address that is known only then: by the first byte of the instruction, where code lies in plain memory (a page is in one map at most). */
const straddleOf = (target: string): string =>
  `(${target}&3)===0?0:(${target}>>>28)===4&&($p=$LM[${target}>>>${PAGE_SHIFT}]|$CM[${target}>>>${PAGE_SHIFT}],$p!==0)?` +
  `($v=$M8[(${target}+$p)|0]&15,((((${target}&3)+3-((${NARROW}>>>$v)&1)+((${LONG}>>>$v)&1))|0)>4?${STRADDLE}:0)):` +
  `$X.straddle(${target})`;

/** First nibbles of instructions of two and of four bytes, as bits. */
const nibblesOf = (length: number): number =>
  Array.from({ length: 16 }, (_, nibble) => nibble).reduce(
    (bits, nibble) => bits | (instructionLength(nibble) === length ? 1 << nibble : 0),
    0,
  );
const NARROW = nibblesOf(2);
const LONG = nibblesOf(4);

function straddleAt(pc: number, work: Plan): number {
  const instruction = work.source.decode(pc);
  return instruction && straddles(pc, instruction.next - pc) ? STRADDLE : 0;
}

/** A taken branch or jump inside the code: two bubbles, and one more for a target across a fetch word. */
const emitTaken = (block: Block, target: number, work: Plan): string =>
  emitGoto(block, target, work.costs.get(block.start)!.total + TAKEN + straddleAt(target, work), work);

/** Execution runs past the end of the block, where a hardware loop may send it back. */
function emitRunOn(block: Block, extra: number, work: Plan): string {
  const cost = work.costs.get(block.start)!;
  const onward = emitGoto(block, block.end, cost.total + extra + hazard(cost.carry, block.end, work), work);
  if (work.variant.excm || !work.region.loops.has(block.end)) return onward;
  const begin = work.region.loops.get(block.end)!;
  const cycles = cost.total + straddleAt(begin, work) + hazard(carryBack(cost.carry), begin, work);
  const back = emitGoto(block, begin, cycles, work);
  const elsewhere = account(cost.total, block.instructions.length) + leaveTo(S.lbeg);
  return (
    `if($lc!==0&&${S.lend}===${block.end | 0}){$lc=($lc-1)|0;` +
    `if(${S.lbeg}===${begin | 0}){${back}}else{${elsewhere}}}else{${onward}}`
  );
}

/** What is still under way when a hardware loop sends execution back: the fetch buffer begins anew. */
export const carryBack = (carry: Carry): Carry => ({ ...carry, ahead: undefined, stolen: 0 });

/** Cycles that what is still under way adds to the block at `pc`. */
function hazard(carry: Carry, pc: number, work: Plan): number {
  const block = work.region.blocks.get(pc);
  if (!block) return 0;
  return costOfRun(block.instructions, carry).total - work.costs.get(pc)!.total;
}

function emitGoto(block: Block, target: number, cycles: number, work: Plan): string {
  const text = account(cycles, block.instructions.length);
  if (!work.region.blocks.has(target)) return text + leaveTo(`${target | 0}`);
  switch (work.shape.edge(block.start, target)) {
    case 'irreducible':
      return text + leaveTo(`${target | 0}`);
    case 'back':
      return `${text}if($c>=${T.limit}){${leaveTo(`${target | 0}`)}}continue L${target};`;
    case 'forward':
      return work.shape.isMerge(target) ? `${text}break B${target};` : text + emitTree(target, work);
  }
}
