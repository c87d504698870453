/** Accesses to memory that translations share (shared.ts): the slow way of all, and whole accesses of vector registers. */
import { FIRST_WORD_BYTES, PAGE_SHIFT, RECENT } from '../../bus/index.ts';
import { T } from '../names.ts';
import { LAYOUT } from '../state.ts';

export interface SharedText {
  /** Behind the state's address. */
  readonly parameters: readonly string[];
  readonly text: string;
}

/** What the host needs to know of the moment. */
const MOMENT = ['$pc', '$cycles', '$n'];
const atMoment = `${T.cycles}=$cycles;${T.instructions}=$n;`;

const slowLoad = (bytes: number): SharedText => ({
  parameters: ['$address', ...MOMENT],
  text: `${atMoment}return $X.load${bytes}($address,$pc);`,
});
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
/** 16 bytes of a line that the core looked at before: what access.ts and the chip would do, without asking them. */
const vectorOfRecentLine =
  `let $q=0;$q=(${T.recent}+((${line}&${RECENT.lineMask})<<${RECENT.lineShift}))|0;` +
  `if(${ofLine(RECENT.tag)}===((${line})|0)){` +
  `${recent(RECENT.count)}=(${recent(RECENT.count)}+1)|0;` +
  `$load128($place,($address+${ofLine(RECENT.delta)})|0);` +
  `let $now=$D[${T.recent}>>3]+$cycles;if(${cycleOf(RECENT.complete)}<=$now)return 0;` +
  `let $wait=${cycleOf(RECENT.ready)}+${cycleOf(RECENT.perByte)}*((($address&${recent(RECENT.mask)})+${16 - FIRST_WORD_BYTES})|0)-$now;` +
  'if($wait<0)return 0;return ($wait)|0;}';

/** Between 16 bytes of memory and a place in the state, an offset from its beginning. */
const vectorLoad: SharedText = {
  parameters: ['$place', '$address', ...MOMENT],
  text:
    `${page('$LM')}if($p!==0){$load128($place,($address+$p)|0);return 0;}` +
    `${vectorOfRecentLine}${atMoment}$X.loadWords($address,4,$pc);if(${T.failed}===0){$load128($place,${words});}${stall}`,
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
