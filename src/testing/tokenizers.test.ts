/** Every kind of tokenizer on the simulated chip and in the ESP-IDF component: the prompt cut, the story told and its digest as on the host. */
import { describe, expect, it } from 'vitest';
import { buildFirmware, createHostProgram, formatDigest, simulate } from '../firmware/index.ts';
import { buildIdfComponent } from '../idf/index.ts';
import { runComponent } from '../idf/testing/machine.ts';
import { readTokenizerJson } from '../model/hugging-face-tokenizer.ts';
import { loadCheckpoint, type Model, type Tokenizer } from '../model/index.ts';
import { version0Bytes } from '../model/testing.ts';
import { shippedTemplates } from '../node/component.ts';
import { shippedPrograms as programs } from '../node/index.ts';
import { quantize } from '../quantize/index.ts';
import { dataText } from './shared-files.ts';

const goldens = JSON.parse(dataText('goldens/tokenizers.json.gz')).tokenizers;
const CONTEXT = 64;
const STORY = {
  prompt: "ONCE  MIA's 37 little, happy days (it wasn't to be!",
  temperature: 0,
  seed: 1,
  tokens: 48,
};

/** A model of arbitrary weights with one of the tokenizers. */
function modelWith(name: string): { model: Model; tokenizer: Tokenizer } {
  const json = goldens[name].json;
  const vocabulary = Math.max(...goldens[name].ids.flat(), Object.keys(json.model.vocab).length) + 8;
  const model = loadCheckpoint(
    version0Bytes({
      dim: 16,
      hiddenDim: 24,
      layers: 1,
      heads: 2,
      kvHeads: 1,
      vocabulary,
      context: CONTEXT,
      sharedClassifier: true,
      activation: 'silu',
    }),
  );
  const tokenizer = readTokenizerJson(json, {}, vocabulary, (what) => {
    throw new Error(what);
  });
  return { model, tokenizer };
}

/** Letters and their accents, which a normal form makes one character each. */
const ACCENTED = 'cafe\u0301, nai\u0308ve';

describe.each(['simplestories', 'llama3', 'qwen2', 'unigram'])('%s', (name) => {
  const { model, tokenizer } = modelWith(name);
  const quantized = quantize(model);
  const host = createHostProgram({ programs, model: quantized, tokenizer, context: CONTEXT });
  const { normalForm } = { normalForm: undefined, ...tokenizer.rules };
  const prompt = normalForm ? STORY.prompt + ACCENTED : STORY.prompt;
  host.type(`/temp 0\r/tokens ${STORY.tokens}\r${prompt}\r`);
  host.settle();

  it('on the chip', () => {
    expect([...host.prompt]).toEqual(tokenizer.encode(prompt));
    if (normalForm) expect([...host.prompt]).toEqual(tokenizer.encode(prompt.normalize(normalForm)));
    else expect(name).not.toBe('qwen2');
    expect(host.prompt.length).toBeGreaterThan(8);
    const firmware = buildFirmware({ programs, model: quantized, tokenizer, context: CONTEXT });
    const story = simulate(firmware, { ...STORY, prompt });
    expect(story.tokens).toEqual([...host.tokens]);
    expect(story.digest).toBe(formatDigest(host.status.digest));
  });
  if (name !== 'simplestories' && !normalForm) return; // what differs is the same code in both

  it('in the ESP-IDF component', () => {
    const component = buildIdfComponent({
      programs,
      ...shippedTemplates(),
      model: quantized,
      tokenizer,
      context: CONTEXT,
    });
    const { tokens, digest } = runComponent(component, {
      cores: 2,
      prompt,
      temperature: 0,
      topp: 1,
      seed: 1n,
      tokens: STORY.tokens,
    });
    expect(tokens).toEqual([...host.tokens]);
    expect(digest).toBe(host.status.digest);
  });
});
