/** From texts to tokens: what they hold, what of it is trained on, and a cache of their tokens that is read in parts. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { utf8Length } from '../bytes.ts';
import { UsageError } from '../errors.ts';
import { BOS, type Corpus, type TokenSource } from './batches.ts';
import { type DocumentPart, documentParts, type TextSource } from './documents.ts';
import { createEncoder } from './encoder.ts';
import { openOrCreate, type Parts, type Scratch } from './scratch.ts';
import { DOCUMENT_END, type TrainedTokenizer } from './tokenizer-trainer.ts';

/** Below this a text teaches nothing but itself. */
const SMALLEST_TEXT = 10_000;
/** Documents that the finished model is tried on, and characters of each. */
const TRIED_DOCUMENTS = 4;
const TRIED_CHARACTERS = 4000;

/** Several files as one text. */
export interface Texts {
  /** What messages call it. */
  name: string;
  sources: readonly TextSource[];
  separator: string;
}

export interface Survey {
  /** SHA-256 of the bytes; of several files, JSON or other separators: of a list that says so. */
  hash: string;
  /** UTF-8 bytes of the documents. */
  bytes: number;
  documents: number;
  /** Beginnings of the first documents. */
  samples: string[];
  /** A number for every document, of its whole text; where wanted. */
  fingerprints: Float64Array;
}

export function textsOf(text: TextSource | readonly TextSource[], separator = DOCUMENT_END): Texts {
  const sources = Array.isArray(text) ? (text as readonly TextSource[]) : [text as TextSource];
  return { name: sources.map(({ name }) => name).join(', '), sources, separator };
}

/** Reads all of a text once. @throws UsageError when it is not UTF-8 or too little */
export function survey({ name, sources, separator }: Texts, smallest = SMALLEST_TEXT): Survey {
  const hashes: string[] = [];
  const fingerprints: number[] = [];
  const samples: string[] = [];
  let bytes = 0;
  let sample = '';
  for (const source of sources) {
    const hash = sha256.create();
    const mark = fingerprint();
    for (const { text, isFirst, isLast } of documentParts(source, {
      separator,
      onBytes: (part) => hash.update(part),
    })) {
      bytes += utf8Length(text);
      mark.add(text);
      if (isFirst) sample = text.slice(0, TRIED_CHARACTERS);
      if (!isLast) continue;
      fingerprints.push(mark.take());
      if (samples.length < TRIED_DOCUMENTS) samples.push(sample);
    }
    hashes.push(bytesToHex(hash.digest()));
  }
  if (bytes < smallest) {
    throw new UsageError(
      `train: ${name} holds ${bytes} bytes of text; at least ${smallest} are needed to train a model.`,
    );
  }
  const isPlain = sources.length === 1 && sources[0].form !== 'jsonl' && separator === DOCUMENT_END;
  const list = JSON.stringify([separator, sources.map(({ form = 'text' }, i) => [form, hashes[i]])]);
  return {
    hash: isPlain ? hashes[0] : bytesToHex(sha256(new TextEncoder().encode(list))),
    bytes,
    documents: fingerprints.length,
    samples,
    fingerprints: Float64Array.from(fingerprints),
  };
}

/** 53 bits that a text is known by (two rounds of FNV-1a over its UTF-16 units, other multipliers). */
function fingerprint(): { add(text: string): void; take(): number } {
  let low = 0x811c9dc5;
  let high = 0xcbf29ce4;
  return {
    add(text) {
      for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        low = Math.imul(low ^ unit, 0x01000193);
        high = Math.imul(high ^ unit, 0x85ebca6b) + (low >>> 5);
      }
    },
    take() {
      const value = (high >>> 11) * 2 ** 32 + (low >>> 0);
      low = 0x811c9dc5;
      high = 0xcbf29ce4;
      return value;
    },
  };
}

/** Numbers of the documents that another text holds, too. */
export function sharedDocuments(text: Survey, other: Survey): number[] {
  const known = new Set(other.fingerprints);
  return [...text.fingerprints.keys()].filter((i) => known.has(text.fingerprints[i]));
}

/** The parts of a text's documents, those left out that are named by number. */
export function* includedParts(
  { sources, separator }: Texts,
  excluded: readonly number[] = [],
): Generator<DocumentPart> {
  const out = new Set(excluded);
  let document = 0;
  for (const source of sources) {
    for (const part of documentParts(source, { separator })) {
      if (!out.has(document)) yield part;
      if (part.isLast) document++;
    }
  }
}

/** Most characters of {@link firstDocuments} together. */
const FEW = 1 << 23;

/** The first documents of a text; no more than memory bears. */
export function firstDocuments(texts: Texts, count: number): string[] {
  const documents: string[] = [];
  let characters = 0;
  for (const { text, isFirst } of includedParts(texts)) {
    if (isFirst && documents.length === count) break;
    if (isFirst) documents.push(text);
    else documents[documents.length - 1] += text;
    characters += text.length;
    if (characters > FEW) break;
  }
  return documents;
}

/** Behind the tokens (16 bits each): where documents start (32 bits) and three doubles: tokens, documents, bytes. */
const FOOTER = 24;

/**
 * Tokens of a text, made once and then read from the scratch file in parts.
 * @param key all that they follow from
 * @throws UsageError when there are fewer than in one context
 */
export function prepareCorpus(
  parts: () => Iterable<DocumentPart>,
  tokenizer: TrainedTokenizer,
  context: number,
  scratch: Scratch,
  key: string,
): Corpus & { close(): void } {
  const name = `tokens-${bytesToHex(sha256(new TextEncoder().encode(key))).slice(0, 16)}.cache`;
  const file = openOrCreate(scratch, name, (append) => writeTokens(parts(), tokenizer, append));
  const corpus = readCorpus(file);
  if (corpus.tokens.length > context) return corpus;
  file.close();
  throw new UsageError(
    `train: the text has ${corpus.tokens.length} tokens, fewer than the context of ${context}; use a smaller --context or more text.`,
  );
}

function writeTokens(
  parts: Iterable<DocumentPart>,
  tokenizer: TrainedTokenizer,
  append: (bytes: Uint8Array) => void,
): void {
  const encode = createEncoder(tokenizer);
  const starts: number[] = [];
  let tokens = 0;
  let bytes = 0;
  for (const { text, isFirst } of parts) {
    if (isFirst) starts.push(tokens);
    const ids = encode(text, !isFirst);
    const words = Uint16Array.from(isFirst ? [BOS, ...ids] : ids);
    append(new Uint8Array(words.buffer));
    tokens += words.length;
    bytes += utf8Length(text);
  }
  append(new Uint8Array(Int32Array.from([...starts, tokens]).buffer));
  append(new Uint8Array(Float64Array.of(tokens, starts.length, bytes).buffer));
}

function readCorpus(file: Parts): Corpus & { close(): void } {
  const footer = new Float64Array(FOOTER / 8);
  file.read(file.bytes - FOOTER, new Uint8Array(footer.buffer));
  const [length, documents, bytes] = footer;
  const starts = new Int32Array(documents + 1);
  file.read(2 * length, new Uint8Array(starts.buffer));
  const tokens: TokenSource = {
    length,
    copy(start, to) {
      const words = new Uint16Array(Math.min(to.length, length - start));
      file.read(2 * start, new Uint8Array(words.buffer));
      to.set(words);
      to.fill(BOS, words.length);
    },
  };
  return { tokens, starts, bytes, close: () => file.close() };
}
