/** Which files of a hub's repository are a checkpoint. */
import { FailureError, UsageError } from '../errors.ts';
import {
  CONFIG_FILE,
  INDEX_FILE,
  shardsOf,
  TEMPLATE_FILE,
  TOKENIZER_CONFIG_FILE,
  TOKENIZER_FILE,
  WEIGHTS_FILE,
} from '../model/index.ts';

/** The names of files in the hub's answer. @throws FailureError where it is none */
export function filesOf(body: unknown, url: string): string[] {
  const siblings = (body as { siblings?: { rfilename?: unknown }[] } | undefined)?.siblings;
  if (!Array.isArray(siblings))
    throw new FailureError(
      `${url} does not answer like the Hugging Face hub (no list of files); check HF_ENDPOINT`,
    );
  return siblings.flatMap(({ rfilename }) => (typeof rfilename === 'string' ? [rfilename] : []));
}

/** Which file of a repository is the checkpoint. @throws UsageError where one must be named, FailureError where there is none */
export function chooseCheckpoint(files: readonly string[], text: string): string {
  const whole = [WEIGHTS_FILE, INDEX_FILE].find((file) => files.includes(file));
  if (whole) return whole;
  const ggufs = files.filter((file) => file.endsWith('.gguf'));
  if (ggufs.length === 1) return ggufs[0];
  if (ggufs.length > 1)
    throw new UsageError(
      `${text} has ${ggufs.length} GGUF files; name one: ${ggufs.map((file) => `${text}/${file}`).join(', ')}`,
    );
  const pickle = files.find((file) => /^pytorch_model.*\.bin$/.test(file));
  throw new FailureError(
    pickle
      ? `${text} has ${pickle}, a PyTorch pickle, and no safetensors; a converted copy may be at ${text}@refs/pr/1`
      : `${text} has neither ${WEIGHTS_FILE} nor a GGUF file; name another file of it`,
  );
}

export const isIndex = (file: string): boolean => file.endsWith('.index.json');

/**
 * What a checkpoint's file needs from beside it, by paths in the repository.
 * @param index its bytes, if it is one
 * @param there all files, where they are known: for what not every checkpoint has
 */
export function companionsOf(
  file: string,
  index: Uint8Array | undefined,
  there: readonly string[] = [],
): string[] {
  const folder = file.slice(0, file.lastIndexOf('/') + 1);
  const shards = index
    ? shardsOf(index, (what) => {
        throw new FailureError(`${file}: ${what}`);
      })
    : [];
  const isPlain = !file.endsWith('.safetensors') && shards.length === 0;
  if (isPlain) return [];
  const templates = [TOKENIZER_CONFIG_FILE, TEMPLATE_FILE].filter((name) => there.includes(folder + name));
  return [CONFIG_FILE, TOKENIZER_FILE, ...templates, ...shards].map((name) => folder + name);
}
