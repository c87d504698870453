/** The `esp32-llm` command: one file per verb in `verbs/`; each loads its machinery only when it is called. */
import { createRequire } from 'node:module';
import { Command, CommanderError, Help, type Option } from 'commander';
import { describeError } from './errors.ts';
import { registerVerbs } from './verbs/index.ts';

const { version, description } = createRequire(import.meta.url)('../../package.json') as {
  version: string;
  description: string;
};

/** The whole command line, for the entry below and for tests. */
export function createProgram(): Command {
  const program = new Command('esp32-llm')
    .description(description)
    .version(version)
    .exitOverride()
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for what is possible)')
    .configureHelp({
      helpWidth: Math.min(process.stdout.columns ?? 80, 100),
      sortSubcommands: false,
      optionDescription: (option) => Help.prototype.optionDescription(withPlainDefault(option)),
    })
    .addHelpText(
      'after',
      `
Examples:
  $ esp32-llm run                                     a story from the model that ships
  $ esp32-llm run --model stories260K.bin --tokenizer tok512.bin --prompt "Once upon a time"
  $ esp32-llm build --board t-camera-s3 --out story.bin
  $ esp32-llm inspect stories260K.bin`,
    );
  registerVerbs(program);
  return program;
}

/** Runs one command line; resolves to the exit code: 0 done, 1 failed, 2 misused. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // it has printed its sentence
    const { message, exitCode } = describeError(error);
    process.stderr.write(`esp32-llm: ${message}\n`);
    return exitCode;
  }
}

/** Lists that are empty, and what is no text or number, say nothing to people. */
const withPlainDefault = (option: Option): Option =>
  typeof option.defaultValue === 'object'
    ? Object.assign(Object.create(option), { defaultValue: undefined })
    : option;
