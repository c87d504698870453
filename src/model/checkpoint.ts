/** Finds out which checkpoint format a file is and reads it. */
import { FailureError } from '../errors.ts';
import { readOwn } from './checkpoint-own.ts';
import { describeForeign } from './foreign.ts';
import { isGguf, readGguf } from './gguf.ts';
import { readVersion0 } from './llama2c-v0.ts';
import { MAGIC, readVersion1or2 } from './llama2c-v1.ts';
import { isSafetensors } from './safetensors.ts';
import type { Model } from './types.ts';

const SMALLEST_HEADER = 28;

/**
 * Reads a checkpoint from memory: our own (safetensors), GGUF, llama2.c version 0, 1 or 2.
 * @param name what messages call it, usually the file's path
 * @throws FailureError in one sentence on truncated, overlong, impossible or NaN-ridden files
 */
export function loadCheckpoint(bytes: Uint8Array, name = 'checkpoint'): Model {
  const foreign = describeForeign(bytes);
  if (foreign) throw new FailureError(`${name} ${foreign}`);
  if (bytes.length < SMALLEST_HEADER) {
    throw new FailureError(
      `${name}: ${bytes.length} bytes are too few for a checkpoint's header; give a .safetensors file of esp32-llm, a .gguf file or a llama2.c .bin file`,
    );
  }
  if (isGguf(bytes)) return readGguf(bytes, name);
  if (isSafetensors(bytes)) return readOwn(bytes, name);
  const first = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  return first === MAGIC ? readVersion1or2(bytes, name) : readVersion0(bytes, name);
}
