/** For tests of the firmware: the models of the shared folder, loaded once. */
import { existsSync, readFileSync } from 'node:fs';
import { loadCheckpoint, loadTokenizer, type Model, type Tokenizer } from '../model/index.ts';
import { type QuantizedModel, quantize } from '../quantize/index.ts';

const models = new URL('../../../shared/models/', import.meta.url);

/** False, with a note, where the shared folder is missing. */
export const sharedModels: boolean = existsSync(models);
if (!sharedModels)
  console.warn('firmware tests: ../shared/models is missing; tests with real models do not run');

export interface TestModel {
  model: Model;
  quantized: QuantizedModel;
  float: QuantizedModel;
  tokenizer: Tokenizer;
}

function load(checkpoint: string, vocabulary: string): () => TestModel {
  let loaded: TestModel | undefined;
  return () => {
    if (loaded) return loaded;
    const model = loadCheckpoint(readFileSync(new URL(checkpoint, models)));
    const tokenizer = loadTokenizer(readFileSync(new URL(vocabulary, models)), model.config.vocabulary);
    loaded = { model, tokenizer, quantized: quantize(model), float: quantize(model, { precision: 'f32' }) };
    return loaded;
  };
}

export const stories260K = load('stories260K.bin', 'tok512.bin');
export const stories3M = load('stories3M-q80.bin', 'tok4096.bin');

/** A golden run of llama2.c's own run.c. */
export interface Golden {
  temperature: number;
  top_p: number;
  seed: number | null;
  steps: number;
  prompt: string | null;
  tokens: number[];
}

export const golden = (name: string): Golden =>
  JSON.parse(readFileSync(new URL(`expected/${name}.json`, models), 'utf8'));
