/**
 * Two cores, one static schedule: core 0 posts a forward pass, both run their share, and they meet at spin barriers in SRAM.
 * With config.cores = 1 all of this folds away.
 */
import { read32, write32 } from "./chip";
import { arrive, barrier, isAhead } from "./barrier";
import { askOthers } from "./chain/ask";
import { asksOthers, hasClassifier } from "./chain/part";
import { canBind } from "./grammar";
import { cores, drafter, drafts, lanes, screenKind, teamwork } from "./contract/config";
import {
  TEAMWORK_JOB_CERTAIN as JOB_CERTAIN, TEAMWORK_JOB_COUNT as JOB_COUNT, TEAMWORK_JOB_GRAMMAR as JOB_GRAMMAR, TEAMWORK_JOB_LANE as JOB_LANE,
  TEAMWORK_JOB_LEFT as JOB_LEFT, TEAMWORK_JOB_PENALTY as JOB_PENALTY, TEAMWORK_JOB_POSITION as JOB_POSITION, TEAMWORK_JOB_SCORED as JOB_SCORED,
  TEAMWORK_JOB_TEMPERATURE as JOB_TEMPERATURE, TEAMWORK_JOB_TOKEN as JOB_TOKEN,
} from "./contract/status";
import { share } from "./drafter";
import { serveScreen } from "./screen";
import { prepare } from "./sampler";
import { forwardCore } from "./transformer";
import { forwardLanes, scoreLane } from "./transformer/lanes";

/** In place of a count of positions: a pass of the model that guesses. */
const DRAFT: i32 = -1;

/** A barrier of core 1 whose wait belongs to the screen: core 0 samples, prints, or waits for somebody to type. */
function awaitPass(): void {
  const count = arrive(1);
  while (isAhead(1, count)) if (SCREEN && screenKind) serveScreen();
}

/**
 * One pass through the model on all cores, after which `choose` can say what follows `token`. Temperature 0 and penalty 1 where it
 * will not draw and nothing is to be lowered; of the tokens those that the grammar's `state` allows (0: all), `left` at most.
 */
export function forward(token: i32, position: i32, temperature: f32, penalty: f32, state: usize, left: i32): void {
  if (asksOthers() && !askOthers(token, position)) return;
  if (cores == 2) {
    postChoice(temperature, penalty, state, left);
    write32(teamwork + JOB_SCORED, 1);
    postPass(token, position);
  }
  barrier(0);
  forwardCore(0, token, position, true);
  prepare(0, position, temperature, penalty, state, left);
  barrier(0);
}

/** The same without a pass: of a lane's position, whose pass asked for it. */
export function forwardLane(lane: i32, position: i32, temperature: f32, penalty: f32, state: usize, left: i32): void {
  if (cores == 2) {
    postChoice(temperature, penalty, state, left);
    write32(teamwork + JOB_COUNT, 0);
    write32(teamwork + JOB_LANE, lane);
    write32(teamwork + JOB_POSITION, position);
  }
  barrier(0);
  scoreLane(0, lane);
  prepare(0, position, temperature, penalty, state, left);
  barrier(0);
}

// @ts-ignore: decorator
@inline
function postChoice(temperature: f32, penalty: f32, state: usize, left: i32): void {
  write32(teamwork + JOB_TEMPERATURE, reinterpret<u32>(temperature));
  write32(teamwork + JOB_PENALTY, reinterpret<u32>(penalty));
  if (!canBind()) return;
  write32(teamwork + JOB_GRAMMAR, <u32>state);
  write32(teamwork + JOB_LEFT, left);
}

/** A pass whose next token is known: it fills the KV cache, and the classifier is left out. */
export function pass(token: i32, position: i32): void {
  if (asksOthers() && !askOthers(token, position)) return;
  if (cores == 2) {
    write32(teamwork + JOB_SCORED, 0);
    postPass(token, position);
  }
  barrier(0);
  forwardCore(0, token, position, false);
  barrier(0);
}

/**
 * A pass of `count` positions from `position` on, whose tokens are in the lanes: those from `certain` on are guesses. Where `scored`, any of
 * them may be asked for its logits. Returns how many went through.
 */
export function passLanes(position: i32, count: i32, certain: i32, scored: bool): i32 {
  if (cores == 2) {
    write32(teamwork + JOB_POSITION, position);
    write32(teamwork + JOB_COUNT, count);
    if (drafts) {
      write32(teamwork + JOB_CERTAIN, certain);
      write32(teamwork + JOB_SCORED, scored ? 1 : 0);
    }
  }
  barrier(0);
  const through = forwardLanes(0, position, count, certain, scored);
  barrier(0);
  return through;
}

/** A pass of the model that guesses, after which `next` can say what follows where `scored`. */
export function draft(token: i32, position: i32, scored: bool, temperature: f32, penalty: f32): void {
  if (cores == 2) {
    postChoice(temperature, penalty, 0, 0);
    write32(teamwork + JOB_SCORED, scored ? 1 : 0);
    write32(teamwork + JOB_COUNT, DRAFT);
    write32(teamwork + JOB_TOKEN, token);
    write32(teamwork + JOB_POSITION, position);
  }
  barrier(0);
  share(0, token, position, scored, temperature, penalty);
  barrier(0);
}

// @ts-ignore: decorator
@inline
function postPass(token: i32, position: i32): void {
  if (ARITHMETIC == 0 && lanes) write32(teamwork + JOB_COUNT, 1);
  write32(teamwork + JOB_TOKEN, token);
  write32(teamwork + JOB_POSITION, position);
}

/** The life of core 1: wait for a pass, run its share, wait again. */
export function work(): void {
  for (;;) {
    awaitPass();
    const position = read32(teamwork + JOB_POSITION);
    const count = ARITHMETIC == 0 && lanes ? <i32>read32(teamwork + JOB_COUNT) : 1;
    const scored = hasClassifier() && read32(teamwork + JOB_SCORED) != 0;
    if (ARITHMETIC == 0 && count > 1) {
      forwardLanes(1, position, count, drafts ? read32(teamwork + JOB_CERTAIN) : count, scored);
      barrier(1);
      continue;
    }
    if (ARITHMETIC == 0 && drafter && count == DRAFT) {
      const token = read32(teamwork + JOB_TOKEN);
      share(1, token, position, scored, reinterpret<f32>(read32(teamwork + JOB_TEMPERATURE)), reinterpret<f32>(read32(teamwork + JOB_PENALTY)));
      barrier(1);
      continue;
    }
    const isLane = ARITHMETIC == 0 && drafts && !count;
    if (isLane) scoreLane(1, read32(teamwork + JOB_LANE));
    else forwardCore(1, read32(teamwork + JOB_TOKEN), position, scored);
    if (scored || isLane) {
      const temperature = reinterpret<f32>(read32(teamwork + JOB_TEMPERATURE));
      const penalty = reinterpret<f32>(read32(teamwork + JOB_PENALTY));
      const state = canBind() ? <usize>read32(teamwork + JOB_GRAMMAR) : 0;
      prepare(1, position, temperature, penalty, state, canBind() ? read32(teamwork + JOB_LEFT) : 0);
    }
    barrier(1);
  }
}
