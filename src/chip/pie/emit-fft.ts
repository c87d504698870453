/** Complex multiplication and FFT helpers: calls of the functions in fft.ts with their loads and stores. */
import {
  address,
  advance,
  advanceBy,
  type Emit,
  type EmitEntry,
  fetchWords,
  offsetOf,
  setFetched,
  spareWords,
  wordsOf,
} from './context.ts';
import { fusedForms } from './emit-lanes.ts';
import { layout } from './state.ts';

const complexProducts: readonly EmitEntry[] = ['', '.ld.incp', '.st.incp'].map(
  (form, i): EmitEntry => [
    `ee.cmul.s16${form}`,
    (operands, context) =>
      fusedForms('', ([qz, qx, qy, select]) => `pie_cmul(${qz}, ${qx}, ${qy}, ${select}, ${context.sar});`)[
        i
      ][1](operands, context),
  ],
);

const productAndLoad: Emit = ([qu, as, ad, qz, qx, qy, select], context) =>
  address(context, as, 16) +
  fetchWords(context) +
  `pie_fftCmul(${qz}, ${qx}, ${qy}, ${select}, ${context.sar});` +
  setFetched(qu) +
  advanceBy(context, as, ad);

const productAndStore: Emit = ([qx, qy, qv, as, ad, select, update, shift], context) =>
  address(context, as, 16) +
  `pie_fftCmulStore(${qx}, ${qy}, ${qv}, ${select}, ${update}, ${shift}, ${context.sar});` +
  context.storeWords('pie$a', spareWords) +
  advanceBy(context, as, ad);

/** `lane` is the pair of lanes that each addressing form works on; `finish` puts the fetched word where it belongs. */
const butterflyAndLoad =
  (lane: number, finish: (qu: number) => string, step: number, quiet = false): Emit =>
  ([qu, as, qz, qz1, qx, qy, qm, select], context) =>
    address(context, as, 16, quiet) +
    fetchWords(context) +
    `pie_ams(${qz}, ${qz1}, ${qx}, ${qy}, ${qm}, ${lane}, ${select}, ${context.sar});` +
    finish(qu) +
    advance(context, as, step);

const setReversed = (qu: number) => `pie_load(${offsetOf(qu)}, ${[...spareWords].reverse().join(', ')});`;

/** qu = low half of (new word : UA_STATE) >> 8 * SAR_BYTE; UA_STATE = the new word. */
const setUnaligned = (qu: number) =>
  `pie_shiftPair(${offsetOf(qu)}, ${layout.uaState}, ${layout.spare}, pie_control[1]);` +
  spareWords.map((word, i) => `pie_ua[${i}] = ${word};`).join('');

const butterflyAndStore: Emit = ([qv, qz1, as0, as, qx, qy, qm, select], context) => {
  const halve = (word: string) => `(${word} << 16 >> 17 & 0xffff | ${word} >> 17 << 16)`;
  const words = [context.ar(as0), ...wordsOf(qv).slice(0, 3)];
  const stored = select === 0 ? words.map(halve) : words;
  return (
    address(context, as, 16) +
    context.storeWords('pie$a', stored) +
    `const pie$v = pie_amsStore(${qz1}, ${qx}, ${qy}, ${qm}, ${select}, ${context.sar});` +
    `${context.setAr(as0, 'pie$v')};` +
    advance(context, as, 16)
  );
};

const butterflyStore: Emit = ([qa0, qx, qy, as, shift], context) =>
  address(context, as, 16) +
  `pie_r2bfSums(${qx}, ${qy}, ${shift});` +
  context.storeWords('pie$a', spareWords) +
  `pie_r2bfDifferences(${qa0}, ${qx}, ${qy});` +
  advance(context, as, 16);

/** Words in reversed order, each halfword shifted. */
const storeReversed: Emit = ([qv, as, shift], context) => {
  const words = [...wordsOf(qv)].reverse();
  const shifted = words.map(
    (word) => `(${word} << 16 >> ${16 + shift} & 0xffff | ${word} >> ${16 + shift} << 16)`,
  );
  return address(context, as, 16) + context.storeWords('pie$a', shifted) + advance(context, as, -16);
};

const reversedIndices: Emit = ([qa, ax], context) =>
  `const pie$t = ${context.ar(ax)};pie_bitReverse(${qa}, pie$t);${context.setAr(ax, 'pie$t + 8 | 0')};`;

export const fftInstructions: readonly EmitEntry[] = [
  ...complexProducts,
  ['ee.fft.cmul.s16.ld.xp', productAndLoad],
  ['ee.fft.cmul.s16.st.xp', productAndStore],
  ['ee.fft.ams.s16.ld.incp', butterflyAndLoad(2, setFetched, 16)],
  ['ee.fft.ams.s16.ld.incp.uaup', butterflyAndLoad(0, setUnaligned, 16, true)],
  ['ee.fft.ams.s16.ld.r32.decp', butterflyAndLoad(4, setReversed, -16)],
  ['ee.fft.ams.s16.st.incp', butterflyAndStore],
  ['ee.fft.r2bf.s16', ([qa0, qa1, qx, qy, select]) => `pie_r2bf(${qa0}, ${qa1}, ${qx}, ${qy}, ${select});`],
  ['ee.fft.r2bf.s16.st.incp', butterflyStore],
  ['ee.fft.vst.r32.decp', storeReversed],
  ['ee.bitrev', reversedIndices],
];
