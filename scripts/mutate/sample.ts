/** Which mutants are tried: a sample with a seed, over all files alike. */
import { isProgram, type Mutant } from './mutants.ts';

/** Mulberry32: from 0 to 1. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Each mutant has the same chance; texts that are no programs are passed over. */
export function sample(mutants: readonly Mutant[], count: number, seed: number): Mutant[] {
  const random = createRandom(seed);
  const pool = [...mutants];
  const chosen: Mutant[] = [];
  while (chosen.length < count && pool.length > 0) {
    const [mutant] = pool.splice(Math.floor(random() * pool.length), 1);
    if (isProgram(mutant.file, mutant.text)) chosen.push(mutant);
  }
  return chosen;
}
