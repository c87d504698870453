/**
 * llama2.c's tokenizer.bin and its byte-pair encoding (the algorithm of run.c `encode` and `decode`, which follows
 * SentencePiece's BPE): the text begins with a space, unknown characters fall back to bytes (id = byte + 3), and the
 * pair with the best score is merged until none is left.
 */
import { latin1 } from '../bytes.ts';
import { FailureError } from '../errors.ts';
import { byteReader } from './bytes.ts';

export const UNKNOWN_TOKEN = 0;
export const BOS_TOKEN = 1;
export const EOS_TOKEN = 2;
/** Token id of byte 0; the 256 byte pieces follow <unk>, <s> and </s>. */
export const FIRST_BYTE_TOKEN = 3;
/** No piece of any known tokenizer is near this long; above it the file is taken as damaged. */
const LONGEST_PIECE_BYTES = 4096;

export interface EncodeOptions {
  bos?: boolean;
  eos?: boolean;
}

/** What makes a tokenizer: plain data, which a Worker can be sent. */
export interface TokenizerPieces {
  /** Pieces by token id, as bytes of UTF-8. */
  vocabulary: Uint8Array[];
  /** Merge scores by token id; higher merges first. */
  scores: Float32Array;
  /** Longest piece in bytes, as the file says. */
  maxTokenLength: number;
}

export interface Tokenizer extends TokenizerPieces {
  /** Token ids of a text; BOS before it unless switched off. */
  encode(text: string | Uint8Array, options?: EncodeOptions): number[];
  /** Bytes that `token` prints after `previous`. */
  decode(previous: number, token: number): Uint8Array;
}

/** Reads tokenizer.bin. The file does not say how many pieces it has: `vocabularySize` comes from the model. */
export function loadTokenizer(bytes: Uint8Array, vocabularySize: number, name = 'tokenizer'): Tokenizer {
  const reader = byteReader(bytes, name);
  const maxTokenLength = reader.i32();
  if (maxTokenLength < 1 || maxTokenLength > LONGEST_PIECE_BYTES) {
    throw new FailureError(
      `${name}: says that its longest piece has ${maxTokenLength} bytes; is this a llama2.c tokenizer.bin?`,
    );
  }
  const vocabulary: Uint8Array[] = [];
  const scores = new Float32Array(vocabularySize);
  for (let id = 0; id < vocabularySize; id++) {
    if (reader.remaining === 0) {
      throw new FailureError(
        `${name}: has ${id} pieces and the model ${vocabularySize}; give the tokenizer that the model was trained with`,
      );
    }
    [scores[id]] = reader.floats(1, `the score of piece ${id}`);
    const length = reader.i32();
    if (length < 0 || length > maxTokenLength) {
      throw new FailureError(
        `${name}: piece ${id} claims ${length} bytes where the longest has ${maxTokenLength}; the file is damaged`,
      );
    }
    vocabulary.push(new Uint8Array(reader.int8s(length, `piece ${id}`).buffer));
  }
  if (reader.remaining > 0) {
    throw new FailureError(
      `${name}: has more than the model's ${vocabularySize} pieces (${reader.remaining} bytes left over); give the tokenizer that the model was trained with`,
    );
  }
  return createTokenizer(vocabulary, scores, maxTokenLength);
}

/** A tokenizer from its pieces and scores. */
export function createTokenizer(
  vocabulary: Uint8Array[],
  scores: Float32Array,
  maxTokenLength: number,
): Tokenizer {
  const ids = new Map<string, number>();
  // Latin-1 strings as keys: one character a byte. The first of equal pieces wins.
  vocabulary.forEach((piece, id) => {
    const key = latin1(piece);
    if (!ids.has(key)) ids.set(key, id);
  });
  const bytePieces = vocabulary.map(byteOfPiece);
  /** The piece of a byte; <unk> in a vocabulary that has none. */
  const byteToken = (byte: number): number =>
    bytePieces[byte + FIRST_BYTE_TOKEN] === byte ? byte + FIRST_BYTE_TOKEN : UNKNOWN_TOKEN;

  return {
    vocabulary,
    scores,
    maxTokenLength,
    encode(text, { bos = true, eos = false } = {}) {
      const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
      const tokens = mergePairs(splitCharacters(bytes, ids, byteToken), vocabulary, scores, ids);
      return [...(bos ? [BOS_TOKEN] : []), ...tokens, ...(eos ? [EOS_TOKEN] : [])];
    },
    decode(previous, token) {
      const piece = vocabulary[token];
      if (piece === undefined)
        throw new FailureError(`token ${token} is outside the vocabulary of ${vocabulary.length} pieces`);
      const byte = bytePieces[token];
      if (byte !== undefined) return Uint8Array.of(byte);
      return previous === BOS_TOKEN && piece[0] === 0x20 ? piece.subarray(1) : piece;
    },
  };
}

/** 65 for the piece `<0x41>`, undefined for any other. */
function byteOfPiece(piece: Uint8Array): number | undefined {
  const match = /^<0x([0-9A-Fa-f]{2})>$/.exec(piece.length === 6 ? latin1(piece) : '');
  return match ? Number.parseInt(match[1], 16) : undefined;
}

/** One token a UTF-8 character, or one a byte (<unk> where that is no piece either) where the character is none; a space goes before the text. */
function splitCharacters(
  bytes: Uint8Array,
  ids: ReadonlyMap<string, number>,
  byteToken: (byte: number) => number,
): number[] {
  if (bytes.length === 0) return [];
  const tokens = [ids.get(' ') ?? byteToken(0x20)];
  let start = 0;
  for (let end = 1; end <= bytes.length; end++) {
    const continues = end < bytes.length && (bytes[end] & 0xc0) === 0x80 && end - start < 4;
    if (continues) continue;
    const character = bytes.subarray(start, end);
    const id = ids.get(latin1(character));
    if (id === undefined) for (const byte of character) tokens.push(byteToken(byte));
    else tokens.push(id);
    start = end;
  }
  return tokens;
}

/**
 * Merges the neighbouring pair with the best score, the leftmost of equals, until no pair is a piece. A heap of
 * candidates over a linked list, so that a long text costs n log n and not the n squared of run.c.
 */
function mergePairs(
  tokens: number[],
  vocabulary: readonly Uint8Array[],
  scores: Float32Array,
  ids: ReadonlyMap<string, number>,
): number[] {
  const text = vocabulary.map(latin1);
  return mergeWith(tokens, (left, right) => ids.get(text[left] + text[right]), scores);
}

interface Candidate {
  score: number;
  left: number;
  right: number;
  leftToken: number;
  rightToken: number;
  merged: number;
}

function mergeWith(
  tokens: number[],
  mergedOf: (left: number, right: number) => number | undefined,
  scores: Float32Array,
): number[] {
  const next = tokens.map((_, index) => (index + 1 < tokens.length ? index + 1 : -1));
  const previous = tokens.map((_, index) => index - 1);
  const heap: Candidate[] = [];
  const offer = (left: number, right: number): void => {
    if (left < 0 || right < 0) return;
    const merged = mergedOf(tokens[left], tokens[right]);
    if (merged === undefined) return;
    push(heap, {
      score: scores[merged],
      left,
      right,
      leftToken: tokens[left],
      rightToken: tokens[right],
      merged,
    });
  };
  for (let index = 0; index + 1 < tokens.length; index++) offer(index, index + 1);

  const gone = -1;
  for (let best = pop(heap); best; best = pop(heap)) {
    const { left, right } = best;
    const stale =
      tokens[left] !== best.leftToken || tokens[right] !== best.rightToken || next[left] !== right;
    if (stale) continue;
    tokens[left] = best.merged;
    tokens[right] = gone;
    next[left] = next[right];
    if (next[left] >= 0) previous[next[left]] = left;
    offer(previous[left], left);
    offer(left, next[left]);
  }
  return tokens.filter((token) => token !== gone);
}

function before(a: Candidate, b: Candidate): boolean {
  return a.score > b.score || (a.score === b.score && a.left < b.left);
}

function push(heap: Candidate[], item: Candidate): void {
  let index = heap.push(item) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(item, heap[parent])) break;
    heap[index] = heap[parent];
    index = parent;
  }
  heap[index] = item;
}

function pop(heap: Candidate[]): Candidate | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return top;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    if (left >= heap.length) break;
    const child = left + 1 < heap.length && before(heap[left + 1], heap[left]) ? left + 1 : left;
    if (!before(heap[child], last)) break;
    heap[index] = heap[child];
    index = child;
  }
  heap[index] = last;
  return top;
}
