/** `--model`, `--tokenizer` and `--prune-vocabulary`: shared by every verb that takes a model; without them, the model that ships. */
import type { Command } from 'commander';
import type { OpenedModel } from '../node/index.ts';
import { showDownloads } from './download-progress.ts';

export interface ModelOptions {
  model?: string;
  tokenizer?: string;
  /** A text file. */
  pruneVocabulary?: string;
}

/** Adds the two options to a verb. */
export function modelOptions(command: Command): Command {
  return command
    .option(
      '--model <name>',
      "checkpoint: a file (.safetensors, GGUF, llama2.c .bin), a folder of Hugging Face's, hf:owner/name[@revision][/file], a name that pull fetched, or one that ships: stories (default), home (answers requests)",
    )
    .option(
      '--tokenizer <file>',
      'its tokenizer.bin of llama2.c or tokenizer.json (default: the one in the checkpoint or beside it)',
    )
    .option(
      '--prune-vocabulary <text>',
      'keep the pieces that this text uses, and what spells the rest; says what that saves and costs',
    );
}

/** Reads what the options name. */
export async function openNamed({ model, tokenizer, pruneVocabulary }: ModelOptions): Promise<OpenedModel> {
  const { openModel } = await import('../node/index.ts');
  const opened = await openModel(model, tokenizer, showDownloads);
  if (pruneVocabulary === undefined) return opened;
  const { pruned } = await import('./prune-report.ts');
  return pruned(opened, pruneVocabulary);
}
