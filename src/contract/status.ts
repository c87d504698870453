/** How the last story went: words that the console's /stats, a debugger and the simulator's harness read. */
import { field } from './structure.ts';

export const status = {
  meaning: 'How the last story went, and what the program is doing (config.status).',
  unit: 64,
  fields: {
    phase: field('u32', 'An index of phases.'),
    passes: field('u32', 'Passes through the model, one a position.'),
    promptTokens: field('u32', 'Tokens of the prompt, BOS included.'),
    ending: field('u32', 'An index of endings.'),
    firstCycles: field('u32', 'Cycles of the first pass that was not spared.'),
    lastCycles: field('u32', 'Cycles of the last pass.'),
    totalCycles: field('u64', 'All passes together, sampling and printing included.'),
    digest: field('u64', 'FNV-1a over the tokens.'),
    seed: field('u64', 'The seed that drew it.'),
    stories: field('u32', 'Stories told since boot.'),
    drafted: field('u32', 'Tokens that were guessed ahead.'),
    accepted: field('u32', 'How many of them the story took.'),
    reused: field('u32', 'Positions of the prompt whose keys and values were there from the story before.'),
  },
} as const;

/** Names with their meanings; a word holds the index. */
export const phases = {
  boot: 'Not ready yet.',
  ready: 'Waits for a line.',
  telling: 'A story is being told.',
  panic: 'An exception was taken.',
} as const;

export const endings = {
  none: 'No story has ended yet.',
  finished: 'The model closed the story (BOS).',
  limit: 'The token limit or the context is used up.',
  stopped: 'Ctrl-C.',
  complete: 'The grammar allows nothing more.',
  severed: 'Other boards of the model did not answer.',
} as const;

/** What the two cores tell each other (config.teamwork). */
export const teamwork = {
  meaning: 'Barrier counts, the posted pass, and what the sampler exchanges (config.teamwork).',
  unit: 32,
  fields: {
    barriers: field('u32', "Each core's barriers so far, written by that core alone.", 2),
    jobToken: field('u32', 'Token of the posted pass.'),
    jobPosition: field('u32', 'Its position.'),
    jobTemperature: field('f32', 'Its temperature; 0 where nothing is drawn.'),
    jobPenalty: field('f32', 'Its repetition penalty; 1 where nothing is lowered.'),
    jobCount: field(
      'u32',
      'Positions of the posted pass; more than one: their tokens are in the lanes; 0: no pass, but the logits of a lane; -1: a pass of the model that guesses.',
    ),
    jobCertain: field(
      'u32',
      'Of several positions, those whose tokens the story has; the others are guessed.',
    ),
    jobLane: field('u32', 'Where there is no pass: the lane whose logits are wanted.'),
    jobScored: field('u32', '0 where nobody asks what follows: the classifier is left out.'),
    jobGrammar: field('u32', "The grammar's state, whose tokens are allowed; 0: all."),
    jobLeft: field('u32', 'Tokens that may still be told, this one included.'),
    tiles: field(
      'u32',
      'Tiles of weights that each core has brought into the cache, in passes of several positions.',
      2,
    ),
    largest: field('f32', "Float arithmetic: largest logit of each core's half.", 2),
  },
} as const;

/** What the exception vectors save of a core (config.panicFrames). */
export const panicFrame = {
  meaning: 'What the exception vectors save before they call `panic`.',
  unit: 4,
  fields: {
    core: field('u32', 'Number of the core.'),
    vector: field('u32', 'Return address of the call in the vector.'),
    cause: field('u32', 'EXCCAUSE.'),
    pc: field('u32', 'EPC1.'),
    address: field('u32', 'EXCVADDR.'),
    ps: field('u32', 'PS.'),
    sar: field('u32', 'SAR.'),
    depc: field('u32', 'DEPC: the address of a double exception.'),
    registers: field('u32', 'a0 ... a15.', 16),
  },
} as const;

/** The hidden units of a half whose gate is not zero (behind config.hidden). */
export const activeList = {
  meaning: 'Hidden units of a half that are not zero, and what kernels must know of them.',
  unit: 16,
  fields: {
    count: field('i32', 'Active units; their u16 numbers within the half follow this header, in order.'),
    columns: field('i32', 'Of a row of the up matrix.'),
    shift: field('i32', 'Right shift of its products.'),
    units: field('i32', 'Hidden units of the half, active or not.'),
  },
} as const;

/** What the attention kernel must know beside its arguments; in a core's scratch. */
export const attentionJob = {
  meaning: 'What all heads of a core have in common, for the attention kernel.',
  unit: 16,
  fields: {
    headSize: field('i32', 'Components of a head.'),
    odd: field('u32', "From even components of a head's query to its odd ones, in bytes."),
    values: field('u32', "From a head's keys to its values, in bytes."),
    stride: field('u32', "From a head's keys to the next head's, in bytes."),
    scores: field('address', 's8 (context), for the kernel to work in; the 16 bytes before are its, too.'),
    kvHeads: field('i32', 'Heads of keys and values.'),
    heads: field('i32', 'Heads that share them.'),
    ahead: field('i32', "Of the first head's number times kvHeads, what dividing by `heads` leaves."),
    shift: field('i32', 'Right shift of the products of query and key, 0 to 16.'),
    lifts: field(
      'address',
      "s16 (count): what was added to each head's scores last, so that they fit bytes. No result depends on it.",
    ),
  },
} as const;

/** FNV-1a over token ids as little-endian words, 64 bits (Fowler, Noll, Vo; RFC 9923). */
export const digest = { offsetBasis: 0xcbf29ce484222325n, prime: 0x100000001b3n } as const;

/** What RMSNorm leaves behind: the s16 vector follows this header. */
export const normed = {
  meaning: 'What is known of a normed vector.',
  unit: 16,
  fields: {
    shift: field('i32', 'Right shift of the residual stream.'),
    squares: field('i32', 'Sum of its squares, shifted, divided by 2^8.'),
  },
} as const;

/** What a row of per-layer embeddings begins with: its s8 components follow. */
export const layerRow = {
  meaning: 'What a row of per-layer embeddings begins with; its s8 (dim) follow.',
  unit: 16,
  fields: {
    mantissa: field('i32', 'Of one unit of the row, in 2^-8 of the residual stream: 15 bits.'),
    shift: field('i32', 'Right shift of the products with it, 0 to 31.'),
  },
} as const;
