/**
 * `npx tsx scripts/average-models.ts TO FROM=SHARE FROM=SHARE ... [--sharpness X]`: a checkpoint whose weights are the mean of others', by their shares.
 * Of runs that began as one another and did not go far, the mean predicts better than each (model soups: Wortsman et al. 2022,
 * arXiv:2203.05482). `--sharpness`: what logits are multiplied by, in the gains of the last norm.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadCheckpoint, type Model, writeCheckpoint } from '../src/model/index.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { sharpness: { type: 'string', default: '1' } },
});
const [to, ...sources] = positionals;
const parts = sources.map((source) => {
  const [, path, share] = /^(.+)=([\d.]+)$/.exec(source) ?? [];
  if (!path) throw new Error(`average-models: ${source}: write it as FILE=SHARE`);
  return { model: loadCheckpoint(readFileSync(path), path), share: Number(share) };
});
if (!to || parts.length === 0) throw new Error('average-models: name the file to write, and checkpoints');
const all = parts.reduce((sum, { share }) => sum + share, 0);
const [{ model: first }] = parts;
const shapeOf = ({ config }: Model): string => JSON.stringify(config);
for (const { model } of parts)
  if (shapeOf(model) !== shapeOf(first)) throw new Error('average-models: the models have different shapes');

/** The mean of a tensor that each of the models has. */
function mean(tensorOf: (weights: Model['weights']) => Float32Array): Float32Array {
  const tensors = parts.map(({ model }) => tensorOf(model.weights));
  return tensors[0].map((_, i) =>
    tensors.reduce((sum, tensor, part) => sum + (parts[part].share / all) * tensor[i], 0),
  );
}

const { weights, config, tokenizer, training } = first;
if (!tokenizer) throw new Error('average-models: the first checkpoint has no tokenizer inside');
const tokenEmbedding = mean((from) => from.tokenEmbedding);
const layers = weights.layers.map((layer, index) => ({
  ...layer,
  ...Object.fromEntries(
    Object.entries(layer)
      .filter(([, value]) => value instanceof Float32Array)
      .map(([name]) => [name, mean((from) => from.layers[index][name as 'wq'])]),
  ),
}));
const averaged: Model = {
  ...first,
  weights: {
    ...weights,
    tokenEmbedding,
    layers,
    classifier: config.sharedClassifier ? tokenEmbedding : mean((from) => from.classifier),
    finalNorm: mean((from) => from.finalNorm).map((gain) => gain * Number(values.sharpness)),
    ...(weights.layerEmbeddings && {
      layerEmbeddings: weights.layerEmbeddings.map((_, table) =>
        mean((from) => from.layerEmbeddings![table]),
      ),
    }),
  },
};
writeFileSync(to, writeCheckpoint(averaged, tokenizer, training, 'F32'));
