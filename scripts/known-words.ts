/**
 * `npx tsx scripts/known-words.ts MODEL TEXT...`: keeps a checkpoint to the words of texts, as `train --known-words` would have: it gets their list, and
 * none of its weights is touched.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { knownWords } from '../src/grammar/index.ts';
import { loadCheckpoint } from '../src/model/index.ts';
import { readSafetensors, writeSafetensors } from '../src/model/safetensors.ts';
import { splitStories } from '../src/reference/index.ts';

const [path, ...texts] = process.argv.slice(2);
if (!path || texts.length === 0) throw new Error('known-words: name a checkpoint, and texts');
const file = readSafetensors(readFileSync(path), path);
const { tokenizer } = loadCheckpoint(readFileSync(path), path);
if (!tokenizer) throw new Error('known-words: the checkpoint has no tokenizer inside');
const documents = texts.flatMap((text) => splitStories(readFileSync(text, 'utf8')));
const bytes = knownWords(documents, tokenizer);
if (!bytes) throw new Error('known-words: the texts have no words');
// Words of 32 bits, so before the bytes that need not be.
const tensors = [...file.tensors].filter(([name]) => name !== 'words');
const place = tensors.findIndex(([, { dtype }]) => dtype === 'U8');
tensors.splice(place < 0 ? tensors.length : place, 0, [
  'words',
  { dtype: 'U8', shape: [bytes.length], bytes },
]);
writeFileSync(path, writeSafetensors({ ...file, tensors: new Map(tensors) }));
console.log(`${path}: ${bytes.length} bytes of words`);
