/**
 * `npx tsx scripts/store-model.ts FROM TO [MATRIX,...]`: a checkpoint of `train`, its tokenizer inside, with matrices in half precision, as the
 * story model ships. (What training rounded to int4 does not bear bytes with a scale a row: weights lie close to where rounding
 * turns.) The matrices named stay int8 where the layers are packed as int4: `w2`, as the story model's.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadCheckpoint, type MatrixName, writeCheckpoint } from '../src/model/index.ts';

const [from, to, matrices] = process.argv.slice(2);
if (!from || !to) throw new Error('store-model: name a checkpoint and the file to write');
const { config, ...model } = loadCheckpoint(readFileSync(from), from);
if (!model.tokenizer) throw new Error(`store-model: ${from} has no tokenizer inside`);
const int8Matrices = matrices?.split(',') as MatrixName[] | undefined;
const kept = { ...model, config: { ...config, ...(int8Matrices ? { int8Matrices } : {}) } };
writeFileSync(to, writeCheckpoint(kept, model.tokenizer, model.training, 'F16'));
