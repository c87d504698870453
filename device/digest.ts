/**
 * 64-bit FNV-1a over the token ids of a story, each as four little-endian bytes, in order: those forced by the prompt
 * included, BOS at either end not. Chip, simulator and host agree on it or there is a bug. (Fowler, Noll, Vo; RFC 9923.)
 */
import { DIGEST_OFFSET_BASIS, DIGEST_PRIME } from "./contract/status";

export let digest: u64 = 0;

export function resetDigest(): void {
  digest = DIGEST_OFFSET_BASIS;
}

export function digestToken(token: u32): void {
  let hash = digest;
  for (let shift = 0; shift < 32; shift += 8) hash = (hash ^ ((token >> shift) & 0xff)) * DIGEST_PRIME;
  digest = hash;
}
