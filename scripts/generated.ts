/** What the generators share. Each exports `outputs()`; `src/generated.test.ts` compares that with the files in the repository. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path in the repository -> contents. */
export type Outputs = ReadonlyMap<string, string>;

const root = new URL('../', import.meta.url);

export const readRepositoryFile = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** True in the file that was started by name, false where it was imported. */
export const isMain = (url: string): boolean => process.argv[1] === fileURLToPath(url);

/** Writes what has changed and says so. */
export function writeOutputs(outputs: Outputs): void {
  for (const [path, text] of outputs) {
    const file = new URL(path, root);
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
}
