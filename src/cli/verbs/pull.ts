/** `pull`: fetches a well-known public checkpoint. */
import type { Command } from 'commander';
import { writeError } from '../../files.ts';
import { kilobytes } from '../table.ts';

export function register(program: Command): void {
  program
    .command('pull')
    .description('fetch a well-known public checkpoint (stories260K, stories15M) into the Hugging Face cache')
    .argument('<name>', 'stories260K or stories15M')
    .option('--json', 'paths as JSON on stdout')
    .addHelpText(
      'after',
      '\nExample:\n  $ esp32-llm pull stories260K\n\nHF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are heeded.',
    )
    .action(async (name: string, { json }: { json?: boolean }) => {
      const { pull } = await import('../../hub/index.ts');
      const paths = await pull(name, {
        onProgress: (file) => (done, total) => showProgress(file, done, total),
      }).catch((error: unknown) => {
        throw writeError(error, 'the Hugging Face cache');
      });
      const lines = json ? JSON.stringify(paths) : `--model ${paths.model} --tokenizer ${paths.tokenizer}`;
      process.stdout.write(`${lines}\n`);
    });
}

function showProgress(file: string, done: number, total: number | undefined): void {
  if (!process.stderr.isTTY && done !== total) return;
  const share = total ? ` of ${kilobytes(total)} (${Math.floor((100 * done) / total)} %)` : '';
  process.stderr.write(
    `${process.stderr.isTTY ? '\r' : ''}${file}: ${kilobytes(done)}${share}${done === total ? '\n' : ''}`,
  );
}
