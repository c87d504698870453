/** The text of memory accesses and calls, for one instruction at its place in a block. */

import { PAGE_SHIFT } from '../bus/index.ts';
import { type BlockFacts, pieViews } from '../pie/index.ts';
import type { Instruction } from './decode.ts';
import { S, T } from './names.ts';
import type { EmitContext, Texts } from './semantics/context.ts';

/** What the surrounding translation knows. */
export interface Place {
  readonly instruction: Instruction;
  /** Issue slot and number of the instruction within its block: `$c` and `$n` still stand at the block's start. */
  readonly issue: number;
  readonly index: number;
  /** All accesses go the slow way (breakpoints armed). */
  readonly slow: boolean;
  readonly warnUnaligned: boolean;
  /** What is known at this place of the block. */
  readonly block: BlockFacts;
  /** Arena offset of a constant address which is plain memory, or undefined. */
  constantOffset(address: number): number | undefined;
}

const plus = (name: string, amount: number) => (amount === 0 ? name : `(${name}+${amount})|0`);

const views = {
  1: { load: '$M8', signed: '$MS8', shift: 0 },
  2: { load: '$M16', signed: '$MS16', shift: 1 },
};

/** Statements that leave the region for `target`; a call in it may charge cycles. */
export const leaveTo = (target: string) =>
  target.includes('$X.')
    ? `${T.cycles}=$c;${T.instructions}=$n;$pc=${target};$c=${T.cycles};break $exit;`
    : `$pc=${target};break $exit;`;

/** Adds what a block (or the part of it before `index`) took. */
export const account = (cycles: number, instructions: number) =>
  (cycles === 0 ? '' : `$c=($c+${cycles})|0;`) + (instructions === 0 ? '' : `$n=($n+${instructions})|0;`);

/** Where in the state four words of the vector unit lie that follow one another; undefined for others. */
function placeOf(words: readonly string[]): number | undefined {
  const [name, first] = words[0].slice(0, -1).split('[');
  const view = pieViews[name as keyof typeof pieViews];
  const follow = words.length === 4 && words.every((word, i) => word === `${name}[${Number(first) + i}]`);
  return view && follow ? view.offset + 4 * Number(first) : undefined;
}

const isName = (text: string) => /^[\w$]+$/.test(text);

/** Memory at an offset of the arena. */
const cell = (bytes: 1 | 2 | 4, signed: boolean, at: string) => {
  if (bytes === 4) return `$M32[${at}>>2]`;
  const { load, signed: signedView, shift } = views[bytes];
  const view = signed ? signedView : load;
  return shift === 0 ? `${view}[${at}|0]` : `${view}[${at}>>1]`;
};

/** A condition behind others: `$t` is aligned. */
const alignment = (bytes: number) => (bytes === 1 ? '' : `&&($t&${bytes - 1})===0`);

export function emitContext(place: Place): EmitContext {
  const { instruction, issue, index, slow } = place;
  const pc = instruction.pc | 0;
  const [cycles, instructions] = [plus('$c', issue), plus('$n', index)];
  const beforeCall = `${T.cycles}=${cycles};${T.instructions}=${instructions};`;
  /** The same for what is shared (wasm/access-texts.ts). */
  const moment = `${pc},${cycles},${instructions}`;
  const afterCall = `$c=${issue === 0 ? T.cycles : `(${T.cycles}-${issue})|0`};`;
  const page = (map: string, address: string) => (slow ? '$p=0;' : `$p=${map}[${address}>>>${PAGE_SHIFT}];`);
  const vector = (name: string, place: number, address: string) =>
    `$c=($c+$M.${name}(${place},${address},${moment}))|0;`;

  const load: EmitContext['load'] = (target, address, bytes, signed = false) => {
    const constant = /^-?\d+$/.test(address) ? place.constantOffset(Number(address)) : undefined;
    if (constant !== undefined && bytes === 4 && !slow) return `${target}=$M32[${constant >>> 2}];`;
    const extend = signed && bytes < 4 ? `<<${32 - 8 * bytes}>>${32 - 8 * bytes}` : '';
    return (
      `$t=${address};${page('$LM', '$t')}` +
      `if($p!==0${alignment(bytes)}){${target}=${cell(bytes, signed, '($t+$p)')};}` +
      `else{$v=$M.load${bytes}($t,${moment});${afterCall}${target}=$v${extend};}`
    );
  };
  const store: EmitContext['store'] = (address, bytes, value) =>
    `$t=${address};${page('$SM', '$t')}` +
    `if($p!==0${alignment(bytes)}){${cell(bytes, false, '($t+$p)')}=${value};}` +
    `else{$M.store${bytes}($t,${value},${moment});${afterCall}}`;

  /** The small loads of the PIE, as expressions: their address is aligned by construction. */
  const loadExpression = (address: string, bytes: 1 | 2) => {
    const once = isName(address) ? address : `($t=${address})`;
    const again = isName(address) ? address : '$t';
    const lookup = slow ? '$p=0' : `$p=$LM[${once}>>>${PAGE_SHIFT}]`;
    const use = slow && !isName(address) ? `${once},` : '';
    return (
      `(${use}${lookup},$p!==0?${cell(bytes, false, `(${again}+$p)`)}:` +
      `($v=$M.load${bytes}(${again},${moment}),` +
      `$c=(${T.cycles}-${issue})|0,$v))`
    );
  };

  return {
    pc: instruction.pc,
    next: instruction.next,
    cyclesNow: issue === 0 ? '$c' : `$c+${issue}`,
    beforeCall,
    afterCall,
    load,
    store,
    raise: (cause) => `${account(issue, index)}${leaveTo(`$X.raise(${cause},${pc})`)}`,
    ar: (register) => `$a${register}`,
    setAr: (register, value) => `$a${register}=(${value})|0;`,
    fr: (register) => `$FI[${register}]`,
    setFr: (register, value) => `$FI[${register}]=${value};`,
    sar: S.sar,
    load8: (address) => loadExpression(address, 1),
    load16: (address) => loadExpression(address, 2),
    loadWords(address, targets) {
      if (targets.length === 1) return load(targets[0], address, 4);
      const place = placeOf(targets);
      if (place !== undefined && !slow) return vector('vectorLoad', place, address);
      const fast = targets
        .map((target, word) => `${target}=$M32[$p${word === 0 ? '' : `+${word}`}];`)
        .join('');
      const far = targets.map((target, word) => `${target}=$W[${word}];`).join('');
      return (
        `${page('$LM', address)}if($p!==0){$p=(${address}+$p)>>2;${fast}}` +
        `else{${beforeCall}$X.loadWords(${address},${targets.length},${pc});${afterCall}${far}}`
      );
    },
    storeWords(address, values) {
      if (values.length === 1) return store(address, 4, values[0]);
      const place = placeOf(values);
      if (place !== undefined && !slow) return vector('vectorStore', place, address);
      const fast = values.map((value, word) => `$M32[$p${word === 0 ? '' : `+${word}`}]=${value};`).join('');
      const far = values.map((value, word) => `$W[${word}]=${value};`).join('');
      return (
        `${page('$SM', address)}if($p!==0){$p=(${address}+$p)>>2;${fast}}` +
        `else{${far}${beforeCall}$X.storeWords(${address},${values.length},${pc});${afterCall}}`
      );
    },
    block: place.block,
    warnUnaligned: place.warnUnaligned,
  };
}

/** Names for the operands of an instruction. */
export function operandTexts(instruction: Instruction): Texts {
  const texts: Record<string, string> = {};
  instruction.opcode!.operands.forEach((operand, index) => {
    const value = instruction.operands[index];
    texts[operand.name.replace(/^\*/, '')] = operand.regfile === 'AR' ? `$a${value}` : `${value}`;
  });
  return texts;
}
