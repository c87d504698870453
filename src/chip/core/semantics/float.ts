/**
 * Floating-point instructions that touch address or boolean registers, and moves (by bits: a NaN keeps its payload).
 * Arithmetic is chip/fpu's.
 */

import { emitFpu } from '../../fpu/index.ts';
import { S } from '../names.ts';
import type { Emitter } from './context.ts';
import { setBit } from './integer.ts';

const conditionalMove =
  (condition: (t: string) => string): Emitter =>
  ({ frr, frs, art }) =>
    `if(${condition(art)}){$FI[${frr}]=$FI[${frs}];}`;

const booleanMove =
  (value: 0 | 1): Emitter =>
  ({ frr, frs, bt }) =>
    `if(((${S.br}>>>${bt})&1)===${value}){$FI[${frr}]=$FI[${frs}];}`;

const toInteger =
  (name: string): Emitter =>
  ({ arr, frs, imm_t }) =>
    `${arr}=$F.${name}(${frs},${imm_t})|0;`;

const fromInteger =
  (name: string): Emitter =>
  ({ frr, ars, imm_t }) =>
    `$F.${name}(${frr},${ars},${imm_t});`;

/** Of up to 25 bits nothing is lost. */
const fromSmallInteger: Emitter = (operands, context) => {
  const { frr, ars, imm_t } = operands;
  const scale = 2 ** -Number(imm_t);
  const value = scale === 1 ? '$t' : `$t*${scale}`;
  return `$t=${ars};if((($t+16777216)>>>0)<=33554432){fpu_f[${frr}]=${value};}else{${fromInteger('float')(operands, context)}}`;
};

const compare =
  (name: string): Emitter =>
  ({ br, frs, frt }) =>
    setBit(br, `$F.${name}(${frs},${frt})?1:0`);

const floats: Record<string, Emitter> = {
  'mov.s': ({ frr, frs }) => `$FI[${frr}]=$FI[${frs}];`,
  'abs.s': ({ frr, frs }) => `$FI[${frr}]=$FI[${frs}]&0x7fffffff;`,
  'neg.s': ({ frr, frs }) => `$FI[${frr}]=$FI[${frs}]^0x80000000;`,
  wfr: ({ frr, ars }) => `$FI[${frr}]=${ars};`,
  rfr: ({ arr, frs }) => `${arr}=$FI[${frs}];`,
  'moveqz.s': conditionalMove((t) => `${t}===0`),
  'movnez.s': conditionalMove((t) => `${t}!==0`),
  'movltz.s': conditionalMove((t) => `${t}<0`),
  'movgez.s': conditionalMove((t) => `${t}>=0`),
  'movf.s': booleanMove(0),
  'movt.s': booleanMove(1),
  'round.s': toInteger('round'),
  'ceil.s': toInteger('ceil'),
  'floor.s': toInteger('floor'),
  'trunc.s': toInteger('trunc'),
  'utrunc.s': toInteger('utrunc'),
  'float.s': fromSmallInteger,
  'ufloat.s': fromInteger('ufloat'),
  'un.s': compare('un'),
  'ueq.s': compare('ueq'),
  'ult.s': compare('ult'),
  'ule.s': compare('ule'),
  'oeq.s': compare('oeq'),
  'olt.s': compare('olt'),
  'ole.s': compare('ole'),
};

/** @returns the emitter of a floating-point instruction, or undefined when `name` is not one. */
export function floatEmitter(name: string, operands: readonly number[]): Emitter | undefined {
  const own = floats[name];
  if (own) return own;
  const text = emitFpu(name, operands);
  return text === undefined ? undefined : () => text;
}
