/**
 * What runs translations one after another without coming back to the host, as text like theirs: `run` for one core up to its limit, `turns`
 * for both cores in turns. They leave where the host has something to do.
 */

import { VARIANT } from '../select.ts';
import { LAYOUT, SR, TIME } from '../state.ts';

/** Slots by address and variant, direct-mapped. */
export const SLOTS = 1 << 13;
/** Words of a slot. */
export const SLOT = {
  pc: 0,
  /** With {@link IN_USE}: memory begins as zeros. */
  variant: 1,
  /** Of its function in the table. */
  index: 2,
  /** The region's bounds, and an LEND in between at which it loops back. */
  low: 3,
  high: 4,
  loopEnd: 5,
  /** Cycles spent in it since it is in the slot: a double. */
  cycles: 6,
} as const;
export const SLOT_WORDS = 8;
export const IN_USE = 64;
const SLOT_SHIFT = 5;

export const slotOf = (pc: number, variant: number): number =>
  ((pc >>> 1) ^ (pc >>> 14) ^ (variant << 5)) & (SLOTS - 1);

/** Why `run` came back; 0: the limit is reached. */
export const LEFT = { done: 0, attention: 1, unknown: 2 } as const;

const word = (slot: number): string => `$M32[($p>>2)+${slot}]`;
const unsignedWord = (slot: number): string => `(${word(slot)}>>>0)`;
const T = (slot: number): string => `$T[${slot}]`;
const S = (slot: number): string => `$SR[${slot}]`;

/** A loop that began outside may end in the region's middle. */
const loopIsOdd =
  `($n=${S(SR.lend)},($n>>>0)>${unsignedWord(SLOT.low)}&&($n>>>0)<=${unsignedWord(SLOT.high)}&&` +
  `$n!==${word(SLOT.loopEnd)})`;

export const runText =
  'let $pc=0,$p=0,$v=0,$n=0,$c=0;for(;;){' +
  `if(${T(TIME.attention)}!==0){return ${LEFT.attention};}` +
  `$v=${T(TIME.variant)};if(($v&${VARIANT.debug})!==0){return ${LEFT.attention};}` +
  `$pc=${T(TIME.pc)};` +
  `$p=(${T(TIME.slots)}+(((($pc>>>1)^($pc>>>14)^($v<<5))&${SLOTS - 1})<<${SLOT_SHIFT}))|0;` +
  `if(${word(SLOT.pc)}!==$pc||${word(SLOT.variant)}!==($v|${IN_USE})){return ${LEFT.unknown};}` +
  `if(${S(SR.lcount)}!==0){if(${loopIsOdd}){return ${LEFT.unknown};}}` +
  `$c=${T(TIME.cycles)};${T(TIME.pc)}=$call(${word(SLOT.index)});` +
  `$D[(($p>>3)+${SLOT.cycles / 2})]=$D[(($p>>3)+${SLOT.cycles / 2})]+((${T(TIME.cycles)}-$c)|0);` +
  `if(${T(TIME.cycles)}>=${T(TIME.limit)}){return ${LEFT.done};}}`;

const other = (slot: number): string => `$M32[($o+${LAYOUT.time + 4 * slot})>>2]`;

/** One core's share of a turn; comes back where it was stopped before its limit. */
const share = (core: 0 | 1, limit: string, at: (slot: number) => string, state: string): string =>
  `if(${at(TIME.limit)}!==${limit}){return 1;}` +
  `if(${at(TIME.cycles)}<${limit}){$A[0]=${core};if($run(${state})!==0){return 1;}if(${at(TIME.limit)}!==${limit}){return 1;}}`;

/**
 * Called for core 0, with the other state, the number of turns and their length in its words; TIME.turns counts down. 0: all were
 * done; 1: the cores are in the middle of a turn; the flag that something happened ends it after a turn.
 */
export const turnsText =
  `let $o=${T(TIME.other)},$q=${T(TIME.quantum)},$l0=${T(TIME.limit)},$l1=0;$l1=${other(TIME.limit)};for(;;){` +
  share(0, '$l0', T, '$state') +
  share(1, '$l1', other, '$o') +
  `${T(TIME.turns)}=(${T(TIME.turns)}-1)|0;` +
  `if(${T(TIME.turns)}===0||$A[1]!==0){return 0;}` +
  `$l0=($l0+$q)|0;$l1=($l1+$q)|0;${T(TIME.limit)}=$l0;${other(TIME.limit)}=$l1;}`;
