/** Threads of this room, from source as from what was built. */
import { Worker } from 'node:worker_threads';

/** Node 20 does not hand tsx's loader down to workers. */
const fromSource = (name: string): string => `import('tsx/esm/api').then(({ register }) => {
  register();
  return import('${new URL(`./${name}.ts`, import.meta.url)}');
});`;

/** From source (tests, tsx) a worker needs the loader too; from dist/node/ and the command's bundle in dist/cli/ it is plain JavaScript. */
export const startWorker = (name: string, workerData: unknown): Worker =>
  import.meta.url.endsWith('.ts')
    ? new Worker(fromSource(name), { eval: true, workerData })
    : new Worker(new URL(`../node/${name}.js`, import.meta.url), { workerData });
