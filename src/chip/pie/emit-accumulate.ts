/** Multiply-accumulate into ACCX and QACC with their fused loads, and the instructions that read the accumulators. */
import {
  address,
  advance,
  advanceBy,
  type Emit,
  type EmitContext,
  type EmitEntry,
  fetchWords,
  inForm,
  type LaneType,
  laneForm,
  laneTypes,
  nowInForm,
  offsetOf,
  setFetched,
} from './context.ts';
import { shiftBySarByte } from './emit-lanes.ts';
import { fillQ } from './emit-memory.ts';
import { QaccForm } from './state.ts';

type Target = 'accx' | 'qacc';

const multiply = (target: Target, type: LaneType, qx: number, qy: number, context: EmitContext): string =>
  prepare(target, type, context) + `pie_${target}_${type}(${offsetOf(qx)}, ${offsetOf(qy)});`;

const prepare = (target: Target, type: LaneType, context: EmitContext): string =>
  target === 'qacc' ? inForm(laneForm[type], context) : '';

/**
 * Operands of the fused forms: qu, as, (immediate or ad), qx, qy, and with .qup also qs0, qs1. Sources are read first:
 * the product, then the byte shift of qs1:qs0 into qs0, then qu gets what was loaded.
 */
const withLoad =
  (target: Target, type: LaneType, step: typeof advance | typeof advanceBy): Emit =>
  ([qu, as, by, qx, qy, qs0, qs1], context) =>
    address(context, as, 16) +
    fetchWords(context) +
    multiply(target, type, qx, qy, context) +
    (qs0 === undefined ? '' : shiftBySarByte(qs0, qs0, qs1)) +
    setFetched(qu) +
    step(context, as, by);

/** The same with one element loaded into all lanes of qu. */
const withBroadcast =
  (type: LaneType): Emit =>
  ([qu, as, qx, qy, qs0, qs1], context) =>
    address(context, as, elementBytes(type)) +
    element(type, context) +
    multiply('qacc', type, qx, qy, context) +
    (qs0 === undefined ? '' : shiftBySarByte(qs0, qs0, qs1)) +
    fillQ(qu) +
    advance(context, as, elementBytes(type));

const elementBytes = (type: LaneType): 1 | 2 => (type === 's8' || type === 'u8' ? 1 : 2);

const element = (type: LaneType, context: EmitContext): string =>
  elementBytes(type) === 1
    ? `const pie$v = Math.imul(${context.load8('pie$a')}, 0x01010101);`
    : `const pie$v = Math.imul(${context.load16('pie$a')}, 0x00010001);`;

const products: readonly EmitEntry[] = laneTypes.flatMap((type): EmitEntry[] => [
  ...(['accx', 'qacc'] as const).flatMap((target): EmitEntry[] => {
    const name = `ee.vmulas.${type}.${target}`;
    return [
      [name, ([qx, qy], context) => multiply(target, type, qx, qy, context)],
      ...['', '.qup'].flatMap((update): EmitEntry[] => [
        [`${name}.ld.ip${update}`, withLoad(target, type, advance)],
        [`${name}.ld.xp${update}`, withLoad(target, type, advanceBy)],
      ]),
    ];
  }),
  [`ee.vmulas.${type}.qacc.ldbc.incp`, withBroadcast(type)],
  [`ee.vmulas.${type}.qacc.ldbc.incp.qup`, withBroadcast(type)],
  [
    `ee.mov.${type}.qacc`,
    ([qs], context) => `pie_moveQacc_${type}(${offsetOf(qs)});${nowInForm(laneForm[type], context)}`,
  ],
]);

/** All lanes of qx times one lane of qy. */
const scalarProducts: readonly EmitEntry[] = (['s8', 's16'] as const).flatMap((type): EmitEntry[] => {
  const call = (qx: number, qy: number, lane: number, context: EmitContext) =>
    inForm(laneForm[type], context) +
    `pie_qaccBroadcast_${type}(${offsetOf(qx)}, ${offsetOf(qy) + lane * elementBytes(type)});`;
  return [
    [`ee.vsmulas.${type}.qacc`, ([qx, qy, lane], context) => call(qx, qy, lane, context)],
    [
      `ee.vsmulas.${type}.qacc.ld.incp`,
      ([qu, as, qx, qy, lane], context) =>
        address(context, as, 16) +
        fetchWords(context) +
        call(qx, qy, lane, context) +
        setFetched(qu) +
        advance(context, as, 16),
    ],
  ];
});

const readLanes = (type: 's8' | 's16', mask: number): EmitEntry => [
  `ee.srcmb.${type}.qacc`,
  ([qu, as], context) =>
    `${inForm(laneForm[type], context)}pie_srcmb_${type}(${offsetOf(qu)}, ${context.ar(as)} & ${mask});`,
];

const readAccx: Emit = ([au, as], context) =>
  `const pie$v = pie_shiftAccx(${context.ar(as)} & 63);${context.setAr(au, 'pie$v')};`;

export const accumulateInstructions: readonly EmitEntry[] = [
  ...products,
  ...scalarProducts,
  readLanes('s8', 31),
  readLanes('s16', 63),
  ['ee.srs.accx', readAccx],
  ['ee.zero.accx', () => 'pie_zeroAccx();'],
  ['ee.zero.qacc', (_, context) => `pie_zeroQacc();${nowInForm(QaccForm.zero, context)}`],
];
