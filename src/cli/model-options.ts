/** `--model` and `--tokenizer`: shared by every verb that takes a model; without them, the model that ships. */
import type { Command } from 'commander';
import type { OpenedModel } from '../node/index.ts';

export interface ModelOptions {
  model?: string;
  tokenizer?: string;
}

/** Adds the two options to a verb. */
export function modelOptions(command: Command): Command {
  return command
    .option(
      '--model <file>',
      'checkpoint: .safetensors of esp32-llm, GGUF, llama2.c .bin, or a name that pull fetched (default: the model that ships)',
    )
    .option(
      '--tokenizer <file>',
      'its llama2.c tokenizer.bin (default: the one in the checkpoint or beside it)',
    );
}

/** Reads what the two options name. */
export async function openNamed({ model, tokenizer }: ModelOptions): Promise<OpenedModel> {
  const { openModel } = await import('../node/index.ts');
  return openModel(model, tokenizer);
}
