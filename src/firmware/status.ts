/** The words in which the device program says how the last story went: device/status.ts, read from outside. */

export const PHASES = ['boot', 'ready', 'telling', 'panic'] as const;
export const ENDINGS = ['none', 'finished', 'limit', 'stopped'] as const;

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
}

/** `words` are the bytes of the item `status`. */
export function readStatus(words: Uint8Array): Status {
  const view = new DataView(words.buffer, words.byteOffset, words.byteLength);
  const word = (index: number): number => view.getUint32(4 * index, true);
  const long = (index: number): bigint => view.getBigUint64(4 * index, true);
  return {
    phase: PHASES[word(0)] ?? 'boot',
    passes: word(1),
    promptTokens: word(2),
    ending: ENDINGS[word(3)] ?? 'none',
    firstCycles: word(4),
    lastCycles: word(5),
    totalCycles: Number(long(6)),
    digest: long(8),
    seed: long(10),
    stories: word(12),
  };
}

/** Tokens of the story: one a pass, but for the pass that ended it. */
export const tokenCount = ({ passes, ending }: Status): number => passes - (ending === 'finished' ? 1 : 0);

/** A digest as the console prints it: 16 hexadecimal digits. */
export const formatDigest = (digest: bigint): string => digest.toString(16).padStart(16, '0');

/** FNV-1a (64 bits) over token ids as little-endian words: device/digest.ts. */
export function digestTokens(tokens: Iterable<number>): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const token of tokens) {
    for (let shift = 0; shift < 32; shift += 8) {
      hash = ((hash ^ BigInt((token >>> shift) & 0xff)) * 0x100000001b3n) & 0xffff_ffff_ffff_ffffn;
    }
  }
  return hash;
}
