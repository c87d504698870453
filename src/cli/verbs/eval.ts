/** `eval`: bits per byte of a model on text, in float32 and as the chip computes it. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { integer } from '../arguments.ts';
import { type ModelOptions, modelOptions, openModelAndTokenizer } from '../model-options.ts';
import { formatTable, thousands } from '../table.ts';

interface Options extends ModelOptions {
  text: string;
  stories?: number;
  precision: 'both' | 'f32' | 'int8';
  json?: boolean;
}

export function register(program: Command): void {
  modelOptions(program.command('eval'))
    .description(
      'how well a model predicts a text: bits per byte, in float32 and in the arithmetic of the chip',
    )
    .requiredOption('--text <file>', 'UTF-8 text; stories end with a line <|endoftext|>')
    .option('--stories <n>', 'only the first n stories', integer(1, 1e9))
    .option('--precision <p>', 'both, f32 or int8', 'both')
    .option('--json', 'figures as JSON on stdout')
    .addHelpText('after', '\nExample:\n  $ esp32-llm eval --text tinystories-valid.txt --stories 100')
    .action(evaluateText);
}

async function evaluateText(options: Options): Promise<void> {
  const { createReference, evaluate, splitStories } = await import('../../reference/index.ts');
  const { model, tokenizer } = openModelAndTokenizer(options);
  const stories = splitStories(readFileSync(options.text, 'utf8')).slice(0, options.stories);
  const reference = createReference(model);
  const { context } = model.config;
  const measure = (mode: 'story' | 'windows') =>
    evaluate(reference, tokenizer, stories, {
      context: mode === 'story' ? context : Math.min(256, context),
      mode,
    });
  const results = { story: measure('story'), windows256: measure('windows') };
  if (options.json) {
    process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
    return;
  }
  const rows = Object.entries(results).map(([name, r]) => [
    name,
    thousands(r.tokens),
    r.natsPerToken.toFixed(6),
    r.bitsPerByte.toFixed(6),
    r.bitsPerPredictedByte.toFixed(6),
  ]);
  process.stdout.write(
    `${formatTable([['', 'tokens', 'nats/token', 'bits/byte', 'bits/predicted byte'], ...rows])}\n`,
  );
}
