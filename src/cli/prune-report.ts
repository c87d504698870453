/** `--prune-vocabulary`: a smaller model, and on stderr what that saves in bytes and costs in bits per byte. */
import { readInput } from '../files.ts';
import type { OpenedModel } from '../node/index.ts';
import { prunedFor } from '../reference/index.ts';
import { kilobytes, thousands } from './table.ts';

/** The model with the pieces that the text in a file uses. */
export function pruned({ name, ...before }: OpenedModel, path: string): OpenedModel {
  const { model, tokenizer, kept, saved, bits } = prunedFor(
    before,
    readInput(path, 'the text').toString(),
    path,
  );
  process.stderr.write(
    `vocabulary: ${thousands(before.tokenizer.vocabulary.length)} pieces become ${thousands(kept.length)}, ${kilobytes(saved)} less as int8; ` +
      `bits per byte of the text's beginning: ${bits.before.toFixed(4)} become ${bits.after.toFixed(4)}\n`,
  );
  return { name, model, tokenizer };
}
