/** What the commands set beside the numbers of ./contract/settings. */
/** 0: a new one for every story. */
export let seed: u64 = 0;
/** Positions a story may have, the prompt's included; 0: as many as the context holds. */
export let tokenLimit: i32 = 0;

export function setSeed(value: u64): void {
  seed = value;
}

export function setTokenLimit(value: i32): void {
  tokenLimit = value;
}
