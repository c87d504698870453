/** `train`: a tokenizer and a model from the user's own text. */
import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Int4Group } from '../../model/index.ts';
import type { Progress } from '../../train/index.ts';
import { presets } from '../../train/presets/index.ts';
import { decimal, integer } from '../arguments.ts';
import { duration } from '../duration.ts';
import { int4GroupOption, templateFrom, templateOption } from '../model-options.ts';
import { formatTable, thousands } from '../table.ts';

interface Options {
  text: string[];
  separator?: string;
  template?: string;
  out: string;
  valid?: string;
  preset?: string;
  vocab?: number;
  context?: number;
  steps?: number;
  time?: number;
  threads: number;
  batch?: number;
  seed?: number;
  rate?: number;
  optimizer?: 'muon' | 'adamw';
  activation?: 'silu' | 'relu';
  packing?: 'documents' | 'windows';
  finish?: 'int8' | 'int4' | 'none';
  finishShare?: number;
  int4Group?: Int4Group;
  dim?: number;
  layers?: number;
  heads?: number;
  kvHeads?: number;
  hidden?: number;
  layerEmbeddings?: boolean;
  weightDecay?: number;
  warmup?: number;
  decayShare?: number;
  dropout?: number;
  labelSmoothing?: number;
  ema?: number;
  keepBest?: boolean;
  patience?: number;
  shortFirst?: number;
  grow?: string;
  teacher: string[];
  teacherWeight?: number;
  teacherTop?: number;
  temperature?: number;
  tokenizer?: string;
  knownWords?: boolean;
  cache?: string;
  resume?: boolean;
}

/** The model and its tokenizer. */
function addShape(command: Command): void {
  command
    .option('--preset <name>', 'shape of the model (see below; default: 260k)')
    .option('--dim <n>', 'width of the residual stream', integer(4, 8192))
    .option('--layers <n>', 'layers', integer(1, 128))
    .option('--heads <n>', 'heads of queries', integer(1, 256))
    .option('--kv-heads <n>', 'heads of keys and values', integer(1, 256))
    .option('--hidden <n>', 'width of the feed-forward part', integer(4, 65536))
    .option(
      '--layer-embeddings',
      'rows of tables in flash that are added behind the embedding and every layer: they cost hardly any time (s4, p2, p4 have them)',
    )
    .option('--no-layer-embeddings', 'none')
    .option(
      '--known-words',
      'keep the model to the words of the text: a board says no others (default: it says any)',
    )
    .option(
      '--tokenizer <name>',
      'take the tokenizer of this model or tokenizer.bin (default: one made for the text)',
    )
    .option('--vocab <n>', 'pieces of the tokenizer, 259 or more', integer(259, 65535))
    .option('--context <n>', 'longest sequence in tokens', integer(8, 4096));
}

/** How long a run is, and what repeats it. */
function addLength(command: Command): void {
  command
    .option('--steps <n>', 'length of the run in steps', integer(1, 1e9))
    .option('--time <t>', 'length of the run as 90s, 45m or 8h (default without --steps: 1h)', duration)
    .option('--threads <n>', 'worker threads', integer(1, 64), availableParallelism())
    .option('--batch <n>', 'tokens of one step', integer(16, 1e6))
    .option('--seed <n>', 'same seed, threads and steps: the same model', integer(0, 2 ** 32 - 1));
}

/** How the weights are learnt. */
function addMethod(command: Command): void {
  command
    .option('--rate <x>', 'learning rate of the matrices; the others keep their proportion', decimal(0, 10))
    .option(
      '--warmup <steps>',
      'steps over which the rate rises, a tenth of --steps at most (default: 200)',
      integer(1, 1e9),
    )
    .option(
      '--decay-share <x>',
      'share of the run over which the rate falls to zero (default: 0.6)',
      decimal(0.001, 1),
    )
    .option(
      '--weight-decay <x>',
      'a step takes rate times this off the weights (default: 0.05)',
      decimal(0, 100),
    )
    .option(
      '--dropout <x>',
      'share of what layers add that is dropped, for texts seen many times (default: 0)',
      decimal(0, 0.9),
    )
    .option(
      '--label-smoothing <x>',
      "share of the text's labels that is spread over the vocabulary (default: 0)",
      decimal(0, 0.9),
    )
    .option(
      '--ema <x>',
      'running average of the weights: what a step keeps of it, as 0.998 (default: none)',
      decimal(0, 0.99999),
    )
    .option('--keep-best', 'keep the weights that did best on --valid')
    .option(
      '--patience <n>',
      'end the run after so many measures of --valid without a better one',
      integer(1, 1e6),
    )
    .option(
      '--short-first <x>',
      'share of the run, at its beginning, with sequences of a quarter, then a half of the context',
      decimal(0, 1),
    )
    .addOption(new Option('--optimizer <name>', 'optimiser of the matrices').choices(['muon', 'adamw']))
    .addOption(new Option('--activation <name>', 'feed-forward gate').choices(['silu', 'relu']))
    .addOption(
      new Option('--packing <how>', 'a sequence is a document or a window').choices(['documents', 'windows']),
    )
    .addOption(
      new Option(
        '--finish <how>',
        'rounding that the end of the run trains through: what build --precision will make of it',
      ).choices(['int8', 'int4', 'none']),
    )
    .addOption(int4GroupOption("the preset's, mostly 64"))
    .option(
      '--finish-share <x>',
      'share of the run that trains through the rounding (default: 0.1, int4: 0.2)',
      decimal(0.001, 1),
    );
}

/** Models to learn from. */
function addTeachers(command: Command): void {
  command
    .option(
      '--grow <name>',
      'begin as this smaller model, which the new one computes the same as at first, with its tokenizer',
    )
    .option(
      '--teacher <name>',
      'model to learn from as well, with the tokenizer to take; may be given again',
      collect,
      [],
    )
    .option('--teacher-weight <x>', "the teachers' share in the loss (default: 0.5)", decimal(0, 1))
    .option(
      '--temperature <x>',
      'by which logits are divided before student and teachers are compared (default: 1)',
      decimal(0.1, 100),
    )
    .option(
      '--teacher-top <n>',
      "tokens kept of a teacher's prediction, 4 bytes each (default: 16)",
      integer(1, 256),
    );
}

export function register(program: Command): void {
  const command = program
    .command('train')
    .description('train a model on your own text: tokenizer, checkpoint, loss curve; no Python, no GPU')
    .requiredOption(
      '--text <file>',
      'UTF-8 text of any size, or .jsonl (a line a document: a string, or an object with "text"); may be given again',
      (path: string, before: string[] = []) => [...before, path],
    )
    .option(
      '--separator <text>',
      'what parts documents, \\n for a line end (default: <|endoftext|>)',
      unescaped,
    )
    .requiredOption(
      '--out <folder>',
      'where model.safetensors, model.bin, tokenizer.bin, loss.svg and the checkpoint go',
    )
    .option(
      '--valid <file>',
      'text that is only measured, never trained on: its first 200 documents, 20 times a run',
    );
  command.addOption(templateOption('none: the model tells stories'));
  addShape(command);
  addLength(command);
  addMethod(command);
  addTeachers(command);
  command
    .option(
      '--cache <folder>',
      'keep the tokens of the text, and what teachers predict, here for other runs too (default: in --out until the run has finished)',
    )
    .option('--resume', 'go on from the checkpoint in --out')
    .addHelpText(
      'after',
      `
Presets:
${presetLines()}

Examples:
  $ esp32-llm train --text stories.txt --out my-model --preset 260k --time 1h
  $ esp32-llm train --text stories.txt --out my-model --resume
  $ esp32-llm train --text stories.txt --out small --preset s4 --teacher large/model.safetensors
  $ esp32-llm train --text stories.txt --out large --preset p4 --grow small/model.safetensors
  $ esp32-llm run --model my-model/model.safetensors

A text is read in parts and tokenised once: memory does not grow with it, but for some 30 bytes a document or 512 tokens.
Ctrl-C saves a checkpoint and ends; --resume goes on from it.`,
    )
    .action(trainModel);
}

function presetLines(): string {
  const rows = Object.entries(presets).map(([name, { about, shape }]) => {
    const { dim, layers, heads, kvHeads, hiddenDim, vocabulary } = shape;
    return [name, `${dim}`, `${layers}`, `${heads}/${kvHeads}`, `${hiddenDim}`, `${vocabulary}`, about];
  });
  return formatTable([['', 'dim', 'layers', 'heads', 'hidden', 'vocab', ''], ...rows], '  ');
}

const collect = (value: string, before: string[]): string[] => [...before, value];

/** A line now and then while teachers go through the text. */
function teachingReporter(): (done: number) => void {
  let last = performance.now();
  return (done) => {
    if (done < 1 && performance.now() - last < 10_000) return;
    last = performance.now();
    process.stderr.write(`${(100 * done).toFixed(1).padStart(5)} %  of the text seen by the teachers\n`);
  };
}

/** A text with `\n` and `\t` as they are meant. */
const unescaped = (text: string): string => {
  const meant = text.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
  if (meant === '') throw new InvalidArgumentError('Give what stands between documents.');
  return meant;
};

async function trainModel({ template, ...options }: Options): Promise<void> {
  const { trainFiles } = await import('../../node/index.ts');
  const stop = new AbortController();
  const interrupt = () => {
    if (stop.signal.aborted) process.exit(130);
    process.stderr.write('\nsaving a checkpoint; Ctrl-C again to end at once\n');
    stop.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const result = await trainFiles({
      ...options,
      template: template === undefined ? undefined : await templateFrom(template),
      validation: options.valid,
      vocabulary: options.vocab,
      seconds: options.time,
      batchTokens: options.batch,
      hiddenDim: options.hidden,
      warmupSteps: options.warmup,
      average: options.ema,
      shortShare: options.shortFirst,
      teachers: options.teacher,
      onTeaching: teachingReporter(),
      signal: stop.signal,
      onProgress: (progress) => process.stderr.write(`${progressLine(progress)}\n`),
      onSample: (text) => process.stderr.write(`\n${text}\n\n`),
      onProblem: (text) => process.stderr.write(`${text}\n`),
    });
    const { step, tokens } = result.state;
    const ending = result.finished ? 'done' : 'stopped (--resume goes on)';
    process.stdout.write(`${ending}: ${step} steps, ${thousands(tokens)} tokens; ${result.model}\n`);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function progressLine(progress: Progress): string {
  const { step, loss, bitsPerByte, validation, tokensPerSecond, done, secondsLeft } = progress;
  return [
    `${(100 * done).toFixed(1).padStart(5)} %`,
    `step ${step}`,
    `loss ${loss.toFixed(4)}`,
    `${bitsPerByte.toFixed(4)} bits/byte`,
    ...(validation === undefined ? [] : [`valid ${validation.toFixed(4)}`]),
    `${thousands(Math.round(tokensPerSecond))} tokens/s`,
    `${clock(secondsLeft)} left`,
  ].join('  ');
}

/** 5025 as 1:23:45. */
function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
