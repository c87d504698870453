/**
 * `npx tsx scripts/store-model.ts FROM TO [MATRIX,...]`: a checkpoint of `train --finish int4`, its tokenizer inside, in a byte a weight with a scale a row,
 * as the story model ships. What training rounded to int4 does not bear that as it is, since such weights lie close to where rounding turns: they
 * are stored as int4 makes them. Per-layer embeddings have 7 bits, which is no loss that can be measured and less to download. The matrices named
 * stay int8 where the layers are packed as int4: `w2`, as the story model's. `--halves`: matrices in half precision instead, unrounded.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  type LayerWeights,
  loadCheckpoint,
  MATRICES,
  type MatrixName,
  type Model,
  writeCheckpoint,
} from '../src/model/index.ts';
import { int4Rounding } from '../src/quantize/index.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { halves: { type: 'boolean' } },
});
const [from, to, matrices] = positionals;
if (!from || !to) throw new Error('store-model: name a checkpoint and the file to write');
const { config, ...model } = loadCheckpoint(readFileSync(from), from);
if (!model.tokenizer) throw new Error(`store-model: ${from} has no tokenizer inside`);
const int8Matrices = matrices?.split(',') as MatrixName[] | undefined;
const kept = { ...model, config: { ...config, ...(int8Matrices ? { int8Matrices } : {}) } };
const stored = values.halves ? kept : { ...kept, weights: roundedWeights(kept) };
writeFileSync(to, writeCheckpoint(stored, model.tokenizer, model.training, values.halves ? 'F16' : 'I8'));

function roundedWeights({ config, weights }: Model): Model['weights'] {
  const rounding = int4Rounding(config);
  const round = (name: MatrixName, matrix: Float32Array): Float32Array => {
    const out = new Float32Array(matrix.length);
    rounding.round(name, matrix, out);
    return out;
  };
  const names = MATRICES.filter((name) => !config.int8Matrices?.includes(name));
  const layers = weights.layers.map(
    (layer): LayerWeights => ({
      ...layer,
      ...Object.fromEntries(names.map((name) => [name, round(name, layer[name])])),
    }),
  );
  const layerEmbeddings = weights.layerEmbeddings?.map((table) => inSevenBits(table, config.dim));
  return { ...weights, layers, ...(layerEmbeddings && { layerEmbeddings }) };
}

/** Rows of a table in whole 63rds of their largest. */
function inSevenBits(table: Float32Array, dim: number): Float32Array {
  const rounded = new Float32Array(table.length);
  for (let start = 0; start < table.length; start += dim) {
    const row = table.subarray(start, start + dim);
    const step = row.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / 63 || 1;
    rounded.set(
      row.map((x) => Math.round(x / step) * step),
      start,
    );
  }
  return rounded;
}
