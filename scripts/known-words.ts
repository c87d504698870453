/**
 * `npx tsx scripts/known-words.ts MODEL TEXT...`: keeps a checkpoint to the words of texts, as `train --known-words` would have: it gets their list, and
 * none of its weights is touched.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { countWords, packWords, wordKinds } from '../src/grammar/index.ts';
import { loadCheckpoint } from '../src/model/index.ts';
import { readSafetensors, writeSafetensors } from '../src/model/safetensors.ts';

const [path, ...texts] = process.argv.slice(2);
if (!path || texts.length === 0) throw new Error('known-words: name a checkpoint, and texts');
const file = readSafetensors(readFileSync(path), path);
const { tokenizer } = loadCheckpoint(readFileSync(path), path);
if (!tokenizer) throw new Error('known-words: the checkpoint has no tokenizer inside');
const kinds = wordKinds(tokenizer);
const counts = new Map<string, number>();
for (const text of texts)
  for (const document of readFileSync(text, 'utf8').split('<|endoftext|>'))
    countWords(counts, tokenizer.encode(document.trim()), kinds);
const bytes = packWords(counts, kinds);
if (!bytes) throw new Error('known-words: the texts have no words');
// Words of 32 bits, so before the bytes that need not be.
const tensors = [...file.tensors].filter(([name]) => name !== 'words');
const place = tensors.findIndex(([, { dtype }]) => dtype === 'U8');
tensors.splice(place < 0 ? tensors.length : place, 0, [
  'words',
  { dtype: 'U8', shape: [bytes.length], bytes },
]);
writeFileSync(path, writeSafetensors({ ...file, tensors: new Map(tensors) }));
console.log(`${path} knows ${counts.size} words, ${bytes.length} bytes`);
