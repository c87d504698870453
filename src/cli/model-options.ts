/** `--model`, `--tokenizer`, `--template`, `--prune-vocabulary`, `--known-words` and `--int4-group`: shared by every verb that takes a model; without them, the model that ships. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { type ChatTemplate, INT4_GROUPS, type Int4Group, type Tokenizer } from '../model/index.ts';
import type { OpenedModel } from '../node/index.ts';
import { showDownloads } from './download-progress.ts';

export interface ModelOptions {
  model?: string;
  tokenizer?: string;
  /** How conversations are written: a name or a file. */
  template?: string;
  /** A text file. */
  pruneVocabulary?: string;
  /** A text file, or `none`. */
  knownWords?: string;
  int4Group?: Int4Group;
}

/** `--int4-group`; `otherwise`: what holds without it. */
export const int4GroupOption = (otherwise: string): Option =>
  new Option(
    '--int4-group <columns>',
    `int4: weights of a row that share a scale, at most; few lose less, many are faster (default: ${otherwise})`,
  )
    .choices(INT4_GROUPS.map(String))
    .argParser((text) => {
      const group = INT4_GROUPS.find((known) => text === `${known}`);
      if (group === undefined)
        throw new InvalidArgumentError(`Allowed choices are ${INT4_GROUPS.join(', ')}.`);
      return group;
    });

/** `--template`; `otherwise`: what holds without it. */
export const templateOption = (otherwise: string): Option =>
  new Option(
    '--template <name>',
    `how conversations are written for the model: plain (User: and Assistant:), or a JSON file (default: ${otherwise})`,
  );

/** The template that an option names. @throws UsageError */
export async function templateFrom(named: string, vocabulary?: number): Promise<ChatTemplate> {
  const [{ chatTemplateFrom, TEMPLATES }, { readInput }] = await Promise.all([
    import('../model/index.ts'),
    import('../files.ts'),
  ]);
  if (Object.hasOwn(TEMPLATES, named)) return TEMPLATES[named];
  const text = new TextDecoder().decode(readInput(named, 'the template'));
  const template = chatTemplateFrom(jsonOf(text), vocabulary);
  if (typeof template === 'string') throw new UsageError(`${named}: ${template}`);
  return template;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Adds the options to a verb. */
export function modelOptions(command: Command): Command {
  return command
    .option(
      '--model <name>',
      "checkpoint: a file (.safetensors, GGUF, llama2.c .bin), a folder of Hugging Face's, hf:owner/name[@revision][/file], a name that pull fetched, or one that ships: stories (default), stories-large (for PSRAM), home (answers requests)",
    )
    .option(
      '--tokenizer <file>',
      'its tokenizer.bin of llama2.c or tokenizer.json (default: the one in the checkpoint or beside it)',
    )
    .addOption(templateOption("the checkpoint's, if it has one"))
    .option(
      '--prune-vocabulary <text>',
      'keep the pieces that this text uses, and what spells the rest; says what that saves and costs',
    )
    .option(
      '--known-words <text>',
      "say no words but this text's and the prompt's; none: say any (default: the checkpoint's, if it has such)",
    )
    .addOption(int4GroupOption("the checkpoint's, mostly 64"));
}

/** Reads what the options name. */
export async function openNamed(options: ModelOptions): Promise<OpenedModel> {
  const { pruneVocabulary, knownWords, int4Group, template } = options;
  const { openModel } = await import('../node/index.ts');
  const opened = await openModel(options.model, options.tokenizer, showDownloads);
  const { model } = opened;
  if (int4Group) opened.model = { ...model, config: { ...model.config, int4Group } };
  if (template !== undefined) {
    const found = await templateFrom(template, model.config.vocabulary);
    opened.model = { ...opened.model, template: found, templateRefused: undefined };
  }
  if (pruneVocabulary !== undefined) {
    const { pruned } = await import('./prune-report.ts');
    Object.assign(opened, pruned(opened, pruneVocabulary));
  }
  if (knownWords !== undefined)
    opened.model = { ...opened.model, words: await wordsOf(knownWords, opened.tokenizer) };
  return opened;
}

/** The words of a text file; of `none` none, which leaves all. @throws UsageError for a text without any */
async function wordsOf(path: string, tokenizer: Tokenizer): Promise<Uint8Array | undefined> {
  if (path === 'none') return undefined;
  const [{ knownWords }, { splitStories }, { readText }] = await Promise.all([
    import('../grammar/index.ts'),
    import('../reference/index.ts'),
    import('../files.ts'),
  ]);
  const words = knownWords(splitStories(readText(path, 'the text')), tokenizer);
  if (!words) throw new UsageError(`${path} has no words that the model could keep to`);
  return words;
}
