/** A grammar as the device reads it (src/contract/grammar.ts). */
import { grammarNote, grammarPin, grammarState, offsetOf, structureBytes } from '../contract/index.ts';
import type { TokenAutomaton, TokenState } from './tokens.ts';

const STATE_BYTES = structureBytes(grammarState);
const TOKENS = offsetOf(grammarState, 'tokens');
const COUNT = offsetOf(grammarState, 'count');
const DISTANCE = offsetOf(grammarState, 'distance');
const NOTE = offsetOf(grammarState, 'note');
const NOTE_BYTES = structureBytes(grammarNote);
const FAVOURED = offsetOf(grammarNote, 'favoured');
const FAVOUR = offsetOf(grammarNote, 'favour');
const ANSWERS = offsetOf(grammarNote, 'answers');
const PINS = offsetOf(grammarNote, 'pins');
const PIN_BYTES = structureBytes(grammarPin);
const TEXT_BYTES = offsetOf(grammarNote, 'textBytes');

/** What an answer does to a pin: its line's fingerprint, then as the contract has it. */
export interface PackedPin {
  answer: bigint;
  gpio: number;
  action: number;
  value: number;
}

type Piece = { at: number; bytes: Uint8Array };

/**
 * States, then their tokens and notes; states with the same ones share them. `ends`: the tokens that end a text. `answers`: prompts are
 * requests, see the contract.
 */
export function packGrammar(
  { states }: TokenAutomaton,
  ends: readonly number[],
  { answers = false, pins = [] }: { answers?: boolean; pins?: readonly PackedPin[] } = {},
): Uint8Array {
  const all: TokenState[] = [
    ...states,
    { tokens: new Uint16Array(0), next: new Uint16Array(0), distance: 0, accepting: false },
  ];
  const pieces = new Map<string, Piece>();
  let end = STATE_BYTES * all.length;
  const place = (bytes: Uint8Array): number => {
    const key = bytes.join();
    let piece = pieces.get(key);
    if (piece === undefined) {
      pieces.set(key, (piece = { at: end, bytes }));
      end += (bytes.length + 3) & ~3;
    }
    return piece.at;
  };
  const rows = all.map((state, number) => {
    const words = wordsOf(state, ends, states.length);
    const isFirst = answers && number === 0;
    const note = noteOf(state, isFirst, isFirst && pins.length > 0 ? place(pinTable(pins)) : 0);
    return { state, count: words.length, tokens: place(bytesOf(words)), note: note ? place(note) : 0 };
  });
  const bytes = new Uint8Array(end);
  const view = new DataView(bytes.buffer);
  rows.forEach(({ state, count, tokens, note }, number) => {
    const at = STATE_BYTES * number;
    view.setUint32(at + TOKENS, tokens, true);
    view.setUint32(at + COUNT, count, true);
    view.setUint32(at + DISTANCE, state.distance, true);
    view.setUint32(at + NOTE, note, true);
  });
  for (const piece of pieces.values()) bytes.set(piece.bytes, piece.at);
  return bytes;
}

/** A word for each token that is allowed, ids ascending; `last`: the state behind a token that ends a text. */
function wordsOf({ tokens, next, accepting }: TokenState, ends: readonly number[], last: number): number[] {
  const entries = Array.from(tokens, (token, i): [number, number] => [token, next[i]]);
  if (accepting && entries.length > 0) for (const token of new Set(ends)) entries.push([token, last]);
  return entries.sort((a, b) => a[0] - b[0]).map(([token, to]) => token + to * 0x10000);
}

function bytesOf(words: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * words.length));
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word, true);
  return new Uint8Array(view.buffer);
}

function pinTable(pins: readonly PackedPin[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 + PIN_BYTES * pins.length));
  view.setUint32(0, pins.length, true);
  pins.forEach(({ answer, gpio, action, value }, i) => {
    const at = 4 + PIN_BYTES * i;
    view.setBigUint64(at + offsetOf(grammarPin, 'answer'), answer, true);
    view.setUint32(at + offsetOf(grammarPin, 'gpio'), gpio, true);
    view.setUint32(at + offsetOf(grammarPin, 'action'), action, true);
    view.setUint32(at + offsetOf(grammarPin, 'value'), value, true);
  });
  return new Uint8Array(view.buffer);
}

function noteOf({ text, favoured }: TokenState, answers: boolean, pins: number): Uint8Array | undefined {
  if (text === undefined && favoured === undefined && !answers) return undefined;
  const printed = new TextEncoder().encode(text ?? '');
  const bytes = new Uint8Array(NOTE_BYTES + printed.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(FAVOURED, favoured?.token ?? -1, true);
  view.setFloat32(FAVOUR, favoured?.nats ?? 0, true);
  view.setUint32(ANSWERS, Number(answers), true);
  view.setUint32(PINS, pins, true);
  view.setInt32(TEXT_BYTES, text === undefined ? -1 : printed.length, true);
  bytes.set(printed, NOTE_BYTES);
  return bytes;
}
