/** Working memory: the buffers whose addresses a program imports, and what is in a core's scratch. */
import type { Arithmetic } from './sizes.ts';

export interface Region {
  /** A formula of sizes. */
  bytes: string;
  /** Element and shape, or what it is. */
  meaning: string;
}

export interface Buffer extends Region {
  purpose: 'activations' | 'kv cache';
}

const region = (bytes: string, meaning: string): Region => ({ bytes, meaning });
const buffer = (bytes: string, meaning: string): Buffer => ({ bytes, meaning, purpose: 'activations' });
const cache = (bytes: string, meaning: string): Buffer => ({ bytes, meaning, purpose: 'kv cache' });

/** One core's scratch, in order; each region begins where the one before ends, at a multiple of 16 from `attention` on. */
const fixedScratch = {
  activationScale: region('8', 'f32: real value of one unit of `activations`; a word is spare.'),
  queryFactor: region('8', 'f32 (half): real value of one unit of `queries`.'),
  logitUnit: region('8', 'f32: real value of one unit of `logits`; a word is spare.'),
  largestLogit: region('8', 'i32 (half): the largest logit of a half.'),
  largestTile: region('8', 'i32 (half): row at which the tile begins that holds it.'),
  candidateCount: region('8', 'i32 (half): logits that a half has gathered.'),
  attention: region('48', 'The attention job.'),
  activations: region('widest()', 's8 (widest vector).'),
  normed: region('16 + 2 * pad16(dim)', 'A normed vector: header and s16 (dim).'),
  outputs: region('2 * mostRows()', 's16 (most rows of a half).'),
  angles: region('4 * pairsOf(heads)', 's16 (2, pairs): cosines, sines.'),
  keyAngles: region('4 * pairsOf(kvHeads)', 's16 (2, key pairs).'),
  queries: region('8 * pairsOf(heads)', 's16 (half, 2, pairs).'),
  query: region('pad16(2 * pairsOf(heads))', 's8 (2, pairs).'),
  scores: region('16 + contextPadded()', 's8 (context) behind room for 16, then the weights.'),
  lifts: region('pad16(2 * layers * heads)', "s16 (layer, head): what was added to the head's scores last."),
  end: region('READ_AHEAD', 'Read and not used.'),
} as const;

const floatScratch = {
  vector: region('4 * pad4(dim)', 'f32 (dim).'),
  rows: region('4 * pad4(max(dim, hiddenDim))', 'f32 (dim or hidden).'),
  query: region('4 * pad4(headSize())', 'f32 (headSize).'),
  scores: region('4 * contextPadded()', 'f32 (context).'),
} as const;

export const scratch = { fixed: fixedScratch, float: floatScratch } as const satisfies Record<
  Arithmetic,
  Record<string, Region>
>;

/** Offset of a region of the fixed arithmetic's scratch before which all have known sizes. */
export function scratchOffset(name: keyof typeof fixedScratch): number {
  let offset = 0;
  for (const [region, { bytes }] of Object.entries(fixedScratch)) {
    if (region === name) return offset;
    offset += Number(bytes);
  }
  throw new Error(`contract: no region is called ${name}`);
}

const fixedBuffers = {
  residual: buffer('4 * pad16(dim) + 2 * READ_AHEAD', 's32 (dim), 18 fraction bits.'),
  hidden: buffer(
    '4 * gates * hiddenHalf() + 2 * READ_AHEAD + (zeros ? 2 * listBytes(hiddenHalf()) : 0)',
    "s32 (hidden), and behind it each half's list of active units; without gates s16 (hidden).",
  ),
  attention: buffer('2 * pad16(dim) + READ_AHEAD', 's16 (dim).'),
  scratch: buffer('2 * SCRATCH', "Both cores' scratch."),
  keyUnits: buffer(
    '16 * layers',
    "f32 (layer, half, 2): a key's unit, in those of a product's rows times activations, and its reciprocal.",
  ),
  logits: buffer(
    '4 * pad16(vocabulary) + READ_AHEAD',
    's32 (vocabulary): what the forward pass leaves behind, in units of `logitUnit`; the sampler gathers candidates in it.',
  ),
  keys: cache(
    'kvHeads * headSize() * (layers * contextPadded() - windowed * (contextPadded() - pad16(window))) + READ_AHEAD',
    's8 (layer, head, group of 16 positions, headSize, 16): layers of a window have groups for that alone.',
  ),
  values: cache(
    'kvHeads * headSize() * (layers * contextPadded() - windowed * (contextPadded() - pad16(window))) + 48 * headSize()',
    'u8, as `keys`, 128 more than they stand for; loads run two registers ahead, each a group of positions apart.',
  ),
} as const;

const floatBuffers = {
  residual: buffer('4 * pad4(dim)', 'f32 (dim).'),
  hidden: buffer('4 * pad4(hiddenDim)', 'f32 (hidden).'),
  attention: buffer('4 * pad4(dim)', 'f32 (dim).'),
  queries: buffer('4 * pad4(dim)', 'f32 (head, headSize).'),
  scratch: buffer('2 * SCRATCH', "Both cores' scratch."),
  logits: buffer('4 * pad4(vocabulary)', 'f32 (vocabulary): what the forward pass leaves behind.'),
  keys: cache(
    '4 * kvHeads * pad4(headSize()) * (layers * contextPadded() - windowed * (contextPadded() - pad4(window)))',
    'f32 (layer, head, position, headSize): layers of a window have positions for that alone.',
  ),
  values: cache(
    '4 * kvHeads * pad4(headSize()) * (layers * contextPadded() - windowed * (contextPadded() - pad4(window)))',
    'f32, as `keys`.',
  ),
} as const;

/** Every buffer; all are zero when the program starts. `SCRATCH` is the size of one core's scratch. */
export const buffers = { fixed: fixedBuffers, float: floatBuffers } as const satisfies Record<
  Arithmetic,
  Record<string, Buffer>
>;
