/** `eval`: bits per byte of a model on text, in float32 and as the chip computes it. */

import { type Command, Option } from 'commander';
import { storySettings } from '../../contract/index.ts';
import { UsageError } from '../../errors.ts';
import { readText } from '../../files.ts';
import type { OpenedModel } from '../../node/index.ts';
import type { Evaluation, Reference } from '../../reference/index.ts';
import { integer } from '../arguments.ts';
import { type ModelOptions, modelOptions, openNamed } from '../model-options.ts';
import { PRECISIONS } from '../precision-option.ts';
import { calibrateOption, type PrecisionName, type QuantizedOptions, quantized } from '../quantized.ts';
import { settingOptions } from '../setting-options.ts';
import { formatTable, signedPercent, thousands } from '../table.ts';
import { evaluateSamples, type SampleOptions } from './eval-samples.ts';

interface Options
  extends ModelOptions,
    Omit<SampleOptions, 'samples' | 'precision'>,
    Pick<QuantizedOptions, 'calibrate'> {
  samples?: number;
  stories?: number;
  precision: 'both' | 'all' | Exclude<PrecisionName, 'auto'>;
  mode: 'both' | 'story' | 'windows';
  json?: boolean;
}

interface Row extends Evaluation {
  precision: PrecisionName;
  mode: 'story' | 'windows';
}

const WINDOW = 256;

/** What is compared with single precision. */
const severalOf = (own: PrecisionName): Readonly<Record<string, readonly PrecisionName[]>> => ({
  both: ['f32', own],
  all: ['f32', ...PRECISIONS.filter((precision) => precision !== 'f32')],
});

export function register(program: Command): void {
  calibrateOption(settingOptions(modelOptions(program.command('eval')), storySettings))
    .description(
      'how well a model predicts a text: bits per byte, in float32 and in the arithmetic of the chip',
    )
    .option('--text <file>', 'UTF-8 text; stories end with a line <|endoftext|>')
    .option('--stories <n>', 'only the first n stories', integer(1, 1e9))
    .addOption(
      new Option(
        '--precision <p>',
        "arithmetic; both: f32 and what the checkpoint's training ended with, mostly int8",
      )
        .choices(['both', 'all', ...PRECISIONS, 'mixed'])
        .default('both'),
    )
    .addOption(
      new Option('--mode <m>', 'each story once at full context, or in windows of 256 tokens')
        .choices(['both', 'story', 'windows'])
        .default('both'),
    )
    .option(
      '--samples <n>',
      'measure so many stories that the model tells (seeds 1 and up, as the chip computes them) instead, beside real ones of the same length in --text',
      integer(1, 1e6),
    )
    .option('--prompt <text>', 'how the samples begin', 'Once upon a time')
    .option('--tokens <n>', 'positions of a sample at most (default: the context)', integer(1, 65536))
    .option('--judge <name>', 'a model that says how likely it finds samples and real stories: bits per byte')
    .option('--judge-tokenizer <file>', 'its tokenizer (default: as for --tokenizer)')
    .option('--json', 'figures as JSON on stdout')
    .addHelpText(
      'after',
      '\nbits/byte divides by all bytes of the text, also those beyond the context; the last column by the predicted bytes alone.\n\nExamples:\n  $ esp32-llm eval --text tinystories-valid.txt --stories 100\n  $ esp32-llm eval --samples 40 --text tinystories-valid.txt --judge stories3M.bin',
    )
    .action(evaluateText);
}

async function evaluateText(options: Options): Promise<void> {
  const { evaluate, splitStories } = await import('../../reference/index.ts');
  const { text, samples } = options;
  if (samples !== undefined) {
    const { precision } = options;
    if (precision === 'mixed')
      throw new UsageError('--samples are told in int8, int4 or f32, not in --precision mixed');
    return evaluateSamples({ ...options, samples, precision }, await openNamed(options));
  }
  if (text === undefined) throw new UsageError('name a text with --text, or measure stories with --samples');
  const loaded = await openNamed(options);
  const stories = splitStories(readText(text, 'the text')).slice(0, options.stories);
  if (stories.length === 0) throw new UsageError(`${text}: holds no text`);
  const { ownPrecision } = await import('../../quantize/index.ts');
  const several = severalOf(ownPrecision(loaded.model));
  const precisions = several[options.precision] ?? [options.precision as PrecisionName];
  const modes = options.mode === 'both' ? (['story', 'windows'] as const) : [options.mode];
  const rows: Row[] = [];
  for (const precision of precisions) {
    const forward = await forwardPass(loaded, precision, options.calibrate);
    for (const mode of modes) {
      const full = loaded.model.config.context;
      const context = mode === 'story' ? full : Math.min(WINDOW, full);
      const onProgress = progress(`${precision} ${mode}`);
      rows.push({
        precision,
        mode,
        ...evaluate(forward, loaded.tokenizer, stories, { context, mode, onProgress }),
      });
    }
  }
  process.stdout.write(options.json ? `${JSON.stringify(rows, null, 2)}\n` : `${formatRows(rows)}\n`);
}

async function forwardPass(
  opened: OpenedModel,
  precision: Row['precision'],
  calibrate: string | undefined,
): Promise<Reference> {
  if (precision === 'f32') return (await import('../../reference/index.ts')).createReference(opened.model);
  const [{ createHostEngine }, { shippedPrograms }] = await Promise.all([
    import('../../quantize/index.ts'),
    import('../../node/index.ts'),
  ]);
  const options = { precision, calibrate: precision === 'int8' ? undefined : calibrate };
  return createHostEngine(await quantized(opened, options), { programs: shippedPrograms });
}

function progress(what: string): ((done: number, total: number) => void) | undefined {
  if (!process.stderr.isTTY) return undefined;
  return (done, total) =>
    process.stderr.write(`\r\x1b[K${done === total ? '' : `${what}: story ${done} of ${total}`}`);
}

function formatRows(rows: readonly Row[]): string {
  const baseline = (row: Row): Row | undefined =>
    rows.find(({ precision, mode }) => precision === 'f32' && mode === row.mode);
  const lines = rows.map((row) => {
    const float = baseline(row);
    const loss =
      float && float !== row ? signedPercent((row.bitsPerByte - float.bitsPerByte) / float.bitsPerByte) : '';
    return [
      row.precision,
      row.mode,
      thousands(row.tokens),
      row.natsPerToken.toFixed(6),
      row.bitsPerByte.toFixed(6),
      row.bitsPerPredictedByte.toFixed(6),
      loss,
    ];
  });
  return formatTable([['', '', 'tokens', 'nats/token', 'bits/byte', 'predicted bytes', 'loss'], ...lines]);
}
