/** The generator of the draws: xorshift64* (Vigna 2016), as run.c has it. */

let state: u64 = 1;
/** Of the draws that are looked at ahead of their time. */
let ahead: u64 = 1;

/** Starts it; run.c wants a seed above 0. */
export function seedRandom(seed: u64): void {
  state = seed;
}

// @ts-ignore: decorator
@inline
function after(x: u64): u64 {
  x ^= x >> 12;
  x ^= x << 25;
  return x ^ (x >> 27);
}

// @ts-ignore: decorator
@inline
function bitsOf(x: u64): u32 {
  return <u32>((x * 0x2545_f491_4f6c_dd1d) >> 32);
}

/** 32 uniform bits. */
export function random(): u32 {
  state = after(state);
  return bitsOf(state);
}

/** Looks at the draws to come, from the next one on. */
export function lookAhead(): void {
  ahead = state;
}

/** 32 bits that `random` will give: of the next draw, then of the one after it, and so on. */
export function foreseen(): u32 {
  ahead = after(ahead);
  return bitsOf(ahead);
}
