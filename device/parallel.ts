/**
 * Two cores, one static schedule: core 0 posts a forward pass, both run their share, and they meet at spin barriers in SRAM.
 * With config.cores = 1 all of this folds away.
 */
import { read32, write32 } from "./chip";
import { arrive, barrier, isAhead } from "./barrier";
import { cores, screenKind, teamwork } from "./contract/config";
import {
  TEAMWORK_JOB_PENALTY as JOB_PENALTY, TEAMWORK_JOB_POSITION as JOB_POSITION, TEAMWORK_JOB_TEMPERATURE as JOB_TEMPERATURE,
  TEAMWORK_JOB_TOKEN as JOB_TOKEN,
} from "./contract/status";
import { serveScreen } from "./screen";
import { prepare } from "./sampler";
import { forwardCore } from "./transformer";

/** A barrier of core 1 whose wait belongs to the screen: core 0 samples, prints, or waits for somebody to type. */
function awaitPass(): void {
  const count = arrive(1);
  while (isAhead(1, count)) if (SCREEN && screenKind) serveScreen();
}

/**
 * One pass through the model on all cores: afterwards the sampler can choose the token after `token`. Temperature 0 and penalty 1
 * where it will not draw and nothing is to be lowered.
 */
export function forward(token: i32, position: i32, temperature: f32, penalty: f32): void {
  if (cores == 2) {
    write32(teamwork + JOB_TEMPERATURE, reinterpret<u32>(temperature));
    write32(teamwork + JOB_PENALTY, reinterpret<u32>(penalty));
    write32(teamwork + JOB_TOKEN, token);
    write32(teamwork + JOB_POSITION, position);
  }
  barrier(0);
  share(0, token, position, temperature, penalty);
  barrier(0);
}

function share(core: i32, token: i32, position: i32, temperature: f32, penalty: f32): void {
  forwardCore(core, token, position);
  prepare(core, position, temperature, penalty);
}

/** The life of core 1: wait for a pass, run its share, wait again. */
export function work(): void {
  for (;;) {
    awaitPass();
    const temperature = reinterpret<f32>(read32(teamwork + JOB_TEMPERATURE));
    const penalty = reinterpret<f32>(read32(teamwork + JOB_PENALTY));
    share(1, read32(teamwork + JOB_TOKEN), read32(teamwork + JOB_POSITION), temperature, penalty);
    barrier(1);
  }
}
