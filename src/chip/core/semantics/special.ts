/**
 * rsr, wsr, xsr, rur, wur: special and user registers.
 * Sources: Xtensa ISA reference manual, chapter 5; implemented bits from the state widths of the core's description.
 */

import { specialRegisters } from '../../../xtensa/index.ts';
import { emitPie } from '../../pie/index.ts';
import { T } from '../names.ts';
import { SR } from '../state.ts';
import type { EmitContext, Emitter } from './context.ts';

/** What a write does beyond storing. */
interface WriteRule {
  /** Implemented bits. */
  readonly mask?: number;
  /** Sign-extended from this many bits. */
  readonly signedBits?: number;
  /** Statements in place of the store. */
  readonly code?: (value: string, context: EmitContext) => string;
  /** The write may change what the following instructions mean: the region ends here. */
  readonly leave?: boolean;
  readonly readOnly?: boolean;
}

/** Writes that `runtime.ts` carries out. */
const byRuntime: WriteRule = { leave: true };

const epsMask = 0x00070f3f;

const rules: Record<string, WriteRule> = {
  // LBEG and LEND decide where code loops: what was translated after this point may rest on the old ones.
  lbeg: { leave: true },
  lend: { leave: true },
  lcount: { code: (value) => `$lc=${value};`, leave: true },
  sar: { mask: 63 },
  br: { mask: 0xffff },
  acchi: { signedBits: 8 },
  windowbase: byRuntime,
  windowstart: byRuntime,
  mmid: {},
  ibreakenable: byRuntime,
  ibreaka0: {},
  ibreaka1: {},
  dbreakc0: byRuntime,
  dbreakc1: byRuntime,
  dbreaka0: byRuntime,
  dbreaka1: byRuntime,
  icount: byRuntime,
  icountlevel: byRuntime,
  memctl: { mask: 1 },
  atomctl: { mask: 63 },
  configid0: { readOnly: true },
  configid1: { readOnly: true },
  cpenable: byRuntime,
  interrupt: byRuntime,
  intset: byRuntime,
  eraccess: { mask: 0xffff },
  intclear: byRuntime,
  intenable: byRuntime,
  ps: byRuntime,
  vecbase: { mask: ~0x3ff },
  exccause: { mask: 63 },
  debugcause: { readOnly: true },
  ccount: byRuntime,
  ccompare0: byRuntime,
  ccompare1: byRuntime,
  ccompare2: byRuntime,
  prid: { readOnly: true },
  ...Object.fromEntries([2, 3, 4, 5, 6, 7].map((level) => [`eps${level}`, { mask: epsMask }])),
};

const macRegister = (number: number) =>
  number >= SR.m0 && number < SR.m0 + 4 ? `$MR[${number - SR.m0}]` : undefined;

function readSpecial(number: number, context: EmitContext): string {
  if (number === SR.ccount) return `(${T.ccountBase}+${context.cyclesNow})|0`;
  if (number === SR.lcount) return '$lc';
  return macRegister(number) ?? `$SR[${number}]`;
}

function writeSpecial(name: string, number: number, value: string, context: EmitContext): string {
  const rule = rules[name] ?? {};
  if (rule.readOnly) return '';
  if (rule === byRuntime) {
    return `${context.beforeCall}$X.writeSpecial(${number},${value});${context.afterCall}`;
  }
  if (rule.code) return rule.code(value, context);
  const target = macRegister(number) ?? `$SR[${number}]`;
  if (rule.signedBits) return `${target}=(${value}<<${32 - rule.signedBits})>>${32 - rule.signedBits};`;
  return `${target}=${value}${rule.mask === undefined ? '' : `&${rule.mask}`};`;
}

/** True when the region must end after writing this register. */
export function writeEndsRegion(mnemonic: string): boolean {
  const [operation, name] = mnemonic.split('.');
  return (operation === 'wsr' || operation === 'xsr') && rules[name]?.leave === true;
}

const userRegisters: Record<string, Emitter> = {
  'rur.threadptr': ({ arr }) => `${arr}=$TP[0];`,
  'wur.threadptr': ({ art }) => `$TP[0]=${art};`,
  'rur.fcr': ({ arr }) => `${arr}=$FC[0];`,
  // RoundMode and five exception enables; FSR: five flags. The rest is reserved but kept (FPreserved states).
  'wur.fcr': ({ art }) => `$FC[0]=${art};`,
  'rur.fsr': ({ arr }) => `${arr}=$FC[1];`,
  'wur.fsr': ({ art }) => `$FC[1]=${art};`,
};

/** Registers that instructions name and the list of special registers leaves out: intset is INTERRUPT, written. */
const otherNumbers: Readonly<Record<string, number>> = { intset: SR.interrupt, eraccess: SR.eraccess };

/** @returns the emitter of a special or user register instruction, or undefined when `mnemonic` is not one. */
export function specialEmitter(mnemonic: string, operands: readonly number[]): Emitter | undefined {
  const [operation, name] = mnemonic.split('.');
  if (operation === 'rur' || operation === 'wur') {
    if (userRegisters[mnemonic]) return userRegisters[mnemonic];
    return (_, context) => emitPie(mnemonic, operands, context) ?? '';
  }
  const number = name === undefined ? undefined : (specialRegisters.numberOf.get(name) ?? otherNumbers[name]);
  if (number === undefined) return undefined;
  if (operation === 'rsr') return ({ art }, context) => `${art}=${readSpecial(number, context)};`;
  if (operation === 'wsr') return ({ art }, context) => writeSpecial(name, number, art, context);
  if (operation !== 'xsr') return undefined;
  return ({ art }, context) =>
    `{const $old=${readSpecial(number, context)};${writeSpecial(name, number, art, context)}${art}=$old;}`;
}
