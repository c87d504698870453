/** The generator of the draws: xorshift64* (Vigna 2016), as run.c has it. */

let state: u64 = 1;

/** Starts it; run.c wants a seed above 0. */
export function seedRandom(seed: u64): void {
  state = seed;
}

/** 32 uniform bits. */
export function random(): u32 {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return <u32>((state * 0x2545_f491_4f6c_dd1d) >> 32);
}
