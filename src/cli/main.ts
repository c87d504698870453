#!/usr/bin/env node
/**
 * Entry of the `esp32-llm` command. In dist/ it stands before one file of all that every verb needs (scripts/bundle-cli.ts), which is
 * loaded only after Node was told to keep what it compiles.
 */
import { realpathSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

/** Node 22 and later keep compiled code between runs, in a folder of their own below the system's for temporary files. */
function keepCompiledCode(): void {
  const { enableCompileCache } = module as { enableCompileCache?: () => unknown };
  enableCompileCache?.();
}

/** A closed pipe (`| head`) ends the output, not the world. */
function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
}

/** Runs one command line; resolves to the exit code: 0 done, 1 failed, 2 misused. */
export async function main(args: readonly string[]): Promise<number> {
  return (await import('./program.ts')).main(args);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  keepCompiledCode();
  endQuietlyOnClosedPipe();
  process.exitCode = await main(process.argv.slice(2));
}
