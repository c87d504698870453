/** Files that people take for checkpoints of ours, told by their first bytes. */

interface Foreign {
  /** What the file is. */
  readonly what: string;
  readonly advice: string;
  is(start: string): boolean;
}

const CONVERT =
  'convert it to safetensors (save_pretrained of transformers) or with export.py of karpathy/llama2.c';
const FETCH = 'fetch the file itself';

const begins =
  (...starts: string[]) =>
  (text: string): boolean =>
    starts.some((start) => text.startsWith(start));

const FOREIGN: readonly Foreign[] = [
  {
    what: 'a GGML file, as llama.cpp read before GGUF',
    advice: 'convert it to GGUF with llama.cpp',
    is: begins('lmgg', 'tjgg', 'fmgg'),
  },
  // torch.save writes a zip archive, before version 1.6 a pickle.
  { what: 'a PyTorch checkpoint (or another zip archive)', advice: CONVERT, is: begins('PK\x03\x04') },
  { what: 'a PyTorch checkpoint (a pickle)', advice: CONVERT, is: (text) => /^\x80[\x02-\x05]/.test(text) },
  { what: 'an HDF5 file', advice: CONVERT, is: begins('\x89HDF') },
  // A protobuf: the version of the format, then who made it or the graph.
  {
    what: 'an ONNX model',
    advice:
      'name the checkpoint that it was exported from: a safetensors file or folder of Hugging Face, a GGUF file, or a .bin file of llama2.c',
    is: (text) => /^\x08[\x01-\x1f][\x12\x3a\x42]/.test(text),
  },
  { what: 'a TensorFlow Lite model', advice: CONVERT, is: (text) => text.startsWith('TFL3', 4) },
  { what: 'a NumPy array', advice: CONVERT, is: begins('\x93NUMPY') },
  { what: 'a gzip archive', advice: 'unpack it first', is: begins('\x1f\x8b') },
  { what: 'a Git LFS pointer', advice: FETCH, is: begins('version https://git-lfs') },
  { what: 'a web page', advice: FETCH, is: (text) => /^\s*<(!doctype|html)/i.test(text) },
  { what: 'JSON text', advice: 'name the file with the weights', is: (text) => /^\s*\{\s*"/.test(text) },
  { what: 'an ELF program', advice: 'name a checkpoint', is: begins('\x7fELF') },
];

/** Bytes that tell. */
const START_BYTES = 64;

/** A sentence for a file of another kind; undefined where the bytes say nothing. */
export function describeForeign(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, START_BYTES));
  const found = FOREIGN.find((kind) => kind.is(start));
  return found && `is ${found.what}, which cannot be read here; ${found.advice}`;
}
