/**
 * The kernels: what each takes and gives, and which registers it leaves changed. Hand-written code (src/kernels) and portable
 * twins (device/kernels) both have these signatures; arguments are in a2 to a7, a result in a2, a12 to a15 and a1 survive.
 */
import type { Arithmetic } from './sizes.ts';

export interface Parameter {
  type: 'address' | 'i32';
  /** Of what lies at an address. */
  access?: 'read' | 'write' | 'change';
  meaning: string;
}

export interface KernelRow {
  arithmetic: Arithmetic;
  meaning: string;
  parameters: Readonly<Record<string, Parameter>>;
  /** What an i32 result is; none if absent. */
  result?: string;
  /**
   * All that may differ after the call, beside memory, a0 and the result: address registers, vector and float registers (ranges),
   * states of the core. src/kernels proves that the code keeps to it.
   */
  clobbers: string;
}

const reads = (meaning: string): Parameter => ({ type: 'address', access: 'read', meaning });
const writes = (meaning: string): Parameter => ({ type: 'address', access: 'write', meaning });
const changes = (meaning: string): Parameter => ({ type: 'address', access: 'change', meaning });
const i32 = (meaning: string): Parameter => ({ type: 'i32', meaning });

const product = {
  weights: reads('s8 (rows / 16, columns, 16)'),
  x: reads('s8 (columns), no longer than the bound of the matrix'),
  columns: i32('a multiple of 16'),
  y: writes('s16 (rows)'),
  rows: i32('a multiple of 16, not 0'),
  shift: i32('of the sums, 1 to LARGEST_SHIFT'),
} as const;

const product4 = {
  ...product,
  weights: reads('int4 (rows / 16, groups): pairs of columns of 16 bytes each, then s8 (16)'),
  x: reads('s8 (columns)'),
  shift: i32('of the sums of a group, 1 to LARGEST_SHIFT'),
} as const;

const product5 = {
  ...product4,
  weights: reads(
    'int5 (rows / 16, groups): threes of columns of 32 bytes each, columns that are left of 16, then s8 (16)',
  ),
} as const;

const gated = {
  y: reads('s16 (2n): gate rows, then up rows'),
  scale: reads('s16 (2n)'),
  out: writes('s32 (n)'),
  n: i32('a multiple of 8'),
  mantissa: i32('of the factor that leads to the unit of the gate'),
  shift: i32('its shift, 0 to 31'),
} as const;

export const kernels = {
  matvec_dim: {
    arithmetic: 'fixed',
    meaning: 'y = 2 round(W x / 2^shift), half up, for vectors of the dim.',
    parameters: product,
    clobbers: 'a2-a6 a8-a10 q0-q7 qacc sar loop',
  },
  matvec_hidden: {
    arithmetic: 'fixed',
    meaning: 'The same for vectors of the hidden size.',
    parameters: product,
    clobbers: 'a2-a6 a8-a10 q0-q7 qacc sar loop',
  },
  matvec4_dim: {
    arithmetic: 'fixed',
    meaning:
      'y = sum over groups of round(W x / 2^shift) * scale / 2^7, all of it saturating at 16 bits, for vectors of the dim.',
    parameters: product4,
    clobbers: 'a2-a6 a8-a11 q0-q7 qacc sar',
  },
  matvec4_hidden: {
    arithmetic: 'fixed',
    meaning: 'The same for vectors of the hidden size.',
    parameters: product4,
    clobbers: 'a2-a6 a8-a11 q0-q7 qacc sar',
  },
  matvec5_dim: {
    arithmetic: 'fixed',
    meaning: 'As matvec4_dim, for weights of 5 1/3 bits.',
    parameters: product5,
    clobbers: 'a2-a6 a8-a11 q0-q7 qacc sar',
  },
  matvec5_hidden: {
    arithmetic: 'fixed',
    meaning: 'The same for vectors of the hidden size.',
    parameters: product5,
    clobbers: 'a2-a6 a8-a11 q0-q7 qacc sar',
  },
  normalize: {
    arithmetic: 'fixed',
    meaning:
      'RMSNorm without its division, then int8: t = (x >> shift) * gain / 2^15 with the smallest shift that leaves 15 bits of x, q = round(t * 127 / max|t|).',
    parameters: {
      x: reads('s32 (n)'),
      gain: reads('s16 (n)'),
      out: writes('a normed vector: shift, sum of (x >> shift)^2 divided by 2^8, then t'),
      q: writes('s8 (n)'),
      n: i32('a multiple of 16, at most LARGEST_DIM'),
      bound: i32('of the sum of q^2'),
    },
    result: 'max|t|, at least 1; negative where the sum of q^2 is above the bound',
    clobbers: 'a2-a5 a8-a11 q0-q7 accx sar loop',
  },
  quantize_bounded: {
    arithmetic: 'fixed',
    meaning: 'For what a matrix reads: q = round(t * limit / max|t|), by a 15-bit reciprocal.',
    parameters: {
      t: reads('s16 (n)'),
      q: writes('s8 (n)'),
      n: i32('a multiple of 16'),
      limit: i32('at most 127'),
      bound: i32('of the sum of q^2'),
    },
    result: 'max|t|, at least 1; negative where the sum of q^2 is above the bound',
    clobbers: 'a2-a3 a8-a11 q0-q5 accx sar loop',
  },
  quantize_wide: {
    arithmetic: 'fixed',
    meaning: 'The same for 32 bits: t = x >> shift with the smallest shift that leaves 15 bits.',
    parameters: {
      x: reads('s32 (n), at most 2^30 in magnitude'),
      q: writes('s8 (n)'),
      n: i32('a multiple of 16'),
      limit: i32('at most 127'),
      bound: i32('of the sum of q^2'),
    },
    result: 'max|t| << shift, at least 1; negative where the sum of q^2 is above the bound',
    clobbers: 'a2-a4 a8-a11 q0-q7 accx sar loop',
  },
  largest_s16: {
    arithmetic: 'fixed',
    meaning: 'The largest magnitude of a vector.',
    parameters: { t: reads('s16 (n)'), n: i32('a multiple of 16') },
    result: 'max|t|, at least 1',
    clobbers: 'a2-a3 a8 q0-q3 loop',
  },
  quantize_by: {
    arithmetic: 'fixed',
    meaning: 'q = round((t * mantissa >> shift) / 2^8), saturating.',
    parameters: {
      t: reads('s16 (n)'),
      q: writes('s8 (n)'),
      n: i32('a multiple of 16'),
      mantissa: i32('15 bits'),
      shift: i32('0 to 31'),
    },
    clobbers: 'a2-a5 q0-q3 qacc loop',
  },
  quantize_rows: {
    arithmetic: 'fixed',
    meaning: 'q = 128 + round(((y * scale / 2^15) * mantissa >> shift) / 2^8), saturating.',
    parameters: {
      y: reads('s16 (n)'),
      scale: reads('s16 (n)'),
      q: writes('u8 (n)'),
      n: i32('a multiple of 16'),
      mantissa: i32('15 bits'),
      shift: i32('0 to 31'),
    },
    clobbers: 'a2-a6 q0-q5 qacc sar loop',
  },
  add_residual: {
    arithmetic: 'fixed',
    meaning: 'x += (y * scale / 2^15) * mantissa >> shift, saturating.',
    parameters: {
      y: reads('s16 (n)'),
      scale: reads('s16 (n)'),
      x: changes('s32 (n)'),
      n: i32('a multiple of 16'),
      mantissa: i32('15 bits'),
      shift: i32('0 to 31'),
    },
    clobbers: 'a2-a5 a8 q0-q5 sar loop',
  },
  add_row: {
    arithmetic: 'fixed',
    meaning: 'x += 2^8 row * mantissa >> shift, saturating.',
    parameters: {
      row: reads('s8 (n)'),
      x: changes('s32 (n)'),
      n: i32('a multiple of 16'),
      mantissa: i32('15 bits'),
      shift: i32('0 to 31'),
    },
    clobbers: 'a2-a4 a8 q0-q5 sar loop',
  },
  set_row: {
    arithmetic: 'fixed',
    meaning: 'x = 2^8 row * mantissa >> shift.',
    parameters: {
      row: reads('s8 (n)'),
      x: writes('s32 (n)'),
      n: i32('a multiple of 16'),
      mantissa: i32('15 bits'),
      shift: i32('0 to 31'),
    },
    clobbers: 'a2-a4 q0-q4 sar loop',
  },
  logits_s32: {
    arithmetic: 'fixed',
    meaning: 'out = y * scale, exact.',
    parameters: {
      y: reads('s16 (n)'),
      scale: reads('s16 (n)'),
      out: writes('s32 (n)'),
      n: i32('a multiple of 16'),
    },
    result: 'the largest',
    clobbers: 'a2-a5 a8 q0-q6 sar loop',
  },
  largest_s32: {
    arithmetic: 'fixed',
    meaning: 'The largest of a vector.',
    parameters: { x: reads('s32 (n)'), n: i32('a multiple of 16') },
    result: 'the largest',
    clobbers: 'a2-a3 a8 q0-q2 loop',
  },
  find_s32: {
    arithmetic: 'fixed',
    meaning: 'Looks for the first element that is `value`, which is there.',
    parameters: { x: reads('s32 (n)'), n: i32('a multiple of 16'), value: i32('what is looked for') },
    result: 'its index',
    clobbers: 'a2-a3 a8-a10 q0-q2 accx loop',
  },
  gather_above: {
    arithmetic: 'fixed',
    meaning: 'Moves the elements above `cut` to the front, in order, and writes their numbers.',
    parameters: {
      x: changes('s32 (n)'),
      n: i32('a multiple of 16'),
      cut: i32('what they must exceed'),
      ids: writes('u16 (n)'),
      first: i32('number of the first element'),
    },
    result: 'how many there are',
    clobbers: 'a2-a6 a8-a11 q0-q6 accx sar loop',
  },
  exponentials: {
    arithmetic: 'fixed',
    meaning:
      "Weights: out = round(2^15 e^u), nearly, u = ((x - largest) >> shift) * mantissa >> 14 in the exponential's units.",
    parameters: {
      x: reads('s32 (16 * groups)'),
      out: writes('s16 (16 * groups); may begin where x does'),
      groups: i32('of 16'),
      largest: i32('of x'),
      shift: i32('0 to 31: so that the differences have 16 bits'),
      mantissa: i32('below 2^15'),
    },
    clobbers: 'a2-a3 a8 q0-q7 sar loop',
  },
  mass_from: {
    arithmetic: 'fixed',
    meaning: 'Sum of the weights from a threshold on.',
    parameters: {
      weights: reads('s16 (16 * groups), none negative'),
      groups: i32('of 16'),
      threshold: i32('1 or more'),
    },
    result: 'the sum',
    clobbers: 'a2 a4 q0-q4 accx loop',
  },
  top_mass: {
    arithmetic: 'fixed',
    meaning:
      'Bisects for the fewest weights, largest first, whose sum is at least `target`; equal ones go together.',
    parameters: {
      weights: reads('s16 (16 * groups), none negative'),
      groups: i32('of 16'),
      target: i32('at most the sum of all'),
    },
    result: 'the threshold from which on they are',
    clobbers: 'a2 a5-a11 q0-q4 accx loop',
  },
  top_count: {
    arithmetic: 'fixed',
    meaning: 'The same for the fewest weights whose number is at least `target`.',
    parameters: {
      weights: reads('s16 (16 * groups), none negative'),
      groups: i32('of 16'),
      target: i32('1 or more'),
    },
    result: 'the threshold from which on they are',
    clobbers: 'a2 a5-a11 q0-q4 accx loop',
  },
  pick: {
    arithmetic: 'fixed',
    meaning: 'Looks for the weight from a threshold on at which the sum of those so far exceeds `target`.',
    parameters: {
      weights: reads('s16, to the end of a group of 16'),
      threshold: i32('1 or more'),
      target: i32('below the sum of all from the threshold on'),
    },
    result: 'its index',
    clobbers: 'a2 a4 a8-a10 q0-q4 accx',
  },
  rope: {
    arithmetic: 'fixed',
    meaning: "Scales the rows of a query or key block and rotates its pairs by the position's angles.",
    parameters: {
      y: reads('s16 (2n): even members of all pairs, then the odd ones'),
      scale: reads('s16 (2n)'),
      angles: reads('s16 (2n): cosines, then sines, in units of 2^-15'),
      out: writes('s16 (2n): as `y`, which it may be'),
      n: i32('a multiple of 8'),
    },
    clobbers: 'a2-a6 a8-a11 q0-q5 sar loop',
  },
  rescale_keys: {
    arithmetic: 'fixed',
    meaning: 'k = round(k * factor / 2^7): keys in a larger unit.',
    parameters: { k: changes('s8 (n)'), n: i32('a multiple of 16'), factor: i32('0 to 127') },
    clobbers: 'a2-a3 a8-a9 q0-q2 qacc loop',
  },
  attention: {
    arithmetic: 'fixed',
    meaning:
      'Attention of heads that follow one another: scores, their exponentials, and the mean of the values.',
    parameters: {
      queries: reads('s8: even components of the first head, limited to queryLimit()'),
      keys: reads('s8 (group, headSize, 16): of the head that it reads'),
      out: writes('s16 (count, headSize)'),
      count: i32('of heads'),
      positions: i32('1 or more'),
      job: reads('an attention job'),
    },
    clobbers: 'a2-a6 a8-a11 q0-q7 accx qacc sar sar_byte loop',
  },
  swiglu: {
    arithmetic: 'fixed',
    meaning: 'out = silu(gate) * up.',
    parameters: gated,
    clobbers: 'a2-a4 a6 a8-a11 q0-q7 sar',
  },
  reglu: {
    arithmetic: 'fixed',
    meaning: 'out = relu(gate) * up.',
    parameters: gated,
    clobbers: 'a2-a5 a8-a10 q0-q6 sar loop',
  },
  bias_rows: {
    arithmetic: 'fixed',
    meaning: 'y = ((y * scale / 2^15) * mantissa >> shift) + bias, all of it saturating.',
    parameters: {
      y: changes('s16 (n)'),
      scale: reads('s16 (n)'),
      bias: reads('s16 (n)'),
      n: i32('a multiple of 16'),
      mantissa: i32('15 bits'),
      shift: i32('0 to 31'),
    },
    clobbers: 'a2-a5 a8 q0-q6 qacc sar loop',
  },
  gelu: {
    arithmetic: 'fixed',
    meaning: 'out = gelu(y), both in units of 2^-PLAIN_BITS.',
    parameters: {
      y: reads('s16 (n)'),
      out: writes('s16 (n)'),
      n: i32('a multiple of 16'),
    },
    clobbers: 'a2-a4 a8 q0-q7 sar loop',
  },
  relu_list: {
    arithmetic: 'fixed',
    meaning: 'y = relu(gate) * mantissa >> shift, and the list of the units where it is above zero.',
    parameters: {
      y: changes('s16 (n): gate rows'),
      scale: reads('s16 (n)'),
      list: changes('an active list: count and numbers'),
      n: i32('a multiple of 16'),
      mantissa: i32('of the factor that leads to the unit of the gate'),
      shift: i32('its shift, 0 to 31'),
    },
    clobbers: 'a3-a6 a8-a10 q0-q7 accx sar',
  },
  matvec_active: {
    arithmetic: 'fixed',
    meaning:
      'out[k] = gates[u] * (2 round(W[u] x / 2^shift) * scale[u] / 2^15) for u = list[k]; zeros behind.',
    parameters: {
      weights: reads('s8 (units, columns)'),
      x: reads('s8 (columns)'),
      list: reads('an active list'),
      gates: reads('s16 (units)'),
      scale: reads('s16 (units)'),
      out: writes('s32 (units)'),
    },
    clobbers: 'a3-a4 a7-a11 q0-q7 accx sar loop',
  },
  add_columns: {
    arithmetic: 'fixed',
    meaning: 'sums += W x over the columns that a list names.',
    parameters: {
      weights: reads(
        "s8 (units, columns of the list): of each unit what the rows have, from the first row's on",
      ),
      x: reads('s8 (count): what the listed units hold, one behind the other'),
      list: reads('an active list'),
      sums: changes('QACC (rows / 16), 64 bytes each'),
      rows: i32('a multiple of 16, not 0'),
    },
    clobbers: 'a3-a4 a6-a11 q0-q1 qacc loop',
  },
  read_columns: {
    arithmetic: 'fixed',
    meaning: 'y = 2 round(sums / 2^shift).',
    parameters: {
      sums: reads('QACC (rows / 16), 64 bytes each'),
      y: writes('s16 (rows)'),
      rows: i32('a multiple of 16, not 0'),
      shift: i32('of the sums, 1 to LARGEST_SHIFT'),
    },
    clobbers: 'a2-a4 a8-a11 q0-q4 qacc sar loop',
  },
  matvec_f32: {
    arithmetic: 'float',
    meaning: 'y = W x.',
    parameters: {
      weights: reads('f32 (rows, columns)'),
      x: reads('f32 (columns)'),
      columns: i32('a multiple of 4'),
      y: writes('f32 (rows)'),
      rows: i32('1 or more'),
    },
    clobbers: 'a2 a4-a6 a8 f0-f11 flags loop',
  },
} as const satisfies Record<string, KernelRow>;

export type KernelName = keyof typeof kernels;
export type ParameterOf<N extends KernelName> = keyof (typeof kernels)[N]['parameters'] & string;
