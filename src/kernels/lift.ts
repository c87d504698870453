/**
 * Scores that bytes are too small for. What all scores of a head have in common is nothing to its weights: so a lift is added, with which
 * the largest fits; QACC starts from it. Where a lane has no room for that, steps are doubled. Which lift it was is nothing to the
 * result: whatever is 64 or more below the largest score weighs nothing.
 */
import { attentionJob, offsetOf, value } from '../contract/index.ts';
import { type AR, type Assembler, a1, a8, a9, a10, a14, type Label } from '../xtensa/index.ts';
import { glance, type ScoreRegisters, scores } from './scores.ts';
import { refine, type WeightRegisters } from './softmax.ts';

const {
  ACTIVATION_LIMIT,
  COARSEST,
  GLANCE_BITS,
  HIGHEST_LIFT,
  LANE_LIMIT,
  LIFTED,
  LIFT_STEP,
  UNLIFTED_LEAST,
  UNLIFTED_MOST,
} = value;
const LANE_BITS = 20;
const WORD_BITS = 32;
/** Bytes of a component of a group of positions. */
const ROW = 16;
/** Eight lanes of 20 bits, in as many words, and what loads by 16 bytes leave behind them. */
const LANE_WORDS = 5;
/** Bytes of the frame that hold half a QACC. */
export const IMAGE_BYTES = 32;

/** Where a head's way parts: its scores need a lift, or do not fit without, and back to where they do. */
export type Lifting = Readonly<Record<'lifted' | 'settled', Label>>;

export interface LiftCall {
  scoring: ScoreRegisters;
  weighing: WeightRegisters;
  job: AR;
  /** Of the head that is scored. */
  keys: AR;
  /** The head's lift. */
  lift: AR;
  /** Spare: how often its steps were doubled; the image's place. */
  coarser: AR;
  image: AR;
  /** Offsets in the frame: of what leads to the head's lift, of IMAGE_BYTES. */
  frame: { lifts: number; image: number };
  /** Give the scores' registers their values; find the largest score, to a14, and go to `tooFar` if it does not fit. */
  before: () => void;
  behind: (tooFar: Label) => void;
}

/** The most that may be added, to a8: a lane's room beside the largest sum, in steps of scores. Uses a9, a10 and SAR. */
function highestLift(asm: Assembler, headSize: number, job: AR): void {
  const limit = Math.min(ACTIVATION_LIMIT, Math.floor(LANE_LIMIT / (128 * headSize)));
  asm.l32i(a10, job, offsetOf(attentionJob, 'shift'));
  asm.movi(a8, LANE_LIMIT - 128 * headSize * limit);
  asm.movi(a9, HIGHEST_LIFT);
  asm.ssr(a10);
  asm.sra(a8, a8);
  asm.min(a8, a8, a9);
}

/** The lift, no more than a8 up or down, to where it is remembered. Uses a8 and a9. */
function limitLift(asm: Assembler, { lift, frame }: LiftCall): void {
  asm.min(lift, lift, a8);
  asm.neg(a8, a8);
  asm.l32i(a9, a1, frame.lifts);
  asm.max(lift, lift, a8);
  asm.s16i(lift, a9, 0);
}

/** A lift by the scores of the last positions, in coarse steps: the head's largest is seldom far from theirs. */
function guessLift(asm: Assembler, headSize: number, call: LiftCall): void {
  const { scoring, lift, keys, job } = call;
  const guessed = asm.label('guessed');
  asm.l32i(scoring.shift, job, offsetOf(attentionJob, 'shift'));
  asm.addi(a8, call.weighing.groups, -1);
  asm.movi(a9, ROW * headSize);
  asm.mull(a8, a8, a9);
  asm.addi(scoring.shift, scoring.shift, GLANCE_BITS);
  asm.add(scoring.keys, keys, a8);
  glance(asm, headSize, scoring);
  asm.ee_movi_32_a(scoring.largest, a14, 0);
  asm.movi(lift, 0);
  asm.sext(a14, a14, 7);
  asm.slli(a14, a14, GLANCE_BITS);
  highestLift(asm, headSize, job);
  asm.addi(a9, a14, -UNLIFTED_LEAST);
  asm.movi(a10, UNLIFTED_MOST - UNLIFTED_LEAST + 1);
  asm.bltu(a9, a10, guessed);
  asm.movi(lift, LIFTED);
  asm.sub(lift, lift, a14);
  asm.place(guessed);
  limitLift(asm, call);
}

/** The number in a9 in eight lanes of 20 bits, at `image`. Uses a8, a9 and a14. */
function placeImage(asm: Assembler, image: AR): void {
  const [word, part] = [a8, a14];
  asm.slli(a9, a9, WORD_BITS - LANE_BITS);
  asm.srli(a9, a9, WORD_BITS - LANE_BITS);
  for (let i = 0; i < LANE_WORDS; i++) {
    let first = true;
    const from = Math.floor((i * WORD_BITS) / LANE_BITS);
    for (let lane = from; lane * LANE_BITS < (i + 1) * WORD_BITS; lane++) {
      const shift = lane * LANE_BITS - i * WORD_BITS;
      const to = first ? word : part;
      if (shift < 0) asm.srli(to, a9, -shift);
      else if (shift > 0) asm.slli(to, a9, shift);
      else asm.mov(to, a9);
      if (!first) asm.or(word, word, part);
      first = false;
    }
    asm.s32i(word, image, 4 * i);
  }
}

/** QACC from the image. */
function fromImage(asm: Assembler, image: AR): void {
  asm.ee_ld_qacc_l_l_128_ip(image, 16);
  asm.ee_ld_qacc_l_h_32_ip(image, -16);
  asm.ee_ld_qacc_h_l_128_ip(image, 16);
  asm.ee_ld_qacc_h_h_32_ip(image, -16);
}

/** The scores with a lift or in coarser steps, until they fit: distances to the largest are then in the steps that weights want. */
export function liftedScores(asm: Assembler, headSize: number, labels: Lifting, call: LiftCall): void {
  const { scoring, lift, coarser, image, job } = call;
  const [again, tooFar, fits] = [asm.label('again'), asm.label('tooFar'), asm.label('fits')];
  asm.place(labels.lifted);
  guessLift(asm, headSize, call);
  asm.movi(coarser, 0);
  asm.place(again);
  asm.l32i(a10, job, offsetOf(attentionJob, 'shift'));
  asm.addi(image, a1, call.frame.image);
  asm.ssl(a10);
  asm.sll(a9, lift);
  asm.add(scoring.shift, a10, coarser);
  placeImage(asm, image);
  call.before();
  scores(asm, headSize, scoring, () => fromImage(asm, image));
  call.behind(tooFar);
  asm.place(fits);
  asm.beqz(coarser, labels.settled);
  finerSteps(asm, call, labels.settled);
  asm.place(tooFar);
  moveLift(asm, headSize, call, again, fits);
}

/** Distances in the steps that weights want, which were doubled so many times. */
function finerSteps(asm: Assembler, { weighing, coarser, job }: LiftCall, settled: Label): void {
  const finer = asm.label('finer');
  const loadScores = (): void => void asm.l32i(weighing.scores, job, offsetOf(attentionJob, 'scores'));
  asm.place(finer);
  loadScores();
  refine(asm, weighing);
  asm.addi(coarser, coarser, -1);
  asm.bnez(coarser, finer);
  loadScores();
  asm.j(settled);
}

/** A lift further down or up, or steps twice as large, to `again`; to `fits` if there is no more to do. The largest score is in a14. */
function moveLift(asm: Assembler, headSize: number, call: LiftCall, again: Label, fits: Label): void {
  const { lift, coarser, job } = call;
  const doubled = asm.label('doubled');
  asm.bnez(coarser, doubled);
  asm.mov(coarser, lift);
  asm.movi(a8, LIFT_STEP);
  asm.movi(a9, -LIFT_STEP);
  asm.movgez(a8, a9, a14);
  asm.add(lift, lift, a8);
  highestLift(asm, headSize, job);
  limitLift(asm, call);
  asm.sub(a8, coarser, lift);
  asm.movi(coarser, 0);
  asm.bnez(a8, again);
  asm.place(doubled);
  asm.movi(lift, 0);
  asm.addi(a8, coarser, -COARSEST);
  asm.beqz(a8, fits);
  asm.addi(coarser, coarser, 1);
  asm.j(again);
}
