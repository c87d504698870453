/**
 * 64-bit FNV-1a over the token ids of a story, each as four little-endian bytes, in order: those forced by the prompt
 * included, BOS at either end not. Chip, simulator and host agree on it or there is a bug. (Fowler, Noll, Vo; RFC 9923.)
 */
const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x100_0000_01b3;

export let digest: u64 = 0;

export function resetDigest(): void {
  digest = OFFSET_BASIS;
}

export function digestToken(token: u32): void {
  let hash = digest;
  for (let shift = 0; shift < 32; shift += 8) hash = (hash ^ ((token >> shift) & 0xff)) * PRIME;
  digest = hash;
}
