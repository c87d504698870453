import type { Format } from '../contract/index.ts';
import type { Int4Group, ModelConfig } from '../model/index.ts';

/** A piece of the packed model: the memory planner gives each an address. */
export interface Blob {
  name: string;
  bytes: Uint8Array;
  /** Bytes. */
  align: number;
  /**
   * `sram` only for what is read all the time and small; `any` may lie in flash or PSRAM as well; `flash` for large tables of which a token
   * reads a row.
   */
  memory: 'sram' | 'any' | 'flash';
  /** 32-bit words of this blob that hold the address of another. */
  references: readonly { offset: number; blob: string }[];
}

/** Working memory of the device program, zero when a story begins. */
export interface WorkingBuffer {
  /** Its address is handed to the device program as `config.NAME`. */
  name: string;
  bytes: number;
  align: number;
  /** `any` may lie in PSRAM. */
  memory: 'sram' | 'any';
  purpose: 'activations' | 'kv cache';
}

/** The format of the matrices; one is for models whose matrices differ in format. */
export type Precision = Exclude<Format, 'int5'>;

/** What a board has of a model that lies on several. */
export interface Part {
  /** Number of the board in the ring, and how many there are: 0 has the console and the classifier, 1 the embedding. */
  board: number;
  boards: number;
  /** Of the model's layers, how many, from which on. */
  layers: number;
  first: number;
  /** Layers of the whole model. */
  of: number;
  /** What all parts of a build have in common, 32 bits. */
  word: number;
  /** Bytes of the weights of the whole model. */
  bytes: number;
  /** Words of the residual stream that go between boards, and bytes that one mostly takes. */
  dim: number;
  componentBytes: number;
}

/** A model as the device program reads it, placed nowhere yet. */
export interface QuantizedModel {
  /** Where it is not a whole model. */
  part?: Part;
  config: ModelConfig;
  precision: Precision;
  /** What the precision is called: the format's name, or that of a mixture. */
  label: string;
  /** Numbers for the device program that do not depend on where anything lies, by the name after `config.`. */
  constants: Readonly<Record<string, number>>;
  /** The first blob is the record named `model`, which refers to the others; its address is `config.model`. */
  blobs: readonly Blob[];
  /** Working memory for a context of so many positions. */
  buffers(context: number): WorkingBuffer[];
  /** What a position keeps in a pass of several; 0 where there is no such pass. */
  laneBytes: number;
  /** Columns that the two matrix kernels are built for. */
  shape: KernelShape;
}

/** The int8 activations of a text that a matrix was multiplied by. */
export interface Seen {
  /** Sums of x x^T, lower triangle: (columns, columns), padded columns included. */
  products: Float64Array;
  /** Vectors that were summed up. */
  count: number;
}

/** By matrix, as its blob is called: `layer0.qkv`. */
export type Calibration = ReadonlyMap<string, Seen>;

/** What the hand-written kernels are specialised to, and the program in float arithmetic. */
export interface KernelShape {
  precision: Precision;
  /** Padded columns of the matrices that read a vector of the model's dim, a multiple of 16. */
  dim: number;
  /** The same for the hidden size. */
  hidden: number;
  headSize: number;
  /** Whether products have biases, for which the float arithmetic has a program of its own. */
  biased?: boolean;
  /** Columns of the largest group of int4 matrices; absent: 64. */
  int4Group?: Int4Group;
}
