/**
 * Of build-results.ts, what computes: `run` without options, with a cache in dist/results/ for the build of that name. Not TypeScript, since it
 * runs what is in dist/, which takes three times as long by way of tsx.
 */
import { storySettings } from '../dist/contract/index.js';
import { buildFirmware, simulate } from '../dist/firmware/index.js';
import { createFileCache } from '../dist/node/cache.js';
import { shippedModel, shippedPrograms } from '../dist/node/index.js';
import { quantize } from '../dist/quantize/index.js';

const cache = createFileCache({ version: process.argv[2], folder: 'dist/results' });
const { model, tokenizer, name } = shippedModel();
const firmware = buildFirmware({
  ...{ model: quantize(model), modelName: name, tokenizer, programs: shippedPrograms, cache },
});
simulate(firmware, { prompt: 'Once upon a time', ...storySettings, seed: 42, cache });
