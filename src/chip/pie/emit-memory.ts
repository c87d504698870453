/** Loads and stores of Q, F and accumulator registers. */
import {
  address,
  addressAt,
  advance,
  advanceBy,
  type Emit,
  type EmitContext,
  type EmitEntry,
  inForm,
  type LaneType,
  laneForm,
  laneTypes,
  nowInForm,
  offsetOf,
  spareRegister,
  spareWords,
  wordsOf,
} from './context.ts';
import { QaccForm } from './state.ts';

/** Instructions `name.ip` and `name.xp`: `access` gets the operands before `as`, the address being in `pie$a`. */
function withIncrement(
  name: string,
  bytes: number,
  access: (registers: readonly number[], context: EmitContext) => string,
  quiet = false,
): EmitEntry[] {
  const form =
    (step: (context: EmitContext, register: number, operand: number) => string): Emit =>
    (operands, context) => {
      const registers = operands.slice(0, -2);
      const [as, operand] = operands.slice(-2);
      return address(context, as, bytes, quiet) + access(registers, context) + step(context, as, operand);
    };
  return [
    [`${name}.ip`, form(advance)],
    [`${name}.xp`, form(advanceBy)],
  ];
}

const loadQ = ([q]: readonly number[], context: EmitContext) => context.loadWords('pie$a', wordsOf(q));
const storeQ = ([q]: readonly number[], context: EmitContext) => context.storeWords('pie$a', wordsOf(q));

/** One element for all lanes. */
const broadcasts: Record<8 | 16 | 32, (context: EmitContext) => string> = {
  8: (context) => `const pie$v = Math.imul(${context.load8('pie$a')}, 0x01010101);`,
  16: (context) => `const pie$v = Math.imul(${context.load16('pie$a')}, 0x00010001);`,
  32: (context) => `let pie$v;${context.loadWords('pie$a', ['pie$v'])}`,
};

export const fillQ = (q: number): string => `${wordsOf(q).join(' = ')} = pie$v;`;

function broadcastInstructions(bits: 8 | 16 | 32): EmitEntry[] {
  const name = `ee.vldbc.${bits}`;
  const load = ([q]: readonly number[], context: EmitContext) => broadcasts[bits](context) + fillQ(q);
  const plain: Emit = ([q, as], context) => address(context, as, bits / 8) + load([q], context);
  return [[name, plain], ...withIncrement(name, bits / 8, load)];
}

/** Eight halfwords, each doubled: the lower four to qu, the upper four to qu1. */
const loadHalvesDoubled: Emit = ([qu, qu1, as], context) => {
  const targets = ['pie$0', 'pie$1', 'pie$2', 'pie$3'];
  const doubled = targets.flatMap((word) => [
    `Math.imul(${word} & 0xffff, 0x00010001)`,
    `Math.imul(${word} >>> 16, 0x00010001)`,
  ]);
  const assign = [...wordsOf(qu), ...wordsOf(qu1)].map((word, i) => `${word} = ${doubled[i]};`).join('');
  return (
    address(context, as, 16) +
    `let ${targets.join(', ')};` +
    context.loadWords('pie$a', targets) +
    assign +
    advance(context, as, 16)
  );
};

/** Register lists of F loads and stores are written highest first; the first word belongs to the last one. */
const loadF = (registers: readonly number[], context: EmitContext) => {
  const order = [...registers].reverse();
  const targets = order.map((_, i) => `pie$${i}`);
  return (
    `let ${targets.join(', ')};` +
    context.loadWords('pie$a', targets) +
    order.map((f, i) => `${context.setFr(f, targets[i])};`).join('')
  );
};

const storeF = (registers: readonly number[], context: EmitContext) =>
  context.storeWords(
    'pie$a',
    [...registers].reverse().map((f) => context.fr(f)),
  );

/** A load or store of words of QACC, which must be in raw form for it. */
function qaccAccess(half: 'l' | 'h', part: 'l.128' | 'h.32'): EmitEntry[] {
  const first = half === 'l' ? 0 : 5;
  const bytes = part === 'l.128' ? 16 : 4;
  const words = (part === 'l.128' ? [0, 1, 2, 3] : [4]).map((i) => `pie_qaccWords[${first + i}]`);
  const emit =
    (access: (context: EmitContext) => string): Emit =>
    ([as, step], context) =>
      `${inForm(QaccForm.raw, context)}${address(context, as, bytes)}${access(context)}${advance(context, as, step)}`;
  return [
    [`ee.ld.qacc_${half}.${part}.ip`, emit((context) => context.loadWords('pie$a', words))],
    [`ee.st.qacc_${half}.${part}.ip`, emit((context) => context.storeWords('pie$a', words))],
  ];
}

/** QACC lanes from the lanes of a 128-bit word, through the spare register. */
const ldqa = (type: LaneType): EmitEntry[] =>
  withIncrement(
    `ee.ldqa.${type}.128`,
    16,
    (_, context) =>
      `${context.loadWords('pie$a', spareWords)}pie_moveQacc_${type}(${offsetOf(spareRegister)});${nowInForm(laneForm[type], context)}`,
  );

const loadAccx: Emit = ([as, step], context) =>
  `${address(context, as, 8)}let pie$0, pie$1;${context.loadWords('pie$a', ['pie$0', 'pie$1'])}` +
  `pie_accx[0] = pie$0; pie_accx[1] = pie$1 << 24 >> 24;${advance(context, as, step)}`;

const storeAccx: Emit = ([as, step], context) =>
  address(context, as, 8) +
  context.storeWords('pie$a', ['pie_accx[0]', 'pie_accx[1] & 255']) +
  advance(context, as, step);

const uaWords = [0, 1, 2, 3].map((i) => `pie_ua[${i}]`);

const loadUa: Emit = ([as, step], context) =>
  address(context, as, 16) + context.loadWords('pie$a', uaWords) + advance(context, as, step);

const storeUa: Emit = ([as, step], context) =>
  address(context, as, 16) + context.storeWords('pie$a', uaWords) + advance(context, as, step);

/** One word at as + 4 * (a signed halfword of qs). */
const indexed = (as: number, qs: number, lane: number, context: EmitContext): string =>
  addressAt(context, `${context.ar(as)} + 4 * pie_q16[${8 * qs + lane}] | 0`, 4);

const loadIndexed: Emit = ([qu, qs, as, word, lane], context) =>
  indexed(as, qs, lane, context) + context.loadWords('pie$a', [wordsOf(qu)[word]]);

const storeIndexed: Emit = ([qv, qs, as, word, lane], context) =>
  indexed(as, qs, lane, context) + context.storeWords('pie$a', [wordsOf(qv)[word]]);

const setSarByte = 'pie_control[1] = pie$t & 15;';

export const memoryInstructions: readonly EmitEntry[] = [
  ...withIncrement('ee.vld.128', 16, loadQ),
  ...withIncrement('ee.vst.128', 16, storeQ),
  ...withIncrement(
    'ee.ld.128.usar',
    16,
    (registers, context) => loadQ(registers, context) + setSarByte,
    true,
  ),
  ...withIncrement('ee.vld.h.64', 8, ([q], context) => context.loadWords('pie$a', wordsOf(q).slice(2))),
  ...withIncrement('ee.vld.l.64', 8, ([q], context) => context.loadWords('pie$a', wordsOf(q).slice(0, 2))),
  ...withIncrement('ee.vst.h.64', 8, ([q], context) => context.storeWords('pie$a', wordsOf(q).slice(2))),
  ...withIncrement('ee.vst.l.64', 8, ([q], context) => context.storeWords('pie$a', wordsOf(q).slice(0, 2))),
  ...broadcastInstructions(8),
  ...broadcastInstructions(16),
  ...broadcastInstructions(32),
  ['ee.vldhbc.16.incp', loadHalvesDoubled],
  ...withIncrement('ee.ldf.128', 16, loadF),
  ...withIncrement('ee.ldf.64', 8, loadF),
  ...withIncrement('ee.stf.128', 16, storeF),
  ...withIncrement('ee.stf.64', 8, storeF),
  ...laneTypes.flatMap(ldqa),
  ...qaccAccess('l', 'l.128'),
  ...qaccAccess('l', 'h.32'),
  ...qaccAccess('h', 'l.128'),
  ...qaccAccess('h', 'h.32'),
  ['ee.ld.accx.ip', loadAccx],
  ['ee.st.accx.ip', storeAccx],
  ['ee.ld.ua_state.ip', loadUa],
  ['ee.st.ua_state.ip', storeUa],
  ['ee.ldxq.32', loadIndexed],
  ['ee.stxq.32', storeIndexed],
  ['ld.qr', ([q, as, offset], context) => quadAt(as, offset, context) + loadQ([q], context)],
  ['st.qr', ([q, as, offset], context) => quadAt(as, offset, context) + storeQ([q], context)],
];

function quadAt(as: number, offset: number, context: EmitContext): string {
  return addressAt(context, `${context.ar(as)} + ${offset} | 0`, 16);
}
