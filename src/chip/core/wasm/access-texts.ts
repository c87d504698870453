/** Accesses to memory that translations share (shared.ts): the slow way of all, and whole accesses of vector registers. */
import { FIRST_WORD_BYTES, PAGE_SHIFT, RECENT } from '../../bus/index.ts';
import { T } from '../names.ts';
import { VARIANT } from '../select.ts';
import { LAYOUT } from '../state.ts';

export interface SharedText {
  /** Behind the state's address. */
  readonly parameters: readonly string[];
  readonly text: string;
}

/** What the host needs to know of the moment. */
const MOMENT = ['$pc', '$cycles', '$n'];
const atMoment = `${T.cycles}=$cycles;${T.instructions}=$n;`;

const slowStore = (bytes: number): SharedText => ({
  parameters: ['$address', '$value', ...MOMENT],
  text: `${atMoment}return $X.store${bytes}($address,$value,$pc);`,
});

const page = (map: string): string => `let $p=0;$p=${map}[$address>>>${PAGE_SHIFT}];`;
const words = `($state+${LAYOUT.words})|0`;
/** Cycles beyond those that the instruction takes where memory is near. */
const stall = `return (${T.cycles}-$cycles)|0;`;

const recent = (word: number): string => `$M32[(${T.recent}>>2)+${word}]`;
const line = `$address>>>${recent(RECENT.shift)}`;
const ofLine = (word: number): string => `$M32[($q>>2)+${word}]`;
const cycleOf = (double: number): string => `$D[($q>>3)+${double}]`;
/**
 * An access to a line that the core looked at before: what access.ts and the chip would do, without asking them.
 * @param use what is done with the arena's offset `$at`
 * @param leave by the cycles that it waits
 */
const ofRecentLine = (bytes: number, use: string, leave: (cycles: string) => string): string =>
  `let $q=0;$q=(${T.recent}+((${line}&${RECENT.lineMask})<<${RECENT.lineShift}))|0;` +
  `if(${ofLine(RECENT.tag)}===((${line})|0)){` +
  `${recent(RECENT.count)}=(${recent(RECENT.count)}+1)|0;` +
  `let $at=($address+${ofLine(RECENT.delta)})|0;${use}` +
  `let $now=$D[${T.recent}>>3]+$cycles;if(${cycleOf(RECENT.complete)}<=$now){${leave('0')}}` +
  `let $wait=${cycleOf(RECENT.ready)}+${cycleOf(RECENT.perByte)}*((($address&${recent(RECENT.mask)})+${bytes}-${FIRST_WORD_BYTES})|0)-$now;` +
  `if($wait<0){${leave('0')}}${leave('(($wait)|0)')}}`;

const CELLS = { 1: '$M8[$at|0]', 2: '$M16[$at>>1]', 4: '$M32[$at>>2]' } as const;

/** While instructions are looked at one by one (breakpoints, waiting loops) all are asked for. */
const slowLoad = (bytes: 1 | 2 | 4): SharedText => ({
  parameters: ['$address', ...MOMENT],
  text:
    `if((${T.variant}&${VARIANT.debug})===0&&($address&${bytes - 1})===0){` +
    `${ofRecentLine(bytes, `let $value=${CELLS[bytes]};`, (cycles) => `${T.cycles}=($cycles+${cycles})|0;return $value;`)}}` +
    `${atMoment}return $X.load${bytes}($address,$pc);`,
});

/** Between 16 bytes of memory and a place in the state, an offset from its beginning. */
const vectorLoad: SharedText = {
  parameters: ['$place', '$address', ...MOMENT],
  text:
    `${page('$LM')}if($p!==0){$load128($place,($address+$p)|0);return 0;}` +
    `${ofRecentLine(16, '$load128($place,$at);', (cycles) => `return ${cycles};`)}${atMoment}$X.loadWords($address,4,$pc);if(${T.failed}===0){$load128($place,${words});}${stall}`,
};
const vectorStore: SharedText = {
  parameters: ['$place', '$address', ...MOMENT],
  text:
    `${page('$SM')}if($p!==0){$store128($place,($address+$p)|0);return 0;}` +
    `$store128($place,${words});${atMoment}$X.storeWords($address,4,$pc);${stall}`,
};

/** By the names under which translations call them. */
export const accessTexts: ReadonlyMap<string, SharedText> = new Map([
  ...([1, 2, 4] as const).flatMap((bytes) => [
    [`$M.load${bytes}`, slowLoad(bytes)] as const,
    [`$M.store${bytes}`, slowStore(bytes)] as const,
  ]),
  ['$M.vectorLoad', vectorLoad],
  ['$M.vectorStore', vectorStore],
]);
