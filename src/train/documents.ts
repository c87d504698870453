/** Documents of texts of any size, read in parts: memory holds a few megabytes of them at a time. */
import { UsageError } from '../errors.ts';
import { DOCUMENT_END } from './tokenizer-trainer.ts';

/** A text to train on or to measure. */
export interface TextSource {
  /** What messages call it: its path. */
  name: string;
  /** UTF-8; all at once, or in parts, at each call from the beginning. */
  bytes: Uint8Array | (() => Iterable<Uint8Array>);
  /** `text`: documents parted by a separator; `jsonl`: a line a document, as a JSON string or an object with a string `text`. */
  form?: 'text' | 'jsonl';
}

/** A stretch of a document; those of one document follow each other, cut before white space where there is some. */
export interface DocumentPart {
  text: string;
  isFirst: boolean;
  isLast: boolean;
}

export interface ReadingOptions {
  /** What parts documents; default: `<|endoftext|>`. */
  separator?: string;
  /** Sees all bytes as they are read. */
  onBytes?: (bytes: Uint8Array) => void;
  /** Characters of a part. */
  size?: number;
}

const PART = 1 << 20;
/** A longer line is no document but another form of file. */
const LONGEST_LINE = 1 << 28;

/** The documents of a text, without white space around them, empty ones left out. @throws UsageError for what is no UTF-8 or no JSON */
export function* documentParts(source: TextSource, options: ReadingOptions = {}): Generator<DocumentPart> {
  const { separator = DOCUMENT_END, size = PART } = options;
  const texts = decoded(source, options);
  if (source.form === 'jsonl') {
    for (const text of jsonDocuments(source.name, texts)) yield* partsOf(text, true, size);
    return;
  }
  let buffer = '';
  let isFirst = true;
  for (const text of texts) {
    buffer += text;
    let from = 0;
    for (let at = buffer.indexOf(separator); at >= 0; at = buffer.indexOf(separator, from)) {
      yield* partsOf(buffer.slice(from, at), isFirst, size);
      isFirst = true;
      from = at + separator.length;
    }
    buffer = buffer.slice(from);
    // With room for a separator that has begun: so the cuts are those of a document that is all there.
    if (isFirst) buffer = buffer.trimStart();
    while (buffer.length > 2 * size + separator.length) {
      const cut = placeToCut(buffer, size);
      yield { text: buffer.slice(0, cut), isFirst, isLast: false };
      buffer = buffer.slice(cut);
      isFirst = false;
    }
  }
  yield* partsOf(buffer, isFirst, size);
}

/** The rest of a document, which is all there. */
function* partsOf(rest: string, isFirst: boolean, size: number): Generator<DocumentPart> {
  let left = isFirst ? rest.trimStart() : rest;
  let first = isFirst;
  while (left.length > 2 * size) {
    const cut = placeToCut(left, size);
    yield { text: left.slice(0, cut), isFirst: first, isLast: false };
    first = false;
    left = left.slice(cut);
  }
  const last = left.trimEnd();
  if (last !== '' || !first) yield { text: last, isFirst: first, isLast: true };
}

/** The last place up to `size` before white space and behind none, where no token crosses; otherwise one that cuts no character. */
function placeToCut(text: string, size: number): number {
  const isSpace = (at: number) => /\s/.test(text[at]);
  for (let at = size; at > size / 2; at--) if (isSpace(at) && !isSpace(at - 1)) return at;
  const isLowSurrogate = (text.charCodeAt(size) & 0xfc00) === 0xdc00;
  return isLowSurrogate ? size - 1 : size;
}

function* decoded({ name, bytes }: TextSource, { onBytes }: ReadingOptions): Generator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (part: Uint8Array | undefined): string => {
    try {
      return decoder.decode(part, { stream: part !== undefined });
    } catch {
      throw new UsageError(`train: ${name} is not UTF-8 text; convert it first.`);
    }
  };
  for (const part of typeof bytes === 'function' ? bytes() : slices(bytes)) {
    onBytes?.(part);
    yield decode(part);
  }
  yield decode(undefined);
}

/** So much becomes a string at a time. */
const SLICE = 1 << 22;

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE) yield bytes.subarray(at, at + SLICE);
}

function* jsonDocuments(name: string, texts: Iterable<string>): Generator<string> {
  let line = 0;
  for (const text of lines(texts)) {
    line++;
    if (text.trim() === '') continue;
    const refuse = (what: string) => new UsageError(`train: line ${line} of ${name} ${what}.`);
    if (text.length > LONGEST_LINE) throw refuse('is too long for a document');
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw refuse('is no JSON; a file whose name ends in .jsonl has a JSON value a line');
    }
    const document = typeof value === 'object' && value !== null ? (value as { text?: unknown }).text : value;
    if (typeof document !== 'string') throw refuse('is neither a string nor an object with a string "text"');
    yield document;
  }
}

function* lines(texts: Iterable<string>): Generator<string> {
  let buffer = '';
  for (const text of texts) {
    buffer += text;
    const parts = buffer.split('\n');
    buffer = parts.pop()!;
    yield* parts;
    if (buffer.length > LONGEST_LINE) break;
  }
  yield buffer;
}
