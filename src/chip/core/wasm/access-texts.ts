/** Accesses to memory that translations share (shared.ts): the slow way of all, and whole accesses of vector registers. */
import { PAGE_SHIFT } from '../../bus/index.ts';
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

/** Between 16 bytes of memory and a place in the state, an offset from its beginning. */
const vectorLoad: SharedText = {
  parameters: ['$place', '$address', ...MOMENT],
  text:
    `${page('$LM')}if($p!==0){$load128($place,($address+$p)|0);return 0;}` +
    `${atMoment}$X.loadWords($address,4,$pc);if(${T.failed}===0){$load128($place,${words});}${stall}`,
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
