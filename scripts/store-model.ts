/**
 * `npx tsx scripts/store-model.ts FROM TO`: a checkpoint of `train`, its tokenizer inside, with matrices in half precision, as the story model ships. (What
 * training rounded to int4 does not bear bytes with a scale a row: weights lie close to where rounding turns.)
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadCheckpoint, writeCheckpoint } from '../src/model/index.ts';

const [from, to] = process.argv.slice(2);
if (!from || !to) throw new Error('store-model: name a checkpoint and the file to write');
const model = loadCheckpoint(readFileSync(from), from);
if (!model.tokenizer) throw new Error(`store-model: ${from} has no tokenizer inside`);
writeFileSync(to, writeCheckpoint(model, model.tokenizer, model.training, 'F16'));
