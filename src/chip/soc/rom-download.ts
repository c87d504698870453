import type { RomRoutine } from './rom-console.ts';
export function createDownload(_options: unknown): () => RomRoutine<number | undefined> {
  return function* () {
    for (;;) yield 1000;
  };
}
