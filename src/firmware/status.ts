/** The words in which the device program says how the last story went, read from outside. */
import * as contract from '../contract/index.ts';

export type StatusWord = keyof typeof contract.status.fields;
/** Found once: the words are read thousands of times a simulated second. */
export const statusOffsets = Object.fromEntries(
  contract.placeFields(contract.status).map(({ name, offset }) => [name, offset]),
) as Readonly<Record<StatusWord, number>>;

export const PHASES = Object.keys(contract.phases) as (keyof typeof contract.phases)[];
export const ENDINGS = Object.keys(contract.endings) as (keyof typeof contract.endings)[];

export interface Status {
  phase: (typeof PHASES)[number];
  /** Passes through the model, one a position. */
  passes: number;
  /** Tokens of the prompt, BOS included. */
  promptTokens: number;
  ending: (typeof ENDINGS)[number];
  firstCycles: number;
  lastCycles: number;
  totalCycles: number;
  digest: bigint;
  seed: bigint;
  /** Told since boot. */
  stories: number;
  /** Tokens that were guessed ahead, and how many of them the story took. */
  drafted: number;
  accepted: number;
  /** Positions of the prompt whose keys and values were there from the story before. */
  reused: number;
}

/** `words` are the bytes of the item `status`. */
export function readStatus(words: Uint8Array): Status {
  const view = new DataView(words.buffer, words.byteOffset, words.byteLength);
  const word = (name: StatusWord): number => view.getUint32(statusOffsets[name], true);
  const long = (name: StatusWord): bigint => view.getBigUint64(statusOffsets[name], true);
  return {
    phase: PHASES[word('phase')] ?? 'boot',
    passes: word('passes'),
    promptTokens: word('promptTokens'),
    ending: ENDINGS[word('ending')] ?? 'none',
    firstCycles: word('firstCycles'),
    lastCycles: word('lastCycles'),
    totalCycles: Number(long('totalCycles')),
    digest: long('digest'),
    seed: long('seed'),
    stories: word('stories'),
    drafted: word('drafted'),
    accepted: word('accepted'),
    reused: word('reused'),
  };
}

/** Tokens of the story: one a pass, but for the pass that ended it. */
export const tokenCount = ({ passes, ending }: Status): number => passes - (ending === 'finished' ? 1 : 0);

/** Tokens that the model told: those passes that the prompt's other tokens did not take. */
export const toldTokens = ({ passes, promptTokens }: Pick<Status, 'passes' | 'promptTokens'>): number =>
  passes - promptTokens + 1;

/** A digest as the console prints it: 16 hexadecimal digits. */
export const formatDigest = (digest: bigint): string => digest.toString(16).padStart(16, '0');

/** FNV-1a (64 bits) over bytes, from where another digest ended. */
export function digestBytes(bytes: Uint8Array, from: bigint = contract.digest.offsetBasis): bigint {
  // The prime is 2^40 + 0x1b3: halves of 32 bits, since numbers are quicker than bigints.
  let low = Number(from & 0xffff_ffffn);
  let high = Number(from >> 32n);
  for (const byte of bytes) {
    low = (low ^ byte) >>> 0;
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + (low << 8) + Math.floor(product / 2 ** 32)) >>> 0;
    low = product >>> 0;
  }
  return (BigInt(high) << 32n) | BigInt(low);
}

/** FNV-1a (64 bits) over token ids as little-endian words: device/digest.ts. */
export function digestTokens(tokens: Iterable<number>): bigint {
  let hash: bigint = contract.digest.offsetBasis;
  for (const token of tokens) {
    for (let shift = 0; shift < 32; shift += 8) {
      hash = ((hash ^ BigInt((token >>> shift) & 0xff)) * contract.digest.prime) & 0xffff_ffff_ffff_ffffn;
    }
  }
  return hash;
}
