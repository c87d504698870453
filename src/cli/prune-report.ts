/** `--prune-vocabulary`: a smaller model, and on stderr what that saves in bytes and costs in bits per byte. */
import { FailureError } from '../errors.ts';
import { readInput } from '../files.ts';
import { describeModel, pruneVocabulary } from '../model/index.ts';
import type { OpenedModel } from '../node/index.ts';
import { createReference, evaluate, splitStories } from '../reference/index.ts';
import { kilobytes, thousands } from './table.ts';

/** Stories that are measured before and after, and the positions of each. */
const MEASURED_STORIES = 8;
const MEASURED_POSITIONS = 128;

/** The model with the pieces that the text in a file uses. */
export function pruned({ name, model, tokenizer }: OpenedModel, path: string): OpenedModel {
  const stories = splitStories(readInput(path, 'the text').toString());
  if (stories.length === 0) throw new FailureError(`${path} has no text in it, so no piece would be kept`);
  const fewer = pruneVocabulary(model, tokenizer, stories);
  const context = Math.min(model.config.context, MEASURED_POSITIONS);
  const bitsPerByte = (of: Pick<OpenedModel, 'model' | 'tokenizer'>): string =>
    evaluate(createReference(of.model), of.tokenizer, stories.slice(0, MEASURED_STORIES), {
      context,
    }).bitsPerPredictedByte.toFixed(4);
  const saved = describeModel(model).bytes.int8 - describeModel(fewer.model).bytes.int8;
  process.stderr.write(
    `vocabulary: ${thousands(tokenizer.vocabulary.length)} pieces become ${thousands(fewer.kept.length)}, ${kilobytes(saved)} less as int8; ` +
      `bits per byte of the text's beginning: ${bitsPerByte({ model, tokenizer })} become ${bitsPerByte(fewer)}\n`,
  );
  return { name, model: fewer.model, tokenizer: fewer.tokenizer };
}
