/**
 * Attention of all heads of a core in one call: for each its scores, their exponentials, and the mean of the values so weighted.
 * What lies between the three parts stays in registers; the constants are read where a register is free.
 */
import { attentionJob, offsetOf, value } from '../contract/index.ts';
import {
  type AR,
  type Assembler,
  a0,
  a1,
  a5,
  a8,
  a9,
  a10,
  a11,
  a12,
  a13,
  a14,
  a15,
  type Label,
  type QR,
  qRegisters,
} from '../xtensa/index.ts';
import { kernel } from './kernel.ts';
import { IMAGE_BYTES, type Lifting, liftedScores } from './lift.ts';
import { loadQuery, type ScoreRegisters, scores, stays } from './scores.ts';
import { type WeightRegisters, weigh } from './softmax.ts';
import { SUM, type ValueRegisters, weightedSums } from './values.ts';

const { BASE, FAINTEST, NEAREST } = value;
/** A score that may be more. */
const HIGHEST = 127;
const VECTOR = 16;
/** 2^29: a reciprocal has 15 bits, and the largest sum that it is made of has 16. */
const NUMERATOR = 1 << 29;
/** Least sum of weights whose reciprocal has 15 bits. */
const LEAST_SUM = 128;
/** Shift of sums of values whose sum of weights has 32 bits: quotients then have 15. */
const LARGEST_SHIFT = 25;
/** What cached values are more than they stand for, in units of the result. */
const VALUE_BIAS = 128 * 64;

/** Offsets in the constants, whose first 32 bytes are the mask of the last group. */
const [LOW, NEARESTS, BASES, ONES] = [32, 48, 64, 80];
const SAVED = [a0, a12, a13, a14, a15];
/**
 * The frame: where the lifts end, whose keys come next, the groups, the head's lift; registers; a head's reciprocal, the values' bias;
 * QACC as a lift has it; the query or sums of values.
 */
const [END, AHEAD, GROUPS, LIFTS, REGISTERS, RECIPROCAL, BIAS, IMAGE] = [0, 4, 8, 12, 16, 40, 44, 48];
const WORK = IMAGE + IMAGE_BYTES;
/** A frame of up to so many bytes is opened by one `addi`. */
const SMALL_FRAME = 128;

const job = (field: keyof typeof attentionJob.fields & string): number => offsetOf(attentionJob, field);

/**
 * Gathers a query's even components and odd ones: in the registers where it stays, if there are given, else at the frame's work
 * space. Uses a8 to a10.
 */
function gatherQuery(asm: Assembler, query: AR, jobs: AR, pairs: number, resident: readonly QR[]): void {
  const [from, even, odd] = [a8, a9, a10];
  const inWords = pairs % 4 === 0;
  const load = (to: AR, source: AR, at: number) =>
    inWords ? asm.l32i(to, source, at) : asm.l8ui(to, source, at);
  const put = (value: AR, to: number): void => {
    if (!inWords) asm.s8i(value, a1, WORK + to);
    else if (resident.length === 0) asm.s32i(value, a1, WORK + to);
    else asm.ee_movi_32_q(resident[to >> 4], value, (to >> 2) % 4);
  };
  asm.l32i(from, jobs, job('odd'));
  for (let at = 0; at < pairs; at += inWords ? 4 : 1) {
    load(even, query, at);
    if (at === 0) asm.add(from, from, query);
    load(odd, from, at);
    put(even, at);
    put(odd, pairs + at);
  }
}

/** The sum of the weights in `sum` becomes the shift of the sums of values; `reciprocal` is what the shifted ones are multiplied by. */
function reciprocalOf(asm: Assembler, sum: AR, reciprocal: AR, zeros: AR, spare: AR): void {
  asm.movi(spare, LEAST_SUM);
  asm.max(sum, sum, spare);
  asm.nsau(zeros, sum);
  asm.movi(spare, LARGEST_SHIFT);
  asm.ssl(zeros);
  asm.sll(sum, sum);
  asm.movi(reciprocal, NUMERATOR);
  asm.extui(sum, sum, 16, 16);
  asm.quou(reciprocal, reciprocal, sum);
  asm.sub(sum, spare, zeros);
}

/**
 * The sums at the frame's work space times the reciprocal there, to `out`, which ends behind them. Uses a9; a8, a12, a14. `between` are
 * instructions for cycles in which a vector's result is waited for, the first of which must not change a9.
 */
function scaleSums(asm: Assembler, headSize: number, out: AR, between: readonly (() => void)[]): void {
  const sums = a9;
  if (headSize % 8) {
    const [factor, left, sum] = [a8, a14, a12];
    asm.addi(sums, a1, WORK);
    asm.l32i(factor, a1, RECIPROCAL);
    asm.movi(left, headSize);
    asm.loop(left, () => {
      asm.l16si(sum, sums, 0);
      asm.mull(sum, sum, factor);
      asm.addi(sums, sums, 2);
      asm.srai(sum, sum, 14);
      asm.addmi(sum, sum, -VALUE_BIAS);
      asm.s16i(sum, out, 0);
      asm.addi(out, out, 2);
    });
    for (const instruction of between) instruction();
    return;
  }
  asm.addi(sums, a1, RECIPROCAL);
  asm.ee_vldbc_16_ip(q0, sums, BIAS - RECIPROCAL);
  asm.ssai(14);
  asm.ee_vldbc_16_ip(q3, sums, WORK - BIAS);
  const left = [...between];
  for (let vectors = headSize / 8; vectors > 0; vectors -= 2) {
    const pair = vectors > 1 ? [q1, q2] : [q1];
    const meanwhile = (): void => void (vectors <= 2 && left.shift()?.());
    for (const q of pair) asm.ee_vld_128_ip(q, sums, VECTOR);
    meanwhile();
    for (const q of pair) asm.ee_vmul_s16(q, q, q0);
    meanwhile();
    for (const q of pair) asm.ee_vsubs_s16(q, q, q3);
    meanwhile();
    for (const q of pair) asm.ee_vst_128_ip(q, out, VECTOR);
  }
  for (const instruction of left) instruction();
}

/** A call's registers: parameters that go on to the next head, the job's description, and `positions`, which becomes the last group's mask. `count` is then spare. */
interface Call {
  readonly queries: AR;
  readonly keys: AR;
  readonly out: AR;
  readonly count: AR;
  readonly positions: AR;
  readonly job: AR;
}

/** What all heads share: groups of positions, a head's lift (lift.ts), the constants. */
const [groups, lift, constants] = [a12, a13, a11];
const [q0, q1, q2, q3, q4, q5, q6] = qRegisters;

const scoring = ({ positions }: Call): ScoreRegisters => ({
  query: a15,
  keys: a8,
  out: a9,
  shift: a10,
  groups: a14,
  mask: positions,
  resident: [q0, q1],
  rows: [q2, q3],
  score: q4,
  largest: q5,
});

const WEIGHING: WeightRegisters = {
  scores: a9,
  weights: a10,
  groups,
  largest: q5,
  nearest: q0,
  base: q1,
  ones: q2,
  x: q3,
  low: q4,
  high: q6,
};

const MIXING: ValueRegisters = {
  values: a8,
  weights: a9,
  groups: a14,
  sums: a15,
  firstSum: a13,
  stride: a10,
  back: a11,
  shift: a0,
  sum: a5,
};

/** Saves registers and counts the groups; `positions` is then where the last group's mask begins, a8 leads to the first lift. */
function begin(asm: Assembler, headSize: number, { count, positions, job: jobs }: Call): void {
  SAVED.forEach((register, i) => void asm.s32i(register, a1, REGISTERS + 4 * i));
  asm.l32i(a9, jobs, job('ahead'));
  asm.l32i(a8, jobs, job('lifts'));
  asm.s32i(a9, a1, AHEAD);
  asm.addx2(count, count, a8);
  asm.s32i(a8, a1, LIFTS);
  asm.s32i(count, a1, END);
  asm.addi(groups, positions, 15);
  asm.srli(groups, groups, 4);
  if (headSize % 8) asm.s32i(groups, a1, GROUPS);
  else {
    asm.movi(a9, VALUE_BIAS);
    asm.s16i(a9, a1, BIAS);
  }
  asm.addi(positions, positions, -1);
  asm.extui(positions, positions, 0, 4);
  asm.movi(constants, 'attention_constants');
  asm.sub(positions, constants, positions);
  asm.addi(positions, positions, VECTOR - 1);
}

/** What the scores' registers hold before {@link scores}: constants lead to NEARESTS then. */
function beforeScores(asm: Assembler, call: Call): void {
  asm.movi(constants, 'attention_constants');
  asm.l32i(a9, call.job, job('scores'));
  asm.addi(constants, constants, LOW);
  asm.mov(a8, call.keys);
  asm.ee_vld_128_ip(q5, constants, NEARESTS - LOW);
  asm.mov(a14, groups);
}

/** A head's largest score to a14, its scores' place to a9; to `tooFar` if that is as high or as low as bytes go. */
function behindScores(asm: Assembler, { job: jobs }: Call, tooFar: Label): void {
  asm.ee_movi_32_a(q5, a14, 0);
  asm.l32i(a9, jobs, job('scores'));
  asm.sext(a14, a14, 7);
  asm.addi(a8, a14, -HIGHEST);
  asm.beqz(a8, tooFar);
  asm.addi(a8, a14, -FAINTEST);
  asm.beqz(a8, tooFar);
}

/** Scores of a head as they are; a8 leads to its lift. If it had one, or they do not fit, `lifted` comes in their place. */
function scoreHead(asm: Assembler, headSize: number, call: Call, { lifted }: Lifting): void {
  const registers = scoring(call);
  const pairs = headSize / 2;
  const inRegisters = headSize % 8 === 0 && stays(headSize);
  asm.l16si(lift, a8, 0);
  gatherQuery(asm, call.queries, call.job, pairs, inRegisters ? registers.resident : []);
  if (!inRegisters) asm.addi(a15, a1, WORK);
  if (!inRegisters && stays(headSize)) loadQuery(asm, headSize, registers);
  asm.l32i(a10, call.job, job('shift'));
  asm.bnez(lift, lifted);
  beforeScores(asm, call);
  scores(asm, headSize, registers);
  behindScores(asm, call, lifted);
}

/** Weights of the scores. */
function weighHead(asm: Assembler): void {
  asm.ee_vld_128_ip(WEIGHING.nearest, constants, BASES - NEARESTS);
  asm.ee_vld_128_ip(WEIGHING.base, constants, ONES - BASES);
  asm.ee_vld_128_ip(WEIGHING.ones, constants, 0);
  asm.addi(a10, a9, -VECTOR);
  weigh(asm, WEIGHING);
}

/** The mean of the values by these weights, to `out`. */
function mixHead(asm: Assembler, headSize: number, { keys, out, job: jobs }: Call): void {
  const reciprocal = a10;
  asm.movi(a8, 0);
  asm.l32i(a9, jobs, job('scores'));
  asm.ee_srs_accx(a0, a8, 0);
  reciprocalOf(asm, a0, reciprocal, a8, a11);
  asm.s32i(reciprocal, a1, RECIPROCAL);
  asm.l32i(a8, jobs, job('values'));
  asm.mov(a14, groups);
  asm.movi(a10, VECTOR * headSize);
  asm.add(a8, a8, keys);
  asm.addi(a13, a1, WORK);
  weightedSums(asm, { headSize, out: WORK }, MIXING);
  // Behind the sums, what `nextHead` reads.
  scaleSums(asm, headSize, out, [
    () => void asm.l32i(a10, jobs, job('kvHeads')),
    () => void asm.l32i(a9, a1, AHEAD),
    () => void asm.l32i(a8, a1, LIFTS),
    () => void asm.l32i(a13, a1, END),
  ]);
  if (headSize % 8) asm.l32i(groups, a1, GROUPS);
}

/** The next head, whose lift a8 leads to, and whose keys it reads; `mixHead` has loaded a8 to a10, and a13. */
function nextHead(asm: Assembler, pairs: number, call: Call, head: Label, done: Label): void {
  const { queries, keys, job: jobs } = call;
  const same = asm.label('same');
  asm.l32i(a11, jobs, job('heads'));
  asm.addi(a8, a8, 2);
  asm.add(a9, a9, a10);
  asm.s32i(a8, a1, LIFTS);
  asm.sub(a13, a13, a8);
  asm.addi(queries, queries, pairs);
  asm.beqz(a13, done); // `beq` does not reach so far
  asm.blt(a9, a11, same);
  asm.sub(a9, a9, a11);
  asm.l32i(a10, jobs, job('stride'));
  asm.s32i(a9, a1, AHEAD);
  asm.add(keys, keys, a10);
  asm.j(head);
  asm.alignTarget();
  asm.place(same);
  asm.s32i(a9, a1, AHEAD);
  asm.j(head);
}

/** What is read at the offsets LOW to ONES, behind the mask. */
function placeConstants(asm: Assembler): void {
  const bytes = (byte: number): void => {
    for (let i = 0; i < VECTOR; i++) asm.byte(byte);
  };
  asm.section('.rodata', { align: 16, code: false });
  asm.place('attention_constants');
  for (const byte of [HIGHEST, -128, FAINTEST, NEAREST]) bytes(byte);
  for (let i = 0; i < VECTOR / 2; i++) asm.half(BASE);
  bytes(1);
}

export const attention = kernel('attention', (asm, call, { headSize }) => {
  const needed = WORK + Math.ceil((SUM * headSize) / VECTOR) * VECTOR;
  const frame = needed < SMALL_FRAME ? needed : Math.ceil(needed / 256) * 256;
  const moveStack = (by: number): void => {
    if (needed < SMALL_FRAME) asm.addi(a1, a1, by);
    else asm.addmi(a1, a1, by);
  };
  const [head, done] = [asm.label('head'), asm.label('done')];
  const lifting: Lifting = {
    lifted: asm.label('lifted'),
    settled: asm.label('settled'),
  };

  moveStack(-frame);
  begin(asm, headSize, call);
  asm.alignTarget();
  asm.place(head);
  scoreHead(asm, headSize, call, lifting);
  asm.place(lifting.settled);
  weighHead(asm);
  mixHead(asm, headSize, call);
  nextHead(asm, headSize / 2, call, head, done);
  liftedScores(asm, headSize, lifting, {
    scoring: scoring(call),
    weighing: WEIGHING,
    job: call.job,
    keys: call.keys,
    lift,
    coarser: a0,
    image: call.count,
    frame: { lifts: LIFTS, image: IMAGE },
    before: () => beforeScores(asm, call),
    behind: (tooFar) => behindScores(asm, call, tooFar),
  });
  asm.place(done);
  SAVED.forEach((register, i) => void asm.l32i(register, a1, REGISTERS + 4 * i));
  moveStack(frame);
  asm.ret();
  placeConstants(asm);
});
