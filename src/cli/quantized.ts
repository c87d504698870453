/** The model as the chip gets it, by `--precision` and `--calibrate`. */
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { readText } from '../files.ts';
import type { OpenedModel } from '../node/index.ts';
import type { Precision, QuantizedModel } from '../quantize/index.ts';

export interface QuantizedOptions {
  precision: Precision;
  /** Text file. */
  calibrate?: string;
}

/** Tokens of the text that are read: more change little. */
const TOKENS = 10_000;

export const calibrateOption = (command: Command): Command =>
  command.option(
    '--calibrate <text>',
    'int4: round by what the matrices meet when the model reads this UTF-8 text',
  );

/** Quantises; reads the text where int4 weights are rounded by one. */
export async function quantized(
  { model, tokenizer }: Pick<OpenedModel, 'model' | 'tokenizer'>,
  { precision, calibrate: path }: QuantizedOptions,
): Promise<QuantizedModel> {
  const { calibrate, quantize } = await import('../quantize/index.ts');
  if (path === undefined) return quantize(model, { precision });
  if (precision !== 'int4') throw new UsageError(`--calibrate is for --precision int4, not ${precision}`);
  const [{ splitStories }, { shippedPrograms }] = await Promise.all([
    import('../reference/index.ts'),
    import('../node/index.ts'),
  ]);
  const stories: number[][] = [];
  let left = TOKENS;
  for (const story of splitStories(readText(path, 'the text'))) {
    const tokens = tokenizer.encode(story).slice(0, Math.min(left, model.config.context));
    stories.push(tokens);
    left -= tokens.length;
    if (left <= 0) break;
  }
  if (stories.length === 0) throw new UsageError(`${path}: holds no text`);
  return quantize(model, {
    precision,
    calibration: calibrate(model, { programs: shippedPrograms, stories }),
  });
}
