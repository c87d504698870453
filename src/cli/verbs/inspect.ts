/** `inspect`: what a checkpoint is, how large in each precision, and what it would fit. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import type { Fit } from '../../firmware/index.ts';
import { createTokenizer, llama2cPieces, type Model, type Tokenizer } from '../../model/index.ts';
import { showDownloads } from '../download-progress.ts';
import { formatSpeed } from '../memory-report.ts';
import { formatTable, kilobytes, thousands } from '../table.ts';

export function register(program: Command): void {
  program
    .command('inspect')
    .description('what a checkpoint is: shapes, parameters, sizes by precision, which boards it fits')
    .argument(
      '[checkpoint]',
      'file, folder, hf:owner/name, as --model takes it (default: the model that ships)',
    )
    .option('--json', 'as JSON on stdout')
    .addHelpText('after', '\nExample:\n  $ esp32-llm inspect stories260K.bin')
    .action(inspect);
}

async function inspect(path: string | undefined, { json }: { json?: boolean }): Promise<void> {
  const { describeModel, describeTokenizer } = await import('../../model/index.ts');
  const { fitBoards } = await import('../../firmware/index.ts');
  const { findTokenizer, openCheckpoint, shippedPrograms, userCache } = await import('../../node/index.ts');
  const file = await openCheckpoint(path, showDownloads);
  const { path: name, model } = file;
  const description = describeModel(model);
  if (process.stderr.isTTY) process.stderr.write('planning for each board ...');
  const tokenizer = orUndefined(() => findTokenizer(file, model));
  const fits = fitBoards(model, tokenizer ?? usualTokenizer(model), shippedPrograms, userCache());
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ file: name, ...description, tokenizer: tokenizer?.rules, fits }, null, 2)}\n`,
    );
    return;
  }
  const { config, tensors, parameters, bytes } = description;
  const shape = tensors.map((tensor) => [tensor.name, tensor.shape.join(' x '), thousands(tensor.elements)]);
  process.stdout.write(`${name}: ${description.format}, ${thousands(parameters)} parameters\n\n`);
  const facts = Object.entries(config).map(([key, value]) => [key, String(value)]);
  facts.push(['tokenizer', tokenizer ? describeTokenizer(tokenizer) : 'none found']);
  if (description.knownWords) facts.push(['words', `known ones alone, ${kilobytes(description.knownWords)}`]);
  process.stdout.write(`${formatTable(facts)}\n\n`);
  if (description.training) {
    const trained = Object.entries(description.training).flatMap(([key, value]) => factRows(key, value));
    process.stdout.write(`${formatTable([['trained', ''], ...trained])}\n\n`);
  }
  process.stdout.write(`${formatTable([['tensor', 'shape', 'elements'], ...shape])}\n\n`);
  const sizes = Object.entries(bytes).map(([key, value]) => [key, kilobytes(value)]);
  process.stdout.write(`${formatTable([['weights as', 'size'], ...sizes])}\n\n`);
  const rows = fits.map(({ board, precision, context, weights, drafts }) => [
    board,
    precision,
    context > 0 ? `${context} positions` : 'does not fit',
    weights && `weights in ${weights}${drafts > 0 ? `; guesses up to ${drafts} tokens ahead` : ''}`,
  ]);
  process.stdout.write(`${formatTable([['board', 'as', 'context', ''], ...rows])}\n\n`);
  process.stdout.write(`${formatSpeeds(fits)}\n`);
}

/** The speeds that the plans promise, what a token reads behind the cache, and what these memories could give in all. */
function formatSpeeds(fits: readonly Fit[]): string {
  const rows = fits.flatMap(({ board, precision, prediction }) => {
    if (!prediction) return [];
    const { tokensPerSecond, traffic } = prediction;
    const [psram, flash] = (['psram', 'flash'] as const).map((name) => {
      const moved = traffic.find(({ region, share }) => region === name && share > 0.005);
      return moved ? `${kilobytes(moved.reads)} at ${((moved.limit ?? 0) / 1e6).toFixed(1)} MB/s` : '';
    });
    const busy = traffic.reduce((sum, { share }) => sum + share, 0);
    return [
      [
        board,
        precision,
        formatSpeed(tokensPerSecond),
        psram,
        flash,
        busy > 0 ? `${Math.round(100 * busy)} %` : '',
      ],
    ];
  });
  if (rows.length === 0) return '';
  return formatTable([['predicted', 'as', 'tokens/s', 'a token from PSRAM', 'from flash', 'bus'], ...rows]);
}

/** What is found, if it is. */
function orUndefined(find: () => Tokenizer): Tokenizer | undefined {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return undefined;
  }
}

/** One with pieces of the usual length, which takes the room of a tokenizer that is not there. */
function usualTokenizer({ config: { vocabulary } }: Model): Tokenizer {
  const piece = new TextEncoder().encode('usual');
  return createTokenizer(llama2cPieces(new Array(vocabulary).fill(piece), new Float32Array(vocabulary)));
}

/** A fact as a row, those within it as rows of their own; of a list only how long it is. */
function factRows(key: string, value: unknown): [string, string][] {
  if (Array.isArray(value)) return [[key, `${value.length} in a list`]];
  if (typeof value !== 'object' || value === null) return [[key, String(value)]];
  return Object.entries(value).flatMap(([inner, one]) => factRows(`${key}.${inner}`, one));
}
