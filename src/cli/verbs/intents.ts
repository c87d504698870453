/** `intents`: a board that understands requests, from sentence templates as Home Assistant's users write them. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { FailureError } from '../../errors.ts';
import { readText, writeOutput } from '../../files.ts';
import type { HomeModel, ReportRow } from '../../intents/index.ts';
import type { OpenedModel } from '../../node/index.ts';
import { integer } from '../arguments.ts';
import { duration } from '../duration.ts';
import { type BuildOptions, buildFrom, firmwareOptions } from '../firmware-options.ts';
import { type InputOptions, inputOption } from '../input-option.ts';
import { type ModelOptions, modelOptions, openNamed } from '../model-options.ts';
import { formatTable, kilobytes, thousands } from '../table.ts';

interface BuildHomeOptions extends BuildOptions {
  out: string;
  time?: number;
  steps?: number;
  threads: number;
  seed: number;
}

interface EvalOptions extends ModelOptions {
  sentences: number;
  baseline?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  const intents = program
    .command('intents')
    .description('requests such as "turn on the kitchen lights": train for your home, judge, ask');
  firmwareOptions(intents.command('build <home...>'))
    .description(
      'train a model for the homes in YAML files and write it with its image; with --model only the names and lists are renewed',
    )
    .requiredOption('--out <folder>', 'where model.safetensors and image.bin go')
    .option('--time <t>', 'length of training as 90s or 15m (default without --steps: 10m)', duration)
    .option('--steps <n>', 'length of training in steps', integer(1, 1e9))
    .option('--threads <n>', 'worker threads', integer(1, 64), availableParallelism())
    .option('--seed <n>', 'of training', integer(0, 2 ** 32 - 1), 1)
    .addHelpText(
      'after',
      '\nExample:\n  $ esp32-llm intents build examples/home/home.yaml --out my-home\n  $ esp32-llm intents ask --model my-home/model.safetensors "turn on the kitchen lights"',
    )
    .action(buildHome);
  modelOptions(intents.command('eval <home...>'))
    .description(
      'figures on phrasings and names that training did not see, and on foreign requests (default model: home)',
    )
    .option('--sentences <n>', 'of each kind', integer(10, 1e6), 500)
    .option('--baseline', 'also the nearest template by edit distance')
    .option('--json', 'figures as JSON on stdout')
    .action(evaluateHome);
  inputOption(firmwareOptions(intents.command('ask <request...>')))
    .description('one request, answered by the simulated board (default model: home)')
    .action(ask);
}

/** Without a name, the model of the example home. */
const openHome = (options: ModelOptions): Promise<OpenedModel> => openNamed({ model: 'home', ...options });

async function readHomes(files: readonly string[]) {
  const { readHome } = await import('../../intents/index.ts');
  return readHome(files.map((name) => ({ name, text: readText(name, 'the home') })));
}

async function buildHome(files: readonly string[], options: BuildHomeOptions): Promise<void> {
  const [{ renewHome, trainHome }, { shippedPrograms, trainMachinery }] = await Promise.all([
    import('../../intents/index.ts'),
    import('../../node/index.ts'),
  ]);
  const home = await readHomes(files);
  let made: HomeModel;
  if (options.model === undefined) {
    const stop = new AbortController();
    const interrupt = () => stop.abort();
    process.once('SIGINT', interrupt);
    made = await trainHome(home, {
      ...trainMachinery(),
      programs: shippedPrograms,
      seconds: options.time,
      steps: options.steps,
      threads: options.threads,
      seed: options.seed,
      signal: stop.signal,
      onProgress: ({ done, step, loss, tokensPerSecond, secondsLeft }) =>
        process.stderr.write(
          `${(100 * done).toFixed(1).padStart(5)} %  step ${step}  loss ${loss.toFixed(4)}  ${thousands(tokensPerSecond)} tokens/s  ${Math.ceil(secondsLeft)} s left\n`,
        ),
    });
    process.off('SIGINT', interrupt);
  } else {
    const { model, tokenizer } = await openNamed(options);
    made = renewHome(home, model, tokenizer);
  }
  await writeHome(made, options);
}

async function writeHome(made: HomeModel, options: BuildHomeOptions): Promise<void> {
  const [{ loadCheckpoint, writeCheckpoint }, { makeFolder }] = await Promise.all([
    import('../../model/index.ts'),
    import('../../node/index.ts'),
  ]);
  const { tokenizer, training } = made;
  makeFolder(options.out);
  const checkpoint = join(options.out, 'model.safetensors');
  // An int8 image needs no more than bytes; it is made of what the checkpoint holds.
  const bytes = writeCheckpoint(made.model, tokenizer, training, 'I8');
  const model = loadCheckpoint(bytes, checkpoint);
  writeOutput(checkpoint, bytes);
  const firmware = await buildFrom({ name: 'home', model, tokenizer }, options);
  const image = join(options.out, 'image.bin');
  writeOutput(image, firmware.flash);
  process.stdout.write(
    `${formatTable([
      [checkpoint, `${kilobytes(model.grammar?.length ?? 0)} of answers`],
      [image, `for ${firmware.board.name}, flash offset 0`],
    ])}\n`,
  );
}

async function evaluateHome(files: readonly string[], options: EvalOptions): Promise<void> {
  const [{ baselineOf, reportOn, understandWith, vocabularyOf }, { shippedPrograms }] = await Promise.all([
    import('../../intents/index.ts'),
    import('../../node/index.ts'),
  ]);
  const home = await readHomes(files);
  const { model, tokenizer } = await openHome(options);
  const vocabulary = vocabularyOf(model, tokenizer, home);
  const count = { count: options.sentences };
  const rows = reportOn(
    home,
    (one) => understandWith(model, shippedPrograms, one, vocabulary),
    vocabulary.refuse,
    count,
  );
  let baseline: ReportRow[] | undefined;
  if (options.baseline) {
    const { make, refuse } = baselineOf(home);
    baseline = reportOn(home, make, refuse, count);
  }
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ rows, baseline }, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${formatReport(rows)}\n`);
  if (baseline)
    process.stdout.write(`\nThe nearest template by edit distance:\n\n${formatReport(baseline)}\n`);
}

const LISTED_CONFUSIONS = 12;

function formatReport(rows: readonly ReportRow[]): string {
  const percent = (part: number, all: number): string =>
    all === 0 ? '' : `${((100 * part) / all).toFixed(1)} %`;
  const table = formatTable([
    ['', 'sentences', 'all right', 'intent', 'refused'],
    ...rows.map(({ name, figures: { cases, exact, intent, own, refused, foreign } }) => [
      name,
      thousands(cases),
      percent(exact, own),
      percent(intent, own),
      percent(refused, foreign),
    ]),
  ]);
  const confusions = rows
    .flatMap(({ figures }) => figures.confusions)
    .sort((a, b) => b.count - a.count)
    .slice(0, LISTED_CONFUSIONS)
    .map(({ count, wanted, answered, example }) => [String(count), wanted, answered, example]);
  if (confusions.length === 0) return table;
  return `${table}\n\n${formatTable([['times', 'wanted', 'answered', 'for example'], ...confusions])}`;
}

async function ask(words: readonly string[], options: BuildOptions & InputOptions): Promise<void> {
  const { answerOnChip } = await import('../../firmware/index.ts');
  const opened = await openHome(options);
  if (opened.model.grammar === undefined)
    throw new FailureError(
      `${opened.name} was not trained for requests; esp32-llm intents build makes such a model`,
    );
  const firmware = await buildFrom(opened, options);
  const { userCache } = await import('../../node/index.ts');
  const { text, milliseconds, passes } = answerOnChip(firmware, words.join(' '), {
    inputs: options.input,
    cache: userCache(),
  });
  process.stdout.write(`${text}\n`);
  process.stderr.write(`${passes} tokens in ${milliseconds.toFixed(1)} ms (predicted)\n`);
}
