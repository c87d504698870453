/** Lane-wise arithmetic, comparison, logic, rearrangement and byte shifts of Q registers. */
import {
  address,
  advance,
  advanceBy,
  type Emit,
  type EmitEntry,
  fetchWords,
  offsetOf,
  setFetched,
  spareRegister,
  spareWords,
  wordsOf,
} from './context.ts';

/** The three forms of a lane operation: alone, with a load beside it, with a store beside it. */
export function fusedForms(name: string, compute: (registers: readonly number[]) => string): EmitEntry[] {
  const load: Emit = ([qu, as, ...registers], context) =>
    address(context, as, 16) +
    fetchWords(context) +
    compute(registers) +
    setFetched(qu) +
    advance(context, as, 16);
  const store: Emit = ([qv, as, ...registers], context) =>
    address(context, as, 16) +
    context.storeWords('pie$a', wordsOf(qv)) +
    compute(registers) +
    advance(context, as, 16);
  return [
    [name, (registers) => compute(registers)],
    [`${name}.ld.incp`, load],
    [`${name}.st.incp`, store],
  ];
}

const call = (helper: string, ...registers: number[]): string =>
  `pie_${helper}(${registers.map(offsetOf).join(', ')});`;

const arithmetic: readonly EmitEntry[] = ['vadds', 'vsubs', 'vmax', 'vmin'].flatMap((operation) =>
  [8, 16, 32].flatMap((bits) =>
    fusedForms(`ee.${operation}.s${bits}`, ([qa, qx, qy]) => call(`${operation}${bits}`, qa, qx, qy)),
  ),
);

const comparisons: readonly EmitEntry[] = ['eq', 'lt', 'gt'].flatMap((relation) =>
  [8, 16, 32].map(
    (bits): EmitEntry => [
      `ee.vcmp.${relation}.s${bits}`,
      ([qa, qx, qy]) => call(`vcmp${relation}${bits}`, qa, qx, qy),
    ],
  ),
);

/** Products are shifted right by SAR. */
const products: readonly EmitEntry[] = ['s8', 'u8', 's16', 'u16'].flatMap((type) => {
  const compute =
    (sar: string) =>
    ([qz, qx, qy]: readonly number[]) =>
      `pie_vmul${type}(${offsetOf(qz)}, ${offsetOf(qx)}, ${offsetOf(qy)}, ${sar});`;
  return ['', '.ld.incp', '.st.incp'].map(
    (form, i): EmitEntry => [
      `ee.vmul.${type}${form}`,
      (operands, context) => fusedForms('', compute(context.sar))[i][1](operands, context),
    ],
  );
});

const rectifiers: readonly EmitEntry[] = [[8, 31] as const, [16, 63] as const].flatMap(
  ([bits, mask]): EmitEntry[] => [
    [
      `ee.vrelu.s${bits}`,
      ([qs, ax, ay], context) =>
        `pie_vrelu${bits}(${offsetOf(qs)}, ${context.ar(ax)}, ${context.ar(ay)} & ${mask});`,
    ],
    [
      `ee.vprelu.s${bits}`,
      ([qz, qx, qy, ay], context) =>
        `pie_vprelu${bits}(${offsetOf(qz)}, ${offsetOf(qx)}, ${offsetOf(qy)}, ${context.ar(ay)} & ${mask});`,
    ],
  ],
);

const perWord = (qa: number, expression: (word: number) => string): string =>
  wordsOf(qa)
    .map((target, word) => `${target} = ${expression(word)};`)
    .join('');

const bitwise =
  (operator: string): Emit =>
  ([qa, qx, qy]) =>
    perWord(qa, (word) => `${wordsOf(qx)[word]} ${operator} ${wordsOf(qy)[word]}`);

const copy: Emit = ([qa, qx]) => perWord(qa, (word) => wordsOf(qx)[word]);

/** 32-bit lanes shifted by SAR, which reaches 63. */
const shiftLanes =
  (operator: '<<' | '>>'): Emit =>
  ([qa, qs], context) =>
    `const pie$n = ${context.sar};` +
    perWord(qa, (word) => {
      const lane = wordsOf(qs)[word];
      return operator === '<<' ? `pie$n > 31 ? 0 : ${lane} << pie$n` : `${lane} >> (pie$n > 31 ? 31 : pie$n)`;
    });

/** qa = low half of qs1:qs0 >> 8 * SAR_BYTE. */
export const shiftBySarByte = (qa: number, qs0: number, qs1: number): string =>
  `pie_shiftPair(${offsetOf(qa)}, ${offsetOf(qs0)}, ${offsetOf(qs1)}, pie_control[1]);`;

/** qa = shifted pair, qs0 = qs1. Where qa is qs1, the old qs1 moves first; where qa is qs0, qs0's update stays. */
const shiftAndMove: Emit = ([qa, qs0, qs1], context) => {
  const move = copy([qs0, qs1], context);
  if (qa !== qs1) return shiftBySarByte(qa, qs0, qs1) + move;
  const fromSpare = perWord(qa, (word) => spareWords[word]);
  return shiftBySarByte(spareRegister, qs0, qs1) + move + (qa === qs0 ? '' : fromSpare);
};

const shiftAndLoad =
  (step: typeof advance | typeof advanceBy): Emit =>
  ([qu, as, by, qs0, qs1], context) =>
    address(context, as, 16) +
    fetchWords(context) +
    shiftBySarByte(qs0, qs0, qs1) +
    setFetched(qu) +
    step(context, as, by);

const shiftAndStore: Emit = ([qs0, qs1, as], context) =>
  address(context, as, 16) +
  shiftBySarByte(spareRegister, qs0, qs1) +
  context.storeWords('pie$a', spareWords) +
  advance(context, as, 16);

/** Slides of the pair qs1:qs0 by a constant or a register's low four bits, plus one byte. */
const slides: readonly EmitEntry[] = (
  [
    ['l', ''],
    ['r', '-'],
  ] as const
).flatMap(([direction, sign]): EmitEntry[] => [
  [
    `ee.s${direction}ci.2q`,
    ([qs1, qs0, bytes]) => `pie_slidePair(${offsetOf(qs1)}, ${offsetOf(qs0)}, ${sign}${bytes + 1});`,
  ],
  [
    `ee.s${direction}cxxp.2q`,
    ([qs1, qs0, as, ad], context) =>
      `const pie$t = ${context.ar(as)};` +
      `pie_slidePair(${offsetOf(qs1)}, ${offsetOf(qs0)}, ${sign}((pie$t & 15) + 1));` +
      advanceBy(context, as, ad),
  ],
]);

export const laneInstructions: readonly EmitEntry[] = [
  ...arithmetic,
  ...comparisons,
  ...products,
  ...rectifiers,
  ...[8, 16, 32].flatMap((bits): EmitEntry[] => [
    [`ee.vzip.${bits}`, ([qs0, qs1]) => call(`vzip${bits}`, qs0, qs1)],
    [`ee.vunzip.${bits}`, ([qs0, qs1]) => call(`vunzip${bits}`, qs0, qs1)],
  ]),
  ['ee.andq', bitwise('&')],
  ['ee.orq', bitwise('|')],
  ['ee.xorq', bitwise('^')],
  ['ee.notq', ([qa, qx]) => perWord(qa, (word) => `~${wordsOf(qx)[word]}`)],
  ['mv.qr', copy],
  ['ee.zero.q', ([qa]) => `${wordsOf(qa).join(' = ')} = 0;`],
  ['ee.movi.32.a', ([qs, au, word], context) => `${context.setAr(au, wordsOf(qs)[word])};`],
  ['ee.movi.32.q', ([qu, as, word], context) => `${wordsOf(qu)[word]} = ${context.ar(as)};`],
  ['ee.vsl.32', shiftLanes('<<')],
  ['ee.vsr.32', shiftLanes('>>')],
  ['ee.src.q', ([qa, qs0, qs1]) => shiftBySarByte(qa, qs0, qs1)],
  ['ee.src.q.qup', shiftAndMove],
  ['ee.src.q.ld.ip', shiftAndLoad(advance)],
  ['ee.src.q.ld.xp', shiftAndLoad(advanceBy)],
  ['ee.srcq.128.st.incp', shiftAndStore],
  ...slides,
];
