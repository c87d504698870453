/** Finds out which checkpoint format a file or a folder is and reads it. */
import { FailureError, UsageError } from '../errors.ts';
import { isOwn, readOwn } from './checkpoint-own.ts';
import { describeForeign } from './foreign.ts';
import { isGguf, readGguf } from './gguf.ts';
import {
  CONFIG_FILE,
  INDEX_FILE,
  type ReadFile,
  readHuggingFace,
  shardsOf,
  TOKENIZER_FILE,
  WEIGHTS_FILE,
} from './hugging-face.ts';
import { parseObject } from './json-values.ts';
import { readVersion0 } from './llama2c-v0.ts';
import { MAGIC, readVersion1or2 } from './llama2c-v1.ts';
import { isSafetensors, readSafetensors } from './safetensors.ts';
import type { Model } from './types.ts';

const SMALLEST_HEADER = 28;
const THIS_FILE = 'this file';

/**
 * Reads a checkpoint from memory: our own (safetensors), GGUF, Hugging Face's safetensors, llama2.c version 0, 1 or 2.
 * @param name what messages call it, usually the file's path
 * @param beside reads the files in the same folder, which Hugging Face's format needs: config.json and tokenizer.json
 * @throws FailureError in one sentence on truncated, overlong, impossible or NaN-ridden files
 */
export function loadCheckpoint(bytes: Uint8Array, name = 'checkpoint', beside?: ReadFile): Model {
  if (beside && isIndex(bytes)) return loadCheckpointFolder(beside, name);
  const foreign = describeForeign(bytes);
  if (foreign) throw new FailureError(`${name} ${foreign}`);
  if (bytes.length < SMALLEST_HEADER) {
    throw new FailureError(
      `${name}: ${bytes.length} bytes are too few for a checkpoint's header; give a .safetensors file, a .gguf file or a llama2.c .bin file`,
    );
  }
  if (isGguf(bytes)) return readGguf(bytes, name);
  if (isSafetensors(bytes)) {
    if (isOwn(readSafetensors(bytes, name))) return readOwn(bytes, name);
    return readHuggingFace([THIS_FILE], (file) => (file === THIS_FILE ? bytes : beside?.(file)), name);
  }
  const first = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  return first === MAGIC ? readVersion1or2(bytes, name) : readVersion0(bytes, name);
}

const isIndex = (bytes: Uint8Array): boolean =>
  /^\s*\{/.test(String.fromCharCode(...bytes.subarray(0, 64))) &&
  parseObject(bytes)?.weight_map !== undefined;

/**
 * Reads a checkpoint that is a folder, as Hugging Face's transformers write it: model.safetensors or its index, config.json,
 * tokenizer.json.
 * @throws FailureError in one sentence; UsageError for a folder that holds none
 */
export function loadCheckpointFolder(readFile: ReadFile, name = 'folder'): Model {
  const single = readFile(WEIGHTS_FILE);
  if (single) return loadCheckpoint(single, name, readFile);
  const refuse = (what: string): never => {
    throw new FailureError(`${name}: ${what}`);
  };
  const index = readFile(INDEX_FILE);
  if (index) return readHuggingFace(shardsOf(index, refuse), readFile, name);
  const pickle = ['pytorch_model.bin', 'pytorch_model.bin.index.json'].find((file) => readFile(file));
  if (pickle)
    refuse(
      `has ${pickle}, a PyTorch pickle, and no ${WEIGHTS_FILE}; convert it with save_pretrained(..., safe_serialization=True) of transformers`,
    );
  throw new UsageError(
    `${name} is a folder without ${WEIGHTS_FILE} (or its index), ${CONFIG_FILE} and ${TOKENIZER_FILE}; name a file in it`,
  );
}
