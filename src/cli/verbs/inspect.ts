/** `inspect`: what a checkpoint is, how large in each precision, and what it would fit. */
import type { Command } from 'commander';
import { openModel } from '../model-options.ts';
import { formatTable, kilobytes, thousands } from '../table.ts';

export function register(program: Command): void {
  program
    .command('inspect')
    .description('what a checkpoint is: shapes, parameters, sizes by precision, which boards it fits')
    .argument('[checkpoint]', 'llama2.c .bin file (default: the model that ships)')
    .option('--json', 'as JSON on stdout')
    .addHelpText('after', '\nExample:\n  $ esp32-llm inspect stories260K.bin')
    .action(inspect);
}

async function inspect(path: string | undefined, { json }: { json?: boolean }): Promise<void> {
  const { describeModel } = await import('../../model/describe.ts');
  const { path: name, model } = openModel(path);
  const description = describeModel(model);
  if (json) {
    process.stdout.write(`${JSON.stringify({ file: name, ...description }, null, 2)}\n`);
    return;
  }
  const { config, tensors, parameters, bytes } = description;
  const shape = tensors.map((tensor) => [tensor.name, tensor.shape.join(' x '), thousands(tensor.elements)]);
  process.stdout.write(`${name}: ${description.format}, ${thousands(parameters)} parameters\n\n`);
  process.stdout.write(
    `${formatTable(Object.entries(config).map(([key, value]) => [key, String(value)]))}\n\n`,
  );
  process.stdout.write(`${formatTable([['tensor', 'shape', 'elements'], ...shape])}\n\n`);
  process.stdout.write(
    `${formatTable([['weights as', 'size'], ...Object.entries(bytes).map(([key, value]) => [key, kilobytes(value)])])}\n`,
  );
}
