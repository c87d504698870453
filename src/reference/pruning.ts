/** A smaller vocabulary, with what it saves and what it costs on the text that it was made for. */
import { FailureError } from '../errors.ts';
import { describeModel, type OpenedModel, type Pruned, pruneVocabulary } from '../model/index.ts';
import { evaluate, splitStories } from './evaluate.ts';
import { createReference } from './forward.ts';

/** Stories that are measured before and after, and the positions of each. */
const MEASURED_STORIES = 8;
const MEASURED_POSITIONS = 128;

export interface MeasuredPruning extends Pruned {
  /** Bytes of int8 weights that are saved. */
  saved: number;
  /** Bits a byte of the text's beginning, before and after. */
  bits: { before: number; after: number };
}

/** The model with the pieces that `text` uses. @throws FailureError for a text without text */
export function prunedFor(
  { model, tokenizer }: Omit<OpenedModel, 'name'>,
  text: string,
  name = 'the text',
): MeasuredPruning {
  const stories = splitStories(text);
  if (stories.length === 0) throw new FailureError(`${name} has no text in it, so no piece would be kept`);
  const fewer = pruneVocabulary(model, tokenizer, stories);
  const context = Math.min(model.config.context, MEASURED_POSITIONS);
  const bitsPerByte = (of: Omit<OpenedModel, 'name'>): number =>
    evaluate(createReference(of.model), of.tokenizer, stories.slice(0, MEASURED_STORIES), { context })
      .bitsPerPredictedByte;
  return {
    ...fewer,
    saved: describeModel(model).bytes.int8 - describeModel(fewer.model).bytes.int8,
    bits: { before: bitsPerByte({ model, tokenizer }), after: bitsPerByte(fewer) },
  };
}
