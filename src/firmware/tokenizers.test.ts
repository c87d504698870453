/** The device's tokenizers, as compiled for the host, against Hugging Face's own (data/README.md) and ours. */
import { describe, expect, it } from 'vitest';
import { readTokenizerJson } from '../model/hugging-face-tokenizer.ts';
import { createTokenizer, loadCheckpoint, piecesOf, type Tokenizer } from '../model/index.ts';
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
interface Goldens {
  texts: string[];
  normalTexts: string[];
  tokenizers: Record<string, { json: Json; texts?: 'normalTexts' }>;
}
const goldens: Goldens = JSON.parse(dataText('goldens/tokenizers.json.gz'));
/** Texts as the console takes lines: control characters are keys, a slash begins a command. */
const linesOf = (texts: readonly string[]): string[] =>
  texts
    .map((text) => text.replace(/\p{Cc}/gu, ' '))
    .filter((text) => text !== '' && !text.startsWith('/') && Buffer.byteLength(text) <= 512);

/** The tokens of a prompt, as the device's program cuts it. */
function device(tokenizer: Tokenizer): (text: string | Uint8Array) => number[] {
  const host = createHostProgram({ programs: shippedPrograms, model, tokenizer, context: CONTEXT });
  host.settle();
  host.type('/tokens 1\r');
  host.settle();
  return (text) => {
    host.type(text);
    host.type('\r');
    host.settle();
    return [...host.prompt];
  };
}

describe.each(Object.entries(goldens.tokenizers))(
  '%s on the device',
  (_, { json, texts = 'texts' as const }) => {
    const tokenizer = readTokenizerJson(json, {}, VOCABULARY, (what) => {
      throw new Error(what);
    });
    it('cuts texts as the host does, which cuts them as tokenizers does', () => {
      const encode = device(tokenizer);
      const lines = linesOf(goldens[texts]);
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
  },
);

describe('a normal form on the device', () => {
  const read = (name: string): Tokenizer =>
    readTokenizerJson(goldens.tokenizers[name].json, {}, VOCABULARY, (what) => {
      throw new Error(what);
    });
  it('leaves bytes that are no characters as they are, which compose with nothing', () => {
    const tokenizer = read('qwen2');
    const encode = device(tokenizer);
    const lines = [
      [0x65, 0x80, 0xcc, 0x81],
      [0x65, 0xcc, 0x81, 0xc3],
      [0x65, 0xc1, 0x81, 0xcc, 0x81],
      [0x41, 0xed, 0xa0, 0x80, 0xcc, 0x8a],
    ];
    for (const line of lines)
      expect(encode(Uint8Array.from(line))).toEqual(tokenizer.encode(Uint8Array.from(line)));
  });
  it('is left out where the text would then be longer than a line', () => {
    const tokenizer = read('llama-nfkc');
    const { normalForm: _, ...rules } = { normalForm: undefined, ...tokenizer.rules };
    const encode = device(tokenizer);
    const long = '\ufdfa'.repeat(16); // 33 bytes each in NFKC
    expect(encode(long)).toEqual(createTokenizer({ ...tokenizer, rules }).encode(long));
    expect(encode(long.slice(8))).toEqual(tokenizer.encode(long.slice(8)));
  });
});
