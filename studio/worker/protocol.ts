/** What the page asks of its Worker, and what it hears: everything that computes for longer than a frame happens there. */
import type { EnergyEstimate, MemoryMap, ProfileRow } from '../../src/firmware/index.ts';

export interface Question {
  /** Id in the table of boards. */
  board: string;
  precision: 'int8' | 'f32';
  prompt: string;
  temperature: number;
  topp: number;
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

/** Calls by name: what goes in, what comes out. */
export interface LabCalls {
  tell(question: Question): void;
}

/** What a call says before it is over. */
export interface LabEvents {
  tell: StoryEvent;
}

export type CallName = keyof LabCalls;

export type Request =
  | { id: number; name: CallName; input: unknown }
  /** Ends a call early; it still answers. */
  | { id: number; stop: true };

export type Reply =
  | { id: number; event: unknown }
  | { id: number; result: unknown }
  /** `isOurs`: one sentence for people; else a fault of this program. */
  | { id: number; error: string; isOurs: boolean };
