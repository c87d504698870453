/**
 * Instructions that end a block: branches, jumps, calls, returns, loops, exceptions, processor control.
 * Source: Xtensa ISA reference manual, chapter 6; windows: section 4.7.1.
 */
import { CAUSE } from '../../bus/index.ts';
import { DEBUG_REASON } from '../debug.ts';
import { S } from '../names.ts';
import { PS } from '../state.ts';
import type { EmitContext, Ending, EndingEmitter, Texts } from './context.ts';

const unsigned = (text: string) => `(${text}>>>0)`;

type Condition = (operands: Texts) => string;

const registers =
  (condition: (s: string, t: string) => string): Condition =>
  ({ ars, art }) =>
    condition(ars, art);

const immediate =
  (operand: string, condition: (s: string, value: string) => string): Condition =>
  (operands) =>
    condition(operands.ars, operands[operand]);

const zero =
  (operator: string): Condition =>
  ({ ars }) =>
    `${ars}${operator}0`;

const conditions: Record<string, Condition> = {
  beq: registers((s, t) => `${s}===${t}`),
  bne: registers((s, t) => `${s}!==${t}`),
  bge: registers((s, t) => `${s}>=${t}`),
  blt: registers((s, t) => `${s}<${t}`),
  bgeu: registers((s, t) => `${unsigned(s)}>=${unsigned(t)}`),
  bltu: registers((s, t) => `${unsigned(s)}<${unsigned(t)}`),
  bany: registers((s, t) => `(${s}&${t})!==0`),
  bnone: registers((s, t) => `(${s}&${t})===0`),
  ball: registers((s, t) => `(${s}&${t})===${t}`),
  bnall: registers((s, t) => `(${s}&${t})!==${t}`),
  bbc: registers((s, t) => `((${s}>>>${t})&1)===0`),
  bbs: registers((s, t) => `((${s}>>>${t})&1)!==0`),
  beqi: immediate('b4const', (s, value) => `${s}===${value}`),
  bnei: immediate('b4const', (s, value) => `${s}!==${value}`),
  bgei: immediate('b4const', (s, value) => `${s}>=${value}`),
  blti: immediate('b4const', (s, value) => `${s}<${value}`),
  bgeui: immediate('b4constu', (s, value) => `${unsigned(s)}>=${value}`),
  bltui: immediate('b4constu', (s, value) => `${unsigned(s)}<${value}`),
  bbci: immediate('bbi', (s, bit) => `(${s}&${1 << Number(bit)})===0`),
  bbsi: immediate('bbi', (s, bit) => `(${s}&${1 << Number(bit)})!==0`),
  beqz: zero('==='),
  bnez: zero('!=='),
  bgez: zero('>='),
  bltz: zero('<'),
  'beqz.n': zero('==='),
  'bnez.n': zero('!=='),
  bf: ({ bs }) => `((${S.br}>>>${bs})&1)===0`,
  bt: ({ bs }) => `((${S.br}>>>${bs})&1)!==0`,
};

const leave = (code: string, target: string, taken: boolean): Ending => ({
  kind: 'leave',
  code,
  target,
  taken,
});
const raise =
  (cause: number): EndingEmitter =>
  (_, { pc }) =>
    leave('', `$X.raise(${cause},${pc | 0})`, false);
/** Carries on behind the instruction, in a region of its own: what it changed decides how that is translated. */
const onward = (code: string, { next }: EmitContext) => leave(code, `${next | 0}`, false);

const call = (index: 0 | 1 | 2 | 3, indirect: boolean): EndingEmitter => {
  return (operands, { next }) => {
    const target = indirect ? operands.ars : `${Number(operands.soffsetx4) | 0}`;
    const link =
      index === 0
        ? `$a0=${next | 0};`
        : `$a${4 * index}=${(index << 30) | (next & 0x3fffffff)};${S.ps}=(${S.ps}&${~PS.callinc})|${index << PS.callincShift};`;
    // The target register may be the link register.
    return leave(`$t=${target};${link}`, '$t', true);
  };
};

const returnCall0: EndingEmitter = () => leave('', '$a0', true);
const returnWindowed: EndingEmitter = (_, { pc }) => leave('', `$X.windowedReturn($a0,${pc | 0})`, true);

/** Statements that start a hardware loop of `count` iterations; LCOUNT = iterations left after the current one. */
const beginLoop = (count: string, next: number, end: number) =>
  `$lc=(${count}-1)|0;${S.lbeg}=${next | 0};${S.lend}=${end | 0};`;

const loop =
  (skip: ((count: string) => string) | undefined): EndingEmitter =>
  (operands, { next }) => {
    const end = Number(operands.ulabel8);
    return {
      kind: 'loop',
      code: beginLoop(operands.ars, next, end),
      skip: skip?.(operands.ars),
      end,
    };
  };

const endings: Record<string, EndingEmitter> = {
  j: (operands) => ({ kind: 'jump', target: Number(operands.soffset) }),
  jx: ({ ars }) => leave('', ars, true),
  call0: call(0, false),
  call4: call(1, false),
  call8: call(2, false),
  call12: call(3, false),
  callx0: call(0, true),
  callx4: call(1, true),
  callx8: call(2, true),
  callx12: call(3, true),
  ret: returnCall0,
  'ret.n': returnCall0,
  retw: returnWindowed,
  'retw.n': returnWindowed,
  entry: (operands, { pc, next }) =>
    leave('', `$X.entry(${operands.ars.slice(2)},${operands.uimm12x8},${pc | 0},${next | 0})`, false),
  rotw: (operands, context) => onward(`$X.rotateWindow(${operands.simm4});`, context),
  movsp: ({ art, ars }, context) =>
    leave(
      `$t=$X.moveStackPointer(${context.pc | 0},${context.next | 0});if($t===${context.next | 0}){${art}=${ars};}`,
      '$t',
      false,
    ),
  rfwo: () => leave('', '$X.returnFromWindow(1)', true),
  rfwu: () => leave('', '$X.returnFromWindow(0)', true),

  loop: loop(undefined),
  loopnez: loop((count) => `${count}===0`),
  loopgtz: loop((count) => `${count}<=0`),

  ill: raise(CAUSE.illegal),
  'ill.n': raise(CAUSE.illegal),
  syscall: raise(CAUSE.syscall),
  simcall: (_, { pc, next }) => leave('', `$X.simcall(${pc | 0},${next | 0})`, false),
  break: (_, { pc, next }) => leave('', `$X.breakpoint(${DEBUG_REASON.break},${pc | 0},${next | 0})`, false),
  'break.n': (_, { pc, next }) =>
    leave('', `$X.breakpoint(${DEBUG_REASON.breakNarrow},${pc | 0},${next | 0})`, false),
  rfe: () => leave('', '$X.returnFromException()', true),
  rfde: () => leave('', S.depc, true),
  rfi: (operands) => leave('', `$X.returnFromInterrupt(${operands.s})`, true),
  rsil: ({ art, s }, context) => onward(`$t=${S.ps};$X.setInterruptLevel(${s});${art}=$t;`, context),
  waiti: ({ s }, context) => onward(`$X.wait(${s});`, context),
  isync: (_, context) => onward('', context),
};

/** Processor control that changes nothing which translated code depends on. */
export const plainControl: Readonly<Record<string, true>> = {
  rsync: true,
  esync: true,
  dsync: true,
  extw: true,
  excw: true,
};

/** How `name` ends a block, or undefined when execution simply runs on. */
export function endingEmitter(name: string): EndingEmitter | undefined {
  const condition = conditions[name];
  if (condition) {
    return (operands) => ({
      kind: 'branch',
      condition: condition(operands),
      target: Number(operands.label8 ?? operands.label12 ?? operands.uimm6),
    });
  }
  return endings[name];
}
