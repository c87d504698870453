/** `export`: the model for other people's build systems. */
import { type Command, Option } from 'commander';
import { boards, findBoard } from '../../chip/boards/index.ts';
import type { ExampleName } from '../../idf/index.ts';
import { integer } from '../arguments.ts';
import { grammarFrom } from '../firmware-options.ts';
import { type ModelOptions, modelOptions, openNamed } from '../model-options.ts';
import { precisionOption } from '../precision-option.ts';
import { calibrateOption, type QuantizedOptions, quantized } from '../quantized.ts';
import { thousands } from '../table.ts';

interface Options extends ModelOptions, QuantizedOptions {
  example?: true | ExampleName;
  board?: string;
  context?: number;
  singleCore?: boolean;
  grammar?: string;
  weights: 'partition' | 'embedded';
  force?: boolean;
}

export function register(program: Command): void {
  const verb = program.command('export').description('write the model for other build systems');
  calibrateOption(
    modelOptions(verb.command('idf').argument('<folder>', 'of the component, as components/esp32_llm')),
  )
    .description('an ESP-IDF component: kernels, program, weights and a small C API')
    .addOption(
      new Option(
        '--example [name]',
        'also a complete project in <folder>/examples: story (console and screen), or mqtt (a Wi-Fi board behind a broker)',
      ).choices(['story', 'mqtt'] satisfies ExampleName[]),
    )
    .addOption(new Option('--board <name>', "the example's board").choices(boards.map(({ id }) => id)))
    .option('--context <n>', "positions (default: the model's)", integer(1, 65536))
    .addOption(precisionOption(['int8', 'int4', 'mixed']))
    .option(
      '--grammar <file>',
      "also a grammar for it, packed: a JSON Schema, GBNF, or a JSON list of answers (default: the model's own)",
    )
    .option('--single-core', 'one task instead of two')
    .addOption(
      new Option('--weights <where>', 'a partition of their own, or part of the application')
        .choices(['partition', 'embedded'])
        .default('partition'),
    )
    .option('--force', 'write into a folder that has other things in it')
    .addHelpText(
      'after',
      '\nExample:\n  $ esp32-llm export idf components/esp32_llm --example --board t-camera-s3',
    )
    .action(exportIdf);
}

async function exportIdf(folder: string, options: Options): Promise<void> {
  const { writeIdfComponent, shippedPrograms } = await import('../../node/index.ts');
  const example = options.example === true ? 'story' : options.example;
  const opened = await openNamed(options);
  const { name, tokenizer } = opened;
  const { context, layout, weights } = writeIdfComponent(folder, {
    programs: shippedPrograms,
    model: await quantized(opened, options),
    tokenizer,
    modelName: name,
    context: options.context,
    grammar: (await grammarFrom(options, tokenizer)) ?? opened.model.grammar,
    cores: options.singleCore ? 1 : 2,
    weights: options.weights,
    example,
    board: options.board === undefined ? undefined : findBoard(options.board),
    force: options.force,
  });
  const ram = layout.workingBytes + layout.cacheBytes;
  process.stdout.write(
    `${folder}: component esp32_llm with ${name}, context ${context}; ${thousands(weights.bytes.length)} bytes of weights, ${thousands(ram)} bytes of RAM\n`,
  );
  if (example) process.stdout.write(`${folder}/examples/${example}: idf.py build flash monitor\n`);
}
