/**
 * Loads and stores of address and floating-point registers.
 * Source: Xtensa ISA reference manual, chapter 6. Plain scalar accesses may be unaligned (XCHAL_UNALIGNED_*_HW = 1).
 */
import { CAUSE } from '../../bus/index.ts';
import type { EmitContext, Emitter } from './context.ts';

const sum = (base: string, offset: string) => (offset === '0' ? base : `(${base}+${offset})|0`);

const load =
  (offset: string, bytes: 1 | 2 | 4, signed = false): Emitter =>
  (operands, context) =>
    context.load(operands.art, sum(operands.ars, operands[offset]), bytes, signed);

const store =
  (offset: string, bytes: 1 | 2 | 4): Emitter =>
  (operands, context) =>
    context.store(sum(operands.ars, operands[offset]), bytes, operands.art);

/** Acquire, release and conditional accesses insist on alignment. */
const aligned = (context: EmitContext, address: string) =>
  `$u=${address};if(($u&3)!==0){${context.beforeCall}$X.fault(${CAUSE.alignment},$u,${context.pc | 0});}`;

/** `ars + offset` is the address; the update forms write it back or add the step after the access. */
type Indexing = 'offset' | 'postincrement';
const floatAccess =
  (direction: 'load' | 'store', register: string, step: string, indexing: Indexing): Emitter =>
  (operands, context) => {
    const word = `$FI[${operands[register]}]`;
    const address = indexing === 'offset' ? sum(operands.ars, operands[step]) : operands.ars;
    const access = direction === 'load' ? context.load(word, address, 4) : context.store(address, 4, word);
    const update = indexing === 'offset' ? '' : `${operands.ars}=(${operands.ars}+${operands[step]})|0;`;
    return access + update;
  };

export const memoryEmitters: Record<string, Emitter> = {
  l8ui: load('uimm8', 1),
  l16ui: load('uimm8x2', 2),
  l16si: load('uimm8x2', 2, true),
  l32i: load('uimm8x4', 4),
  'l32i.n': load('lsi4x4', 4),
  l32e: load('immrx4', 4),
  s8i: store('uimm8', 1),
  s16i: store('uimm8x2', 2),
  s32i: store('uimm8x4', 4),
  's32i.n': store('lsi4x4', 4),
  s32nb: store('uimmrx4', 4),
  s32e: store('immrx4', 4),
  l32r: ({ art, uimm16x4 }, context) => context.load(art, `${Number(uimm16x4) | 0}`, 4),
  l32ai: ({ art, ars, uimm8x4 }, context) => aligned(context, sum(ars, uimm8x4)) + context.load(art, '$u', 4),
  s32ri: ({ art, ars, uimm8x4 }, context) =>
    aligned(context, sum(ars, uimm8x4)) + context.store('$u', 4, art),
  s32c1i: ({ art, ars, uimm8x4 }, context) =>
    aligned(context, sum(ars, uimm8x4)) +
    `${context.beforeCall}${art}=$X.compareAndStore($u,${art},${context.pc | 0});${context.afterCall}`,

  lsi: floatAccess('load', 'frt', 'imm8x4', 'offset'),
  lsip: floatAccess('load', 'frt', 'imm8x4', 'postincrement'),
  lsx: floatAccess('load', 'frr', 'art', 'offset'),
  lsxp: floatAccess('load', 'frr', 'art', 'postincrement'),
  ssi: floatAccess('store', 'frt', 'imm8x4', 'offset'),
  ssip: floatAccess('store', 'frt', 'imm8x4', 'postincrement'),
  ssx: floatAccess('store', 'frr', 'art', 'offset'),
  ssxp: floatAccess('store', 'frr', 'art', 'postincrement'),
};
