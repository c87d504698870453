/** What the page asks of its Worker, and what it hears: everything that computes for longer than a frame happens there. */
import type { Extra, PinState, RegisterChange } from '../../src/chip/index.ts';
import type { ExportedFunction } from '../../src/compiler/index.ts';
import type {
  EnergyEstimate,
  ExplainedFunction,
  Fit,
  MemoryMap,
  Prediction,
  ProfileRow,
} from '../../src/firmware/index.ts';
import type { ModelDescription, TokenizerRules } from '../../src/model/index.ts';
import type { Precision } from '../../src/quantize/index.ts';
import type { BoardNeeds, ControlLines, Expectation } from '../../src/serial/index.ts';
import type { Progress, RunState } from '../../src/train/index.ts';

export interface Question {
  /** Id in the table of boards. */
  board: string;
  /** Default: the model's own. */
  precision?: Precision;
  /** Positions of the image; default: as many as the board holds. */
  context?: number;
  prompt: string;
  temperature: number;
  topp: number;
  penalty: number;
  seed: number;
  /** Positions at most; default: the context. */
  tokens?: number;
}

/** One token of a story, as it comes. */
export interface ToldToken {
  id: number;
  /** What it prints. */
  text: string;
  /** Of its pass, sampling included; undefined where two passes fell between two looks. */
  cycles?: number;
  /** Whether the prompt says it. */
  given: boolean;
}

export interface Told {
  digest: string;
  tokens: ToldToken[];
  tokensPerSecond: { mean: number; first: number; last: number };
  energy: EnergyEstimate;
  /** Simulated seconds from power-on to the prompt sign. */
  bootSeconds: number;
  /** What the program drives in the end, the screen aside. */
  pins: PinState[];
  passes: number;
  ending: string;
  profile: ProfileRow[];
  image: ImageFacts;
  warnings: readonly string[];
}

export interface ImageFacts {
  board: string;
  model: string;
  context: number;
  /** MHz. */
  clock: number;
  imageBytes: number;
  flashBytes: number;
  memory: MemoryMap;
}

export type StoryEvent =
  | { kind: 'built'; image: ImageFacts }
  | { kind: 'console'; text: string }
  | { kind: 'tokens'; tokens: ToldToken[] }
  /** The story is over; its screen may have to catch up yet. */
  | { kind: 'told'; told: Told }
  /** `SCREEN_HEIGHT` rows of `SCREEN_WIDTH` bytes, 1 = lit. */
  | { kind: 'screen'; pixels: Uint8Array };

/** Where a model comes from: files that a person chose or the hub gave; by reference, they are read where they are needed. */
export type ModelSource = { kind: 'shipped' } | { kind: 'files'; name: string; files: readonly NamedFile[] };

export interface NamedFile {
  name: string;
  file: Blob;
}

/** What `inspect --json` says, the file's name and the boards aside; and the tokenizer in words. */
export interface ModelFacts extends ModelDescription {
  name: string;
  tokenizer: string;
}

/** What `inspect --json` says. */
export interface Report extends ModelDescription {
  file: string;
  tokenizer: TokenizerRules;
  fits: Fit[];
}

export type ImageChoice = Pick<Question, 'board' | 'precision' | 'context'>;

/** Calls of a Worker by name: what goes in, what comes out, and what is said meanwhile. */
export type Calls = Record<string, { input: unknown; result: unknown; event: unknown }>;

/** Tells stories. */
export type LabCalls = {
  open: { input: ModelSource; result: ModelFacts; event: never };
  /** Of the model that is open. */
  facts: { input: undefined; result: ModelFacts; event: never };
  tell: { input: Question; result: undefined; event: StoryEvent };
  /** Where the time of a token goes, by what the image moves. */
  predict: { input: ImageChoice; result: Prediction; event: never };
  /** The image itself, with what it needs of a board. */
  image: { input: ImageChoice; result: BuiltImage; event: never };
  /** What the simulator says to a question, for a board to be compared with. */
  expect: { input: Question; result: Expectation; event: never };
  /** The machine code of a function of the image. */
  list: { input: ImageChoice & { name: string }; result: CodeLine[]; event: never };
  /** Where the time of one token of a story went; undefined where it was stopped before. */
  explain: {
    input: { question: Question; index: number };
    result: ExplainedFunction[] | undefined;
    event: never;
  };
  /** The same of a story's first tokens, each as a line of the saved file; then the machine code of all functions. */
  explainAll: {
    input: { question: Question; count: number };
    result: Readonly<Record<string, readonly CodeLine[]>>;
    event: string;
  };
};

/** Plans for all boards: slow, and ended when it is done. */
export type PlannerCalls = {
  report: { input: ModelSource; result: Report; event: never };
  /** Why it does not fit. */
  refusal: { input: { source: ModelSource } & ImageChoice; result: string; event: never };
  /** The model with the pieces that a text uses, as a file. */
  prune: { input: { source: ModelSource; text: string }; result: Pruning; event: never };
};

export interface BuiltImage {
  /** Contents of the flash from address 0. */
  flash: Uint8Array<ArrayBuffer>;
  needs: BoardNeeds;
  facts: ImageFacts;
}

/** To the simulated board, and from it: what a serial line carries. */
export type ToBoard =
  | { start: { board: string; flashMegabytes?: number } }
  | { bytes: Uint8Array }
  | { lines: ControlLines };
export type FromBoard = { bytes: Uint8Array } | { pixels: Uint8Array } | { fault: string };

export interface CodeLine {
  address: number;
  text: string;
}

/** A token with its probability. */
export interface Piece {
  id: number;
  text: string;
  probability: number;
}

/** What the float32 model thinks before it says a token. */
export interface TokenLook {
  /** Of the token that was said. */
  probability: number;
  /** The ten likeliest. */
  top: Piece[];
  /** By layer: the likeliest, if that layer were the last one. */
  layers: Piece[][];
  /** By layer and head: weights (position + 1) of 0 to 255, the start token's first. */
  attention: Uint8Array[][];
}

export type InsideCalls = {
  look: { input: { source: ModelSource; tokens: readonly number[] }; result: undefined; event: TokenLook[] };
};

/** What a training run is asked for: kept with it. */
export interface RunRequest {
  text: string;
  preset: string;
  seconds: number;
  steps?: number;
}

/** A run that can go on. */
export type SavedRun = Omit<RunRequest, 'text'> & { characters: number };

export type CurvePoint = RunState['curve'][number];
export type { Progress };

export type TrainingEvent =
  | { kind: 'progress'; progress: Progress; threads: number }
  | { kind: 'sample'; text: string }
  /** Something went wrong without ending the run. */
  | { kind: 'problem'; text: string };

export type TrainerCalls = {
  saved: { input: undefined; result: SavedRun | undefined; event: never };
  train: {
    /** A file is read in the Worker. */
    input: Omit<RunRequest, 'text'> & { text: string | Blob; resume: boolean };
    result: { finished: boolean; curve: CurvePoint[]; source: ModelSource; characters: number };
    event: TrainingEvent;
  };
};

/** An instruction of the assembler corner, and what became of it. */
export interface CodeRow {
  address: number;
  /** In hexadecimal digits. */
  bytes: string;
  text: string;
  labels: readonly string[];
  /** Of the source text, counted from 1. */
  line: number | undefined;
  times: number;
  cycles: number;
  extras: readonly Extra[];
}

export interface ProgramReport {
  rows: CodeRow[];
  /** Where it called exit. */
  exitCode: number | undefined;
  cycles: number;
  instructions: number;
  /** How many instructions the rows tell of: the first ones. */
  explained: number;
  /** That hold something else than before. */
  registers: readonly RegisterChange[];
  /** What it wrote. */
  output: string;
  /** Of a WebAssembly function. */
  results: string[] | undefined;
}

export type ModuleFunction = ExportedFunction;

/** Assembles and runs kernels; ended where one takes too long. Events: the machine code, before it has run. */
export type AssemblerCalls = {
  assemble: { input: { source: string; registers: string }; result: ProgramReport; event: CodeRow[] };
  functions: { input: { bytes: Uint8Array }; result: ModuleFunction[]; event: never };
  invoke: {
    input: { bytes: Uint8Array; name: string; args: readonly string[] };
    result: ProgramReport;
    event: CodeRow[];
  };
};

export interface Pruning {
  source: ModelSource;
  /** Pieces. */
  before: number;
  after: number;
  /** Bytes of int8 weights. */
  saved: number;
  /** Bits a byte of the text's beginning, with the float model. */
  bits: { before: number; after: number };
}

export type Request =
  | { id: number; name: string; input: unknown }
  /** Ends a call early; it still answers. */
  | { id: number; stop: true };

export type Reply =
  | { id: number; event: unknown }
  | { id: number; result: unknown }
  /** `isOurs`: one sentence for people; else a fault of this program. */
  | { id: number; error: string; isOurs: boolean };
