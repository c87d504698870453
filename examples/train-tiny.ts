/** A tokenizer and a tiny model from a text made up here, as files that `esp32-llm run --model` takes. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trainFiles } from 'esp32-llm/node';

const out = mkdtempSync(join(tmpdir(), 'train-tiny-'));
const text = join(out, 'text.txt');
writeFileSync(text, 'The cat saw a red hat. The hat ran and the cat sat.\n<|endoftext|>\n'.repeat(300));
const shape = { preset: 'tiny', vocabulary: 270, context: 64 };
const length = { batchTokens: 256, steps: 60, every: { progress: 0 } };
const { model, state } = await trainFiles({ text, out, ...shape, ...length });
const [first, last] = [state.curve[0], state.curve.at(-1)!].map(({ loss }) => loss.toFixed(2));
console.log(`${model}: loss ${first} -> ${last} in ${state.step} steps`);
