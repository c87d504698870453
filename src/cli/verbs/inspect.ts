/** `inspect`: what a checkpoint is, how large in each precision, and what it would fit. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { createTokenizer, llama2cPieces, type Model, type Tokenizer } from '../../model/index.ts';
import { formatTable, kilobytes, thousands } from '../table.ts';

export function register(program: Command): void {
  program
    .command('inspect')
    .description('what a checkpoint is: shapes, parameters, sizes by precision, which boards it fits')
    .argument(
      '[checkpoint]',
      '.safetensors file of esp32-llm, GGUF or llama2.c .bin (default: the model that ships)',
    )
    .option('--json', 'as JSON on stdout')
    .addHelpText('after', '\nExample:\n  $ esp32-llm inspect stories260K.bin')
    .action(inspect);
}

async function inspect(path: string | undefined, { json }: { json?: boolean }): Promise<void> {
  const { describeModel } = await import('../../model/index.ts');
  const { fitBoards } = await import('../../firmware/index.ts');
  const { findTokenizer, openCheckpoint, shippedPrograms } = await import('../../node/index.ts');
  const file = await openCheckpoint(path);
  const { path: name, model } = file;
  const description = describeModel(model);
  if (process.stderr.isTTY) process.stderr.write('planning for each board ...');
  const fits = fitBoards(
    model,
    tokenizerOr(() => findTokenizer(file, model), model),
    shippedPrograms,
  );
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  if (json) {
    process.stdout.write(`${JSON.stringify({ file: name, ...description, fits }, null, 2)}\n`);
    return;
  }
  const { config, tensors, parameters, bytes } = description;
  const shape = tensors.map((tensor) => [tensor.name, tensor.shape.join(' x '), thousands(tensor.elements)]);
  process.stdout.write(`${name}: ${description.format}, ${thousands(parameters)} parameters\n\n`);
  process.stdout.write(
    `${formatTable(Object.entries(config).map(([key, value]) => [key, String(value)]))}\n\n`,
  );
  if (description.training) {
    const facts = Object.entries(description.training).map(([key, value]) => [key, String(value)]);
    process.stdout.write(`${formatTable([['trained', ''], ...facts])}\n\n`);
  }
  process.stdout.write(`${formatTable([['tensor', 'shape', 'elements'], ...shape])}\n\n`);
  const sizes = Object.entries(bytes).map(([key, value]) => [key, kilobytes(value)]);
  process.stdout.write(`${formatTable([['weights as', 'size'], ...sizes])}\n\n`);
  const rows = fits.map(({ board, precision, context, weights }) => [
    board,
    precision,
    context > 0 ? `${context} positions` : 'does not fit',
    weights && `weights in ${weights}`,
  ]);
  process.stdout.write(`${formatTable([['board', 'as', 'context', ''], ...rows])}\n`);
}

/** The tokenizer of the model; where there is none, one with pieces of the usual length takes its room. */
function tokenizerOr(find: () => Tokenizer, model: Model): Tokenizer {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { vocabulary } = model.config;
    const piece = new TextEncoder().encode('usual');
    return createTokenizer(llama2cPieces(new Array(vocabulary).fill(piece), new Float32Array(vocabulary)));
  }
}
