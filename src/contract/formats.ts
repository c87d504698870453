/**
 * What a device program is compiled for (an arithmetic), what its matrices are made of (a format), and what stands between the
 * two products of the feed-forward (an activation). Stages are written over these rows: a new format or activation is a kernel,
 * its twin, its packer or formula, and one row here.
 */
import type { Arithmetic } from './sizes.ts';

export interface ArithmeticRow {
  /** `ARITHMETIC` of the device program. */
  code: number;
  /** Module of its stages, in device/transformer. */
  stages: string;
  /** Ending of its programs' names in dist/device, before `.wasm`. */
  suffix: string;
  /** The same of the programs for models with biases: of those that are others. */
  biasedSuffix: string;
  meaning: string;
}

export const arithmetics = {
  fixed: {
    code: 0,
    stages: 'fixed',
    suffix: '',
    biasedSuffix: '',
    meaning:
      'int8 activations and KV cache scaled on the fly, a 32-bit residual stream: the same bits everywhere.',
  },
  float: {
    code: 1,
    stages: 'float',
    suffix: '.f32',
    biasedSuffix: '.f32.biased',
    meaning: 'IEEE singles throughout, for comparison; the chip fuses multiply and add.',
  },
} as const satisfies Record<Arithmetic, ArithmeticRow>;

/** What a forward pass consists of, in order: each arithmetic's module exports these. */
export const stages = {
  embed: ['half', 'token', 'position'],
  project: ['half', 'layer', 'position'],
  attend: ['half', 'layer', 'position'],
  projectOut: ['half', 'layer'],
  feedForward: ['half', 'layer'],
  projectDown: ['half', 'layer'],
  embedLayer: ['half', 'behind', 'token'],
  classify: ['half'],
} as const;

export interface FormatRow {
  code: number;
  arithmetic: Arithmetic;
  meaning: string;
  /** Columns of a row are padded to a multiple of this. */
  columns: number;
  /** Bytes of a row of `columns` (padded) columns; rows may lie in blocks, of which parts then begin at one. */
  rowBytes: string;
  /** Bytes of a row's scales. */
  scaleBytes: string;
  /** Kernels that multiply: for vectors of the model's dim, and of its hidden size. */
  kernels: { dim: string; hidden: string };
}

/** Matrix formats; `--precision` names one. */
export const formats = {
  int8: {
    code: 0,
    arithmetic: 'fixed',
    meaning:
      "Symmetrical int8 in blocks of 16 rows, column by column; a row's scale is an s16 relative to its matrix's largest.",
    columns: 16,
    rowBytes: 'columns',
    scaleBytes: '2',
    kernels: { dim: 'matvec_dim', hidden: 'matvec_hidden' },
  },
  int4: {
    code: 2,
    arithmetic: 'fixed',
    meaning:
      "Two weights a byte in blocks of 16 rows: for every group of at most `int4Group` columns its pairs of columns, then its rows' s8 scales in 2^-7 of the row's scale, which is as in int8 (device/kernels/matvec4.ts).",
    columns: 16,
    rowBytes: '(columns >> 1) + (columns + int4Group - 1) / int4Group',
    scaleBytes: '2',
    kernels: { dim: 'matvec4_dim', hidden: 'matvec4_hidden' },
  },
  int5: {
    code: 3,
    arithmetic: 'fixed',
    meaning:
      "Three weights in two bytes in blocks of 16 rows: for every group of at most 48 columns its bytes, then its rows' s8 scales, as in int4 (device/kernels/matvec5.ts). Where matrices differ in format.",
    columns: 16,
    rowBytes: '(2 * columns + 2) / 3 + (columns + 47) / 48',
    scaleBytes: '2',
    kernels: { dim: 'matvec5_dim', hidden: 'matvec5_hidden' },
  },
  f32: {
    code: 1,
    arithmetic: 'float',
    meaning: 'Rows of IEEE singles.',
    columns: 4,
    rowBytes: '4 * columns',
    scaleBytes: '0',
    kernels: { dim: 'matvec_f32', hidden: 'matvec_f32' },
  },
} as const satisfies Record<string, FormatRow>;

export type Format = keyof typeof formats;

/** File in dist/device of the program that computes with such matrices: `main.chip`, `main.host` or `transformer`. */
export const deviceProgram = (
  program: 'main.chip' | 'main.host' | 'transformer',
  format: Format,
  isBiased = false,
): `${typeof program}${(typeof arithmetics)[Arithmetic]['suffix' | 'biasedSuffix']}.wasm` =>
  `${program}${arithmetics[formats[format].arithmetic][isBiased ? 'biasedSuffix' : 'suffix']}.wasm`;
