/** What boards are asked for, whichever shape the request came in. */
import type { SettingValues } from '../contract/index.ts';
import type { Turn } from '../model/index.ts';
import type { StartEvent, TokenEvent } from '../serial/index.ts';

/** A packed grammar for boards with one vocabulary. */
export interface BoundGrammar {
  packed: Uint8Array;
  /** Of `packed`: FNV-1a, 64 bits, hexadecimal. */
  digest: string;
  /** As boards tell it (ReadyEvent). */
  vocabulary: string;
}

export interface TellRequest {
  /** One line, as the board's console takes it. */
  prompt: string;
  /** How tokens are chosen; what is not given is as a board starts. */
  sampling: SettingValues;
  /** The same seed tells the same story; above 0. */
  seed: bigint;
  /** Positions at most, the prompt included; 0: the context. With `turns`: tokens of the answer at most; 0: as many as there is room for. */
  tokens: number;
  /** A conversation, the last turn the user's, in place of the prompt: for boards whose image has a template. */
  turns?: readonly Turn[];
  /** A board of this model; undefined: any. */
  model?: string;
  /** What the text must be; without it, what the board's image says. */
  grammar?: BoundGrammar;
  /** Names of boards that must not tell it; whoever tells it is added. For the boards of one machine. */
  apart?: Set<string>;
}

/** Receives each token, those of the prompt first: `start` says how many they are, BOS included. */
export type OnToken = (token: TokenEvent, start: StartEvent | undefined) => void;
