/**
 * Writes data/goldens/int8.json: what our own tinystories tells in the chip's integer arithmetic, for the settings of
 * data/goldens/run-c.json, and its bits per byte on those very texts. Needs the device programs (`npm run build`).
 *
 *   npm run generate:goldens
 *
 * The numbers may only change with the model. If they change with the code, something broke.
 */
import { createHostProgram, formatDigest } from '../src/firmware/index.ts';
import { loadTinyStories } from '../src/model/testing.ts';
import { shippedPrograms as programs } from '../src/node/device-programs.ts';
import { createHostEngine, quantize } from '../src/quantize/index.ts';
import { createReference, evaluate } from '../src/reference/index.ts';
import { type GoldenStory, runCGoldens } from '../src/testing/shared-files.ts';
import { isMain, type Outputs, writeOutputs } from './generated.ts';

const { model, tokenizer } = loadTinyStories();
const quantized = quantize(model);

/** The console's lines that ask for a story. */
const linesFor = ({ prompt, temperature, topp, seed, steps }: GoldenStory): string[] => [
  `/temp ${temperature}`,
  `/topp ${topp}`,
  `/seed ${seed}`,
  `/tokens ${steps}`,
  prompt,
];

function tell(story: GoldenStory) {
  const host = createHostProgram({ programs, model: quantized, tokenizer, context: 256 });
  for (const line of linesFor(story)) {
    host.type(`${line}\r`);
    host.settle();
  }
  const tokens = [...host.tokens];
  const pieces = tokens.map((token, index) => tokenizer.decode(tokens[index - 1] ?? 1, token));
  const text = Buffer.concat(pieces).toString();
  return { ...story, tokens, digest: formatDigest(host.status.digest), text };
}

/** Rounded: the sums are of doubles, whose last digits are nobody's business. */
const digits = (value: number): number => Number(value.toFixed(6));

export function outputs(): Outputs {
  const stories = runCGoldens().map(tell);
  const texts = stories.map(({ text }) => text);
  const { context } = model.config;
  const measure = (engine: Parameters<typeof evaluate>[0]) => {
    const { natsPerToken, bitsPerByte } = evaluate(engine, tokenizer, texts, { context });
    return { natsPerToken: digits(natsPerToken), bitsPerByte: digits(bitsPerByte) };
  };
  const evaluation = {
    float32: measure(createReference(model)),
    int8: measure(createHostEngine(quantized, { programs })),
  };
  const text = [
    '{',
    '  "made by": "npm run generate:goldens",',
    '  "stories": [',
    stories.map((story) => `    ${JSON.stringify(story)}`).join(',\n'),
    '  ],',
    `  "evaluation": ${JSON.stringify(evaluation)}`,
    '}',
    '',
  ].join('\n');
  return new Map([['data/goldens/int8.json', text]]);
}

if (isMain(import.meta.url)) writeOutputs(outputs());
