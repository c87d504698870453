/**
 * Two cores, one static schedule: core 0 posts a forward pass, both run their share, and they meet at spin barriers in SRAM.
 * With config.cores = 1 all of this folds away.
 */
import { read32, write32 } from "./chip";
import { arrive, barrier, isAhead } from "./barrier";
import { cores, grammar, lanes, screenKind, teamwork } from "./contract/config";
import {
  TEAMWORK_JOB_COUNT as JOB_COUNT, TEAMWORK_JOB_GRAMMAR as JOB_GRAMMAR, TEAMWORK_JOB_LEFT as JOB_LEFT, TEAMWORK_JOB_SCORED as JOB_SCORED,
  TEAMWORK_JOB_PENALTY as JOB_PENALTY, TEAMWORK_JOB_POSITION as JOB_POSITION, TEAMWORK_JOB_TEMPERATURE as JOB_TEMPERATURE,
  TEAMWORK_JOB_TOKEN as JOB_TOKEN,
} from "./contract/status";
import { serveScreen } from "./screen";
import { prepare } from "./sampler";
import { forwardCore } from "./transformer";
import { forwardLanes } from "./transformer/lanes";

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
  if (cores == 2) {
    write32(teamwork + JOB_TEMPERATURE, reinterpret<u32>(temperature));
    write32(teamwork + JOB_PENALTY, reinterpret<u32>(penalty));
    write32(teamwork + JOB_SCORED, 1);
    if (grammar) {
      write32(teamwork + JOB_GRAMMAR, <u32>state);
      write32(teamwork + JOB_LEFT, left);
    }
    postPass(token, position);
  }
  barrier(0);
  forwardCore(0, token, position, true);
  prepare(0, position, temperature, penalty, state, left);
  barrier(0);
}

/** A pass whose next token is known: it fills the KV cache, and the classifier is left out. */
export function pass(token: i32, position: i32): void {
  if (cores == 2) {
    write32(teamwork + JOB_SCORED, 0);
    postPass(token, position);
  }
  barrier(0);
  forwardCore(0, token, position, false);
  barrier(0);
}

/** The same for `count` positions from `position` on, whose tokens are in the lanes. */
export function passLanes(position: i32, count: i32): void {
  if (cores == 2) {
    write32(teamwork + JOB_POSITION, position);
    write32(teamwork + JOB_COUNT, count);
  }
  barrier(0);
  forwardLanes(0, position, count);
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
    const count = ARITHMETIC == 0 && lanes ? read32(teamwork + JOB_COUNT) : 1;
    if (ARITHMETIC == 0 && count > 1) {
      forwardLanes(1, position, count);
      barrier(1);
      continue;
    }
    const scored = read32(teamwork + JOB_SCORED) != 0;
    forwardCore(1, read32(teamwork + JOB_TOKEN), position, scored);
    if (scored) {
      const temperature = reinterpret<f32>(read32(teamwork + JOB_TEMPERATURE));
      const penalty = reinterpret<f32>(read32(teamwork + JOB_PENALTY));
      const state = grammar ? <usize>read32(teamwork + JOB_GRAMMAR) : 0;
      prepare(1, position, temperature, penalty, state, grammar ? read32(teamwork + JOB_LEFT) : 0);
    }
    barrier(1);
  }
}
