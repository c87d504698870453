/**
 * Integer arithmetic, shifts, moves, multiplies, MAC16 and booleans.
 * Source: Xtensa ISA reference manual, chapter 6; the bit patterns are in the instruction table.
 */
import { CAUSE } from '../../bus/index.ts';
import { S } from '../names.ts';
import type { Emitter, Texts } from './context.ts';

const binary =
  (expression: (s: string, t: string) => string): Emitter =>
  ({ arr, ars, art }) =>
    `${arr}=${expression(ars, art)};`;

const conditionalMove =
  (condition: (t: string) => string): Emitter =>
  ({ arr, ars, art }) =>
    `if(${condition(art)}){${arr}=${ars};}`;

const scaled = (shift: number, operator: '+' | '-') =>
  binary((s, t) => `((${s}<<${shift})${operator}${t})|0`);

const unsigned = (register: string) => `(${register}>>>0)`;

/** A boolean register as 0 or 1. */
const bit = (number: string) => `((${S.br}>>>${number})&1)`;
/** Sets boolean register `number` to an expression that is 0 or 1. */
export const setBit = (number: string, value: string) =>
  `${S.br}=(${S.br}&${~(1 << Number(number))})|((${value})<<${number});`;

const booleanLogic =
  (expression: (s: string, t: string) => string): Emitter =>
  ({ br, bs, bt }) =>
    setBit(br, expression(bit(bs), bit(bt)));

/** Reduction of `count` booleans from `first` on: any (nonzero) or all. */
const reduction =
  (source: 'bs4' | 'bs8', count: number, all: boolean): Emitter =>
  (operands) => {
    const mask = (1 << count) - 1;
    const group = `((${S.br}>>>${operands[source]})&${mask})`;
    return setBit(operands.bt, all ? `${group}===${mask}?1:0` : `${group}!==0?1:0`);
  };

const integer: Record<string, Emitter> = {
  add: binary((s, t) => `(${s}+${t})|0`),
  sub: binary((s, t) => `(${s}-${t})|0`),
  addx2: scaled(1, '+'),
  addx4: scaled(2, '+'),
  addx8: scaled(3, '+'),
  subx2: scaled(1, '-'),
  subx4: scaled(2, '-'),
  subx8: scaled(3, '-'),
  and: binary((s, t) => `${s}&${t}`),
  or: binary((s, t) => `${s}|${t}`),
  xor: binary((s, t) => `${s}^${t}`),
  'add.n': binary((s, t) => `(${s}+${t})|0`),
  'addi.n': ({ arr, ars, ai4const }) => `${arr}=(${ars}+${ai4const})|0;`,
  addi: ({ art, ars, simm8 }) => `${art}=(${ars}+${simm8})|0;`,
  addmi: ({ art, ars, simm8x256 }) => `${art}=(${ars}+${simm8x256})|0;`,
  'mov.n': ({ art, ars }) => `${art}=${ars};`,
  'movi.n': ({ ars, simm7 }) => `${ars}=${simm7};`,
  movi: ({ art, simm12b }) => `${art}=${simm12b};`,
  neg: ({ arr, art }) => `${arr}=(-${art})|0;`,
  abs: ({ arr, art }) => `${arr}=${art}<0?(-${art})|0:${art};`,
  moveqz: conditionalMove((t) => `${t}===0`),
  movnez: conditionalMove((t) => `${t}!==0`),
  movltz: conditionalMove((t) => `${t}<0`),
  movgez: conditionalMove((t) => `${t}>=0`),
  movf: ({ arr, ars, bt }) => `if(${bit(bt)}===0){${arr}=${ars};}`,
  movt: ({ arr, ars, bt }) => `if(${bit(bt)}!==0){${arr}=${ars};}`,
  extui: ({ arr, art, sae, op2p1 }) => `${arr}=(${art}>>>${sae})&${2 ** Number(op2p1) - 1};`,
  sext: ({ arr, ars, tp7 }) => `${arr}=(${ars}<<${31 - Number(tp7)})>>${31 - Number(tp7)};`,
  clamps: ({ arr, ars, tp7 }) => {
    const limit = 2 ** Number(tp7);
    return `${arr}=${ars}<${-limit}?${-limit}:${ars}>${limit - 1}?${limit - 1}:${ars};`;
  },
  min: binary((s, t) => `${s}<${t}?${s}:${t}`),
  max: binary((s, t) => `${s}>${t}?${s}:${t}`),
  minu: binary((s, t) => `${unsigned(s)}<${unsigned(t)}?${s}:${t}`),
  maxu: binary((s, t) => `${unsigned(s)}>${unsigned(t)}?${s}:${t}`),
  salt: binary((s, t) => `${s}<${t}?1:0`),
  saltu: binary((s, t) => `${unsigned(s)}<${unsigned(t)}?1:0`),
  // Number of sign bits beyond the first; of leading zeros.
  nsa: ({ art, ars }) => `${art}=(Math.clz32(${ars}^(${ars}>>31))-1)|0;`,
  nsau: ({ art, ars }) => `${art}=Math.clz32(${ars});`,
  nop: () => '',
  'nop.n': () => '',
};

/** Shifts take 6 bits of SAR from the 64-bit concatenation of their sources. */
const shifts: Record<string, Emitter> = {
  ssr: ({ ars }) => `${S.sar}=${ars}&31;`,
  ssl: ({ ars }) => `${S.sar}=32-(${ars}&31);`,
  ssa8l: ({ ars }) => `${S.sar}=(${ars}&3)<<3;`,
  ssa8b: ({ ars }) => `${S.sar}=32-((${ars}&3)<<3);`,
  ssai: ({ sas }) => `${S.sar}=${sas};`,
  slli: ({ arr, ars, msalp32 }) => `${arr}=${msalp32 === '32' ? '0' : `${ars}<<${msalp32}`};`,
  srai: ({ arr, art, sargt }) => `${arr}=${art}>>${sargt};`,
  srli: ({ arr, art, s }) => `${arr}=(${art}>>>${s})|0;`,
  sll: ({ arr, ars }, { sar }) =>
    `$t=${sar};${arr}=$t>32?(${ars}>>>($t-32))|0:$t===0?0:$t===32?${ars}:${ars}<<(32-$t);`,
  srl: ({ arr, art }, { sar }) => `$t=${sar};${arr}=$t>31?0:(${art}>>>$t)|0;`,
  sra: ({ arr, art }, { sar }) => `$t=${sar};${arr}=$t>31?${art}>>31:${art}>>$t;`,
  src: ({ arr, ars, art }, { sar }) =>
    `$t=${sar};${arr}=$t>31?(${ars}>>>($t-32))|0:$t===0?${art}:(${ars}<<(32-$t))|(${art}>>>$t);`,
};

const multiplies: Record<string, Emitter> = {
  mull: binary((s, t) => `Math.imul(${s},${t})`),
  mul16u: binary((s, t) => `Math.imul(${s}&65535,${t}&65535)`),
  mul16s: binary((s, t) => `Math.imul((${s}<<16)>>16,(${t}<<16)>>16)`),
  muluh: ({ arr, ars, art }) => `${arr}=$X.highUnsigned(${ars},${art});`,
  mulsh: ({ arr, ars, art }) => `${arr}=$X.highSigned(${ars},${art});`,
};

/** Half `h` (high) or `l` (low) of a register, sign-extended (zero-extended for umul). */
const half = (value: string, which: string, signed: boolean) =>
  which === 'h'
    ? signed
      ? `${value}>>16`
      : `${value}>>>16`
    : signed
      ? `(${value}<<16)>>16`
      : `${value}&65535`;

/** mul/mula/muls.{aa,ad,da,dd}.{ll,hl,lh,hh}: the 40-bit accumulator is ACCHI:ACCLO. */
function mac16(name: string): Emitter | undefined {
  const match = /^(umul|mul|mula|muls)\.([ad])([ad])\.([hl])([hl])(\.ldinc|\.lddec)?$/.exec(name);
  if (!match) return undefined;
  const [, operation, first, second, firstHalf, secondHalf, load] = match;
  const signed = operation !== 'umul';
  const product = (operands: Texts) => {
    const x = first === 'a' ? operands.ars : `$MR[${operands.mx}]`;
    const y = second === 'a' ? operands.art : `$MR[${operands.my}]`;
    return `Math.imul(${half(x, firstHalf, signed)},${half(y, secondHalf, signed)})`;
  };
  const accumulate: Emitter = (operands) => {
    if (!signed) return `${S.acclo}=${product(operands)};${S.acchi}=0;`;
    if (operation === 'mul') return `$t=${product(operands)};${S.acclo}=$t;${S.acchi}=$t>>31;`;
    return `$X.accumulate(${product(operands)},${operation === 'mula' ? 1 : -1});`;
  };
  if (!load) return accumulate;
  return (operands, context) => {
    const { ars, mw } = operands;
    const step = load === '.ldinc' ? 4 : -4;
    // The load may raise an exception and its target may be a factor: it goes first, the register last.
    return `$u=(${ars}+${step})|0;${context.load('$v', '$u', 4)}${accumulate(operands, context)}${ars}=$u;$MR[${mw}]=$v;`;
  };
}

const macLoads: Record<string, Emitter> = {
  ldinc: ({ mw, ars }, context) => `$u=(${ars}+4)|0;${context.load(`$MR[${mw}]`, '$u', 4)}${ars}=$u;`,
  lddec: ({ mw, ars }, context) => `$u=(${ars}-4)|0;${context.load(`$MR[${mw}]`, '$u', 4)}${ars}=$u;`,
};

const booleans: Record<string, Emitter> = {
  andb: booleanLogic((s, t) => `${s}&${t}`),
  andbc: booleanLogic((s, t) => `${s}&(${t}^1)`),
  orb: booleanLogic((s, t) => `${s}|${t}`),
  orbc: booleanLogic((s, t) => `${s}|(${t}^1)`),
  xorb: booleanLogic((s, t) => `${s}^${t}`),
  any4: reduction('bs4', 4, false),
  all4: reduction('bs4', 4, true),
  any8: reduction('bs8', 8, false),
  all8: reduction('bs8', 8, true),
};

/** quou, quos, remu, rems: the divider needs a cycle for two quotient bits (timing.ts), so `$c` grows as it runs. */
const divide =
  (signed: boolean, remainder: boolean): Emitter =>
  ({ arr, ars, art }, context) => {
    const [s, t] = signed ? [ars, art] : [unsigned(ars), unsigned(art)];
    const result = remainder ? `(${s}%${t})|0` : '$v';
    return (
      `if(${art}===0){${context.raise(CAUSE.divideByZero)}}` +
      `$v=(${s}/${t})|0;$c=($c+$X.divideStall($v,${signed ? 1 : 0}))|0;${arr}=${result};`
    );
  };

const divides: Record<string, Emitter> = {
  quos: divide(true, false),
  quou: divide(false, false),
  rems: divide(true, true),
  remu: divide(false, true),
};

export function integerEmitter(name: string): Emitter | undefined {
  return (
    integer[name] ??
    shifts[name] ??
    multiplies[name] ??
    booleans[name] ??
    divides[name] ??
    macLoads[name] ??
    mac16(name)
  );
}
