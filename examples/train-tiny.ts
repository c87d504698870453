/** A tokenizer and a tiny model from a text made up here, as files that `esp32-llm run --model` takes. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trainFiles } from 'esp32-llm/node';

const folder = mkdtempSync(join(tmpdir(), 'train-tiny-'));
const words = ['the', 'cat', 'saw', 'a', 'red', 'hat', 'and', 'ran'];
const story = (i: number): string =>
  Array.from({ length: 40 }, (_, k) => words[(i * (k + 3) + k) % 8]).join(' ');
const text = join(folder, 'text.txt');
writeFileSync(text, Array.from({ length: 120 }, (_, i) => story(i)).join('.\n<|endoftext|>\n'));
const { model, state } = await trainFiles({
  text,
  out: folder,
  preset: 'tiny',
  vocabulary: 290,
  context: 64,
  batchTokens: 256,
  steps: 60,
  every: { progress: 0 },
});
console.log(
  `${model}: loss ${state.curve[0].loss.toFixed(2)} -> ${state.curve.at(-1)!.loss.toFixed(2)} in ${state.step} steps`,
);
