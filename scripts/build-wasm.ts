/** Compiles every AssemblyScript program of the repository (`npm run build` runs this after tsc). */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import asc from 'assemblyscript/asc';

interface Program {
  entry: string;
  out: string;
  flags: readonly string[];
}

/** One row a program: entry file, output below dist/, compiler flags. */
const programs: readonly Program[] = [];

for (const { entry, out, flags } of programs) {
  if (!existsSync(entry)) throw new Error(`build-wasm: ${entry} does not exist`);
  mkdirSync(dirname(out), { recursive: true });
  const { error, stderr } = await asc.main([entry, '--outFile', out, ...flags]);
  if (error) {
    process.stderr.write(`${stderr.toString()}\nbuild-wasm: ${entry}: ${error.message}\n`);
    process.exit(1);
  }
}
