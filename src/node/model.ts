/** The model that ships. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadCheckpoint, loadTokenizer, type Model, type Tokenizer } from '../model/index.ts';

const file = (name: string): string => fileURLToPath(new URL(`../../models/${name}`, import.meta.url));

/** The package's own small storyteller (models/README.md) with its tokenizer; a new copy at every call. */
export function shippedModel(): { name: string; model: Model; tokenizer: Tokenizer } {
  const path = file('tinystories.bin');
  const model = loadCheckpoint(readFileSync(path), path);
  const vocabulary = file('tokenizer.bin');
  return {
    name: 'tinystories',
    model,
    tokenizer: loadTokenizer(readFileSync(vocabulary), model.config.vocabulary, vocabulary),
  };
}
