/** The model as the chip gets it, by `--precision` and `--calibrate`. */
import type { Command } from 'commander';
import type { DevicePrograms } from '../device-programs.ts';
import { UsageError } from '../errors.ts';
import { readText } from '../files.ts';
import type { OpenedModel } from '../node/index.ts';
import type { Judge, Precision, QuantizedModel } from '../quantize/index.ts';

/** A format, or a mixture of int4, int5 and int8: of so many bits, or as a board's memory has room. */
export type PrecisionName = Precision | 'mixed' | 'auto';

/** Whether matrices have formats of their own. */
export const isMixture = (precision: string | undefined): precision is 'mixed' | 'auto' =>
  precision === 'mixed' || precision === 'auto';

export interface QuantizedOptions {
  /** Default: the model's own. */
  precision?: PrecisionName;
  /** Text file. */
  calibrate?: string;
  /** Bytes of PSRAM, where there is some. */
  room?: number;
  /** auto: what a board has room for. */
  judge?: Judge;
}

/** Tokens of the text that are read: half as many lose 0.5 percent more in a mixture of stories3M, and as little in int4. */
const TOKENS = 20_000;
/** Stories that a model tells itself, and their length at most: as good as a text (stories3M loses 2.9 percent by these, and by TOKENS of one). */
const [TOLD, TOLD_STEPS] = [32, 256];

export const calibrateOption = (command: Command): Command =>
  command.option(
    '--calibrate <text>',
    'int4, mixed, auto: round by what the matrices meet when the model reads this UTF-8 text (mixed and auto without: one that it tells itself)',
  );

/** Quantises; reads the text where int4 weights are rounded by one. */
export async function quantized(
  opened: Opened,
  { precision: named, calibrate: path, room, judge }: QuantizedOptions,
): Promise<QuantizedModel> {
  const { model } = opened;
  const { calibrate, ownPrecision, quantize, quantizeAuto, quantizeMixed } = await import(
    '../quantize/index.ts'
  );
  const precision = named ?? ownPrecision(model);
  const measures = isMixture(precision);
  if (!measures && path === undefined) return quantize(model, { precision, room });
  if (!measures && precision !== 'int4')
    throw new UsageError(`--calibrate is for --precision int4, mixed and auto, not ${precision}`);
  const { shippedPrograms: programs } = await import('../node/index.ts');
  const stories = path === undefined ? await toldStories(opened, programs) : await readStories(opened, path);
  const calibration = calibrate(model, { programs, stories });
  if (precision === 'mixed') return quantizeMixed(model, { programs, stories, calibration });
  if (precision !== 'auto') return quantize(model, { precision, calibration, room });
  if (!judge)
    throw new UsageError('--precision auto is by what a board has room for: here there is no board');
  return quantizeAuto(model, { programs, stories, calibration }, judge);
}

type Opened = Pick<OpenedModel, 'model' | 'tokenizer'>;

/** Stories that the model tells in int8, at temperature 1. */
async function toldStories({ model, tokenizer }: Opened, programs: DevicePrograms): Promise<number[][]> {
  const { createSampler, generate } = await import('../reference/index.ts');
  const { createHostEngine, quantize } = await import('../quantize/index.ts');
  const steps = Math.min(model.config.context, TOLD_STEPS);
  const engine = createHostEngine(quantize(model), { programs, context: steps });
  return Array.from({ length: TOLD }, (_, index) => {
    const sampler = createSampler({ temperature: 1, topp: 1, seed: index + 1 });
    return [tokenizer.special.start, ...generate(engine, tokenizer, { prompt: '', steps, sampler })];
  });
}

/** Stories of a text file, so many tokens of them. */
async function readStories({ model, tokenizer }: Opened, path: string): Promise<number[][]> {
  const { splitStories } = await import('../reference/index.ts');
  const stories: number[][] = [];
  let left = TOKENS;
  for (const story of splitStories(readText(path, 'the text'))) {
    const tokens = tokenizer.encode(story).slice(0, Math.min(left, model.config.context));
    stories.push(tokens);
    left -= tokens.length;
    if (left <= 0) break;
  }
  if (stories.length === 0) throw new UsageError(`${path}: holds no text`);
  return stories;
}
