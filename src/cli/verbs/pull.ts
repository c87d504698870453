/** `pull`: fetches a well-known public checkpoint. */
import type { Command } from 'commander';
import { writeError } from '../../files.ts';
import { showDownloads } from '../download-progress.ts';

export function register(program: Command): void {
  program
    .command('pull')
    .description('fetch a public checkpoint into the Hugging Face cache')
    .argument('<name>', 'stories260K, stories15M, or hf:owner/name[@revision][/file] on the Hugging Face hub')
    .option('--json', 'paths as JSON on stdout')
    .addHelpText(
      'after',
      '\nExample:\n  $ esp32-llm pull stories260K\n\nHF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are heeded.',
    )
    .action(async (name: string, { json }: { json?: boolean }) => {
      const { isHubName, pull, pullRepository } = await import('../../hub/index.ts');
      const fetched = isHubName(name)
        ? pullRepository(name, showDownloads).then((model) => ({ model, tokenizer: undefined }))
        : pull(name, showDownloads);
      const paths = await fetched.catch((error: unknown) => {
        throw writeError(error, 'the Hugging Face cache');
      });
      const { model, tokenizer } = paths;
      const options = `--model ${model}${tokenizer === undefined ? '' : ` --tokenizer ${tokenizer}`}`;
      const lines = json ? JSON.stringify(paths) : options;
      process.stdout.write(`${lines}\n`);
    });
}
