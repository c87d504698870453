/**
 * The safetensors container (huggingface/safetensors, its README): 8 bytes little-endian length of a JSON header, the header, the
 * tensors' bytes. Every byte belongs to exactly one tensor; offsets count from the end of the header.
 */
import { FailureError } from '../errors.ts';

/** Bytes of an element. */
const DTYPES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
};

export interface StoredTensor {
  /** `F32`, `BF16`, `U8` ... */
  dtype: string;
  shape: readonly number[];
  /** A view of the file. */
  bytes: Uint8Array;
}

export interface Safetensors {
  metadata: Readonly<Record<string, string>>;
  tensors: ReadonlyMap<string, StoredTensor>;
}

const LENGTH_BYTES = 8;
/** Longest header that huggingface's own reader takes. */
const LONGEST_HEADER = 100_000_000;
/** The data begin at a multiple of this. */
const ALIGNMENT = 8;
const METADATA = '__metadata__';
const OPEN_BRACE = 0x7b;

/** Whether a file looks like safetensors: a length that fits, then JSON. */
export function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < LENGTH_BYTES + 2 || bytes[LENGTH_BYTES] !== OPEN_BRACE) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(4, true) === 0;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Reads the container. @throws FailureError naming the tensor or key that is wrong */
export function readSafetensors(file: Uint8Array, name: string): Safetensors {
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength); // Buffer's slice would not copy
  const damaged = (what: string): never => {
    throw new FailureError(`${name}: ${what}; the file is damaged, fetch or export it again`);
  };
  if (bytes.length < LENGTH_BYTES) damaged(`${bytes.length} bytes are too few for a safetensors header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true) + 2 ** 32 * view.getUint32(4, true);
  if (length > LONGEST_HEADER || length > bytes.length - LENGTH_BYTES) {
    damaged(`its header claims ${length} bytes and ${bytes.length - LENGTH_BYTES} are there`);
  }
  const json = textOf(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  const header = parseJson(json);
  if (!isObject(header)) return damaged('its header is not a JSON object');
  const twice = repeatedKey(json);
  if (twice !== undefined) damaged(`its header has ${twice} twice`);
  const data = bytes.subarray(LENGTH_BYTES + length);

  const tensors = new Map<string, StoredTensor>();
  const spans: { name: string; start: number; end: number }[] = [];
  let metadata: Record<string, string> = {};
  for (const [key, entry] of Object.entries(header)) {
    if (!isObject(entry)) return damaged(`its entry ${key} is not an object`);
    if (key === METADATA) {
      const bad = Object.entries(entry).find(([, value]) => typeof value !== 'string');
      if (bad) damaged(`its metadata ${bad[0]} is not a string`);
      metadata = entry as Record<string, string>;
      continue;
    }
    const { dtype, shape, data_offsets: offsets, ...rest } = entry;
    const unknown = Object.keys(rest)[0];
    if (unknown !== undefined) damaged(`tensor ${key} has a field ${unknown} that safetensors does not know`);
    const size = typeof dtype === 'string' && Object.hasOwn(DTYPES, dtype) ? DTYPES[dtype] : undefined;
    if (size === undefined)
      return damaged(`tensor ${key} has the type ${String(dtype)}, which is not known here`);
    if (!Array.isArray(shape) || !shape.every(isCount)) return damaged(`tensor ${key} has no proper shape`);
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
      return damaged(`tensor ${key} has no proper offsets`);
    }
    const [start, end] = offsets as [number, number];
    const wanted = shape.reduce((product: number, n: number) => product * n, size);
    if (end < start || end > data.length)
      damaged(`tensor ${key} lies at ${start} to ${end} of ${data.length} bytes`);
    if (end - start !== wanted) {
      damaged(
        `tensor ${key} has ${end - start} bytes where its shape (${shape.join(', ')}) calls for ${wanted}`,
      );
    }
    spans.push({ name: key, start, end });
    tensors.set(key, { dtype: dtype as string, shape: shape as number[], bytes: data.subarray(start, end) });
  }
  spans.sort((a, b) => a.start - b.start || a.end - b.end);
  let covered = 0;
  for (const { name: tensor, start, end } of spans) {
    if (start < covered) damaged(`tensor ${tensor} overlaps the one before it`);
    if (start > covered) damaged(`nothing lies at bytes ${covered} to ${start} before tensor ${tensor}`);
    covered = end;
  }
  if (covered !== data.length) damaged(`${data.length - covered} bytes are left over behind the tensors`);
  return { metadata, tensors };
}

/** The header as text; empty where it is not UTF-8. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return '';
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Texts with the colon that makes them a key, and what opens and closes. */
const JSON_PARTS = /("[^"\\]*(?:\\.[^"\\]*)*")\s*(:?)|[{}]/g;

/** A key that an object of proper JSON has twice: readers would differ on which of them counts. */
function repeatedKey(json: string): string | undefined {
  const objects: Set<string>[] = [];
  for (const [part, text, colon] of json.matchAll(JSON_PARTS)) {
    if (part === '{') objects.push(new Set());
    else if (part === '}') objects.pop();
    else if (colon) {
      const keys = objects[objects.length - 1];
      const key = JSON.parse(text) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

/** Writes a container, tensors in their order; the data begin at a multiple of 8 bytes. */
export function writeSafetensors({ metadata, tensors }: Safetensors): Uint8Array {
  let end = 0;
  const entries = [...tensors].map(([name, { dtype, shape, bytes }]) => {
    const start = end;
    end += bytes.length;
    return [name, { dtype, shape, data_offsets: [start, end] }] as const;
  });
  const json = new TextEncoder().encode(
    JSON.stringify({ [METADATA]: metadata, ...Object.fromEntries(entries) }),
  );
  const start = Math.ceil((LENGTH_BYTES + json.length) / ALIGNMENT) * ALIGNMENT;
  const out = new Uint8Array(start + end).fill(0x20, LENGTH_BYTES, start); // JSON may end in spaces
  new DataView(out.buffer).setUint32(0, start - LENGTH_BYTES, true);
  out.set(json, LENGTH_BYTES);
  let at = start;
  for (const { bytes } of tensors.values()) {
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}
