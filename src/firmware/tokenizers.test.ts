/** The device's tokenizers, as compiled for the host, against Hugging Face's own (data/README.md) and ours. */
import { describe, expect, it } from 'vitest';
import { readTokenizerJson } from '../model/hugging-face-tokenizer.ts';
import { loadCheckpoint, piecesOf, type Tokenizer } from '../model/index.ts';
import type { Json } from '../model/json-values.ts';
import { version0Bytes } from '../model/testing.ts';
import { shippedPrograms } from '../node/index.ts';
import { quantize } from '../quantize/index.ts';
import { dataText } from '../testing/shared-files.ts';
import { createHostProgram } from './index.ts';

const VOCABULARY = 1000;
const CONTEXT = 400;
const model = quantize(
  loadCheckpoint(
    version0Bytes({
      dim: 8,
      hiddenDim: 8,
      layers: 1,
      heads: 1,
      kvHeads: 1,
      vocabulary: VOCABULARY,
      context: CONTEXT,
      sharedClassifier: true,
      activation: 'silu',
    }),
  ),
);
const goldens: { texts: string[]; tokenizers: Record<string, { json: Json }> } = JSON.parse(
  dataText('goldens/tokenizers.json.gz'),
);
/** The texts as the console takes lines: control characters are keys, a slash begins a command. */
const lines = goldens.texts
  .map((text) => text.replace(/\p{Cc}/gu, ' '))
  .filter((text) => text !== '' && !text.startsWith('/') && Buffer.byteLength(text) <= 512);

/** The tokens of a prompt, as the device's program cuts it. */
function device(tokenizer: Tokenizer): (text: string) => number[] {
  const host = createHostProgram({ programs: shippedPrograms, model, tokenizer, context: CONTEXT });
  host.settle();
  host.type('/tokens 1\r');
  host.settle();
  return (text) => {
    host.type(`${text}\r`);
    host.settle();
    return [...host.prompt];
  };
}

describe.each(Object.entries(goldens.tokenizers))('%s on the device', (_, { json }) => {
  const tokenizer = readTokenizerJson(json, {}, VOCABULARY, (what) => {
    throw new Error(what);
  });
  it('cuts texts as the host does, which cuts them as tokenizers does', () => {
    const encode = device(tokenizer);
    const different = lines.flatMap((text) => {
      const [found, wanted] = [encode(text), tokenizer.encode(text)];
      return JSON.stringify(found) === JSON.stringify(wanted) ? [] : [{ text, found, wanted }];
    });
    expect(different).toEqual([]);
    expect(lines.length).toBeGreaterThan(900);
  });
  it('is plain data', () => {
    expect(structuredClone(piecesOf(tokenizer)).rules).toEqual(tokenizer.rules);
  });
});
