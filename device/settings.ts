/** What the commands set; llama2.c's defaults. */
export let temperature: f32 = 1;
export let topp: f32 = 0.9;
/** 0: a new one for every story. */
export let seed: u64 = 0;
/** Positions a story may have, the prompt's included; 0: as many as the context holds. */
export let tokenLimit: i32 = 0;

export function setTemperature(value: f32): void {
  temperature = value;
}

export function setTopp(value: f32): void {
  topp = value;
}

export function setSeed(value: u64): void {
  seed = value;
}

export function setTokenLimit(value: i32): void {
  tokenLimit = value;
}
