import { expect, it } from 'vitest';
import { shippedModel } from '../node/model.ts';
import { trainMachinery } from '../node/train.ts';
import { createReference, evaluate } from '../reference/index.ts';
import { judge } from './judge.ts';

it('judges texts as the reference does, and leaves out what the context cuts off', async () => {
  const { model, tokenizer } = shippedModel();
  const short = { ...model, config: { ...model.config, context: 24 } };
  const texts = ['Once upon a time, there was a cat.', 'Zażółć', 'The dog ran to the park. '.repeat(8)];
  const expected = evaluate(createReference(short), tokenizer, texts, { context: 24 });
  const judged = await judge({ name: 'shipped', model: short, tokenizer }, texts, trainMachinery());
  expect(judged).toBeCloseTo(expected.bitsPerPredictedByte, 4);
});
