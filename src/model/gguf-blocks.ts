/**
 * The number formats of GGUF tensors (ggml-common.h `block_*`, ggml-quants.c `dequantize_row_*` of ggml-org/ggml): rows are cut into
 * blocks of 32 or 256 weights that share scales. All arithmetic is in singles, as there.
 */
import { fromBrain, fromHalf } from './floats.ts';

const { fround } = Math;

export interface BlockFormat {
  name: string;
  /** Weights of a block. */
  weights: number;
  /** Bytes of a block. */
  bytes: number;
  /** Writes the weights of the block at `at` into `out` from `to` on. */
  read(view: DataView, at: number, out: Float32Array, to: number): void;
}

const half = (view: DataView, at: number): number => fromHalf(view.getUint16(at, true));

const single = (
  name: string,
  bytes: number,
  number: (view: DataView, at: number) => number,
): BlockFormat => ({
  name,
  weights: 1,
  bytes,
  read(view, at, out, to) {
    out[to] = number(view, at);
  },
});

/** Blocks of 32 nibbles: the low ones are the first half's. A fifth bit of each lies in a word of its own. */
function nibbles(name: string, { minimum, fifth }: { minimum: boolean; fifth: boolean }): BlockFormat {
  const scales = minimum ? 4 : 2;
  const first = scales + (fifth ? 4 : 0);
  const middle = minimum ? 0 : fifth ? 16 : 8;
  return {
    name,
    weights: 32,
    bytes: first + 16,
    read(view, at, out, to) {
      const scale = half(view, at);
      const offset = minimum ? half(view, at + 2) : 0;
      const high = fifth ? view.getUint32(at + scales, true) : 0;
      for (let i = 0; i < 32; i++) {
        const pair = view.getUint8(at + first + (i & 15));
        const value = (i < 16 ? pair & 15 : pair >> 4) | (((high >>> i) & 1) << 4);
        const scaled = fround((value - middle) * scale);
        out[to + i] = minimum ? scaled + offset : scaled;
      }
    },
  };
}

const Q8_0: BlockFormat = {
  name: 'Q8_0',
  weights: 32,
  bytes: 34,
  read(view, at, out, to) {
    const scale = half(view, at);
    for (let i = 0; i < 32; i++) out[to + i] = view.getInt8(at + 2 + i) * scale;
  },
};

/** Scale and minimum of one of the eight groups of a super-block: six bits each, in twelve bytes from `at` on. */
function sixBits(view: DataView, at: number, group: number): [scale: number, minimum: number] {
  const byte = (index: number): number => view.getUint8(at + index);
  if (group < 4) return [byte(group) & 63, byte(group + 4) & 63];
  return [
    (byte(group + 4) & 15) | ((byte(group - 4) >> 6) << 4),
    (byte(group + 4) >> 4) | ((byte(group) >> 6) << 4),
  ];
}

/** Super-blocks of eight groups of 32 with scales and minima of six bits; a fifth bit of each weight lies in 32 bytes of their own. */
function superBlock(name: string, fifth: boolean): BlockFormat {
  const low = 16 + (fifth ? 32 : 0);
  return {
    name,
    weights: 256,
    bytes: low + 128,
    read(view, at, out, to) {
      const [d, dmin] = [half(view, at), half(view, at + 2)];
      for (let group = 0; group < 8; group++) {
        const [scale, minimum] = sixBits(view, at + 4, group);
        const [factor, offset] = [fround(d * scale), fround(dmin * minimum)];
        for (let i = 0; i < 32; i++) {
          const pair = view.getUint8(at + low + 32 * (group >> 1) + i);
          const high = fifth ? (view.getUint8(at + 16 + i) >> group) & 1 : 0;
          const value = (group & 1 ? pair >> 4 : pair & 15) | (high << 4);
          out[to + 32 * group + i] = fround(fround(factor * value) - offset);
        }
      }
    },
  };
}

/** Super-blocks of sixteen groups of 16, scales int8; four low bits in 128 bytes, two high ones in 64. */
const Q6_K: BlockFormat = {
  name: 'Q6_K',
  weights: 256,
  bytes: 210,
  read(view, at, out, to) {
    const d = half(view, at + 208);
    for (let i = 0; i < 256; i++) {
      const [part, within] = [i >> 7, i & 127];
      const [quarter, column] = [within >> 5, within & 31];
      const low = view.getUint8(at + 64 * part + 32 * (quarter & 1) + column) >> (quarter & 2 ? 4 : 0);
      const high = (view.getUint8(at + 128 + 32 * part + column) >> (2 * quarter)) & 3;
      const scale = view.getInt8(at + 192 + 8 * part + 2 * quarter + (column >> 4));
      out[to + i] = fround(fround(d * scale) * (((low & 15) | (high << 4)) - 32));
    }
  },
};

/** By the number that a tensor's entry has (ggml.h `enum ggml_type`). */
export const BLOCK_FORMATS: Readonly<Record<number, BlockFormat>> = {
  0: single('F32', 4, (view, at) => view.getFloat32(at, true)),
  1: single('F16', 2, half),
  2: nibbles('Q4_0', { minimum: false, fifth: false }),
  3: nibbles('Q4_1', { minimum: true, fifth: false }),
  6: nibbles('Q5_0', { minimum: false, fifth: true }),
  7: nibbles('Q5_1', { minimum: true, fifth: true }),
  8: Q8_0,
  12: superBlock('Q4_K', false),
  13: superBlock('Q5_K', true),
  14: Q6_K,
  30: single('BF16', 2, (view, at) => fromBrain(view.getUint16(at, true))),
};

/** Names of those that are not read, for messages. */
const OTHER_FORMATS: Readonly<Record<number, string>> = {
  9: 'Q8_1',
  10: 'Q2_K',
  11: 'Q3_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  29: 'IQ1_M',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
};

export const formatName = (type: number): string =>
  BLOCK_FORMATS[type]?.name ?? OTHER_FORMATS[type] ?? `number ${type}`;
