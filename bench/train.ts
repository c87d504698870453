/**
 * Training speed beside the machine's own WebAssembly SIMD multiply-add peak, both on all cores, taking turns in
 * the same run: `npx tsx bench/train.ts [threads] [preset]`. Context 256, 32 sequences a step; multiply-adds in one rounding (where the
 * engine has that) and in two.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { trainMachinery } from '../src/node/train.ts';
import { type Corpus, inMemory } from '../src/train/batches.ts';
import { createEngine, type Engine, initialize } from '../src/train/engine.ts';
import { measuring } from '../src/train/measure.ts';
import type { MultiplyAdd } from '../src/train/multiply-add.ts';
import { recipeOf } from '../src/train/recipe.ts';
import { settingsOf } from '../src/train/settings.ts';
import { parametersOf, type Shape } from '../src/train/shape.ts';

const CONTEXT = 256;
const SEQUENCES = 32;
const ROUNDS = 6;
const STEPS_PER_ROUND = 4;

/** Multiply-adds and adds of matrices and causal attention, forward and backward, recomputation not counted. */
function flopsPerToken(shape: Shape): number {
  const { tensors, embedding, classifier } = parametersOf(shape);
  const matrices = [...tensors.filter(({ kind }) => kind === 'matrix'), classifier ?? embedding];
  const weights = matrices.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  return 6 * weights + 6 * shape.layers * shape.dim * (CONTEXT + 1);
}

/** Runs the peak loop for a while whenever it is told to; answers with operations per second. */
const peakWorker = `
const { parentPort, workerData } = require('node:worker_threads');
import(${JSON.stringify(new URL('../node_modules/tsx/dist/esm/api/index.mjs', import.meta.url).href)})
  .then(({ register }) => { register(); return import(${JSON.stringify(new URL('../src/train/kernels.ts', import.meta.url).href)}); })
  .then(({ instantiateKernels }) => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const kernels = instantiateKernels(workerData, memory);
    for (let i = 0; i < 300; i++) kernels.multiplyAddPeak(3000, 0.999, 1e-3);
    parentPort.on('message', () => {
      const start = performance.now();
      let rounds = 0;
      while (performance.now() - start < 400) { kernels.multiplyAddPeak(200000, 0.999, 1e-3); rounds += 200000; }
      parentPort.postMessage((rounds * 12 * 4 * 2) / (performance.now() - start) * 1000);
    });
    parentPort.postMessage(0);
  });`;

const machinery = trainMachinery();
const { plain, fused } = machinery.kernels;

async function peakMeter(threads: number): Promise<{ run(): Promise<number>; close(): void }> {
  const workers = Array.from(
    { length: threads },
    () => new Worker(peakWorker, { eval: true, workerData: fused ?? plain }),
  );
  const answers = () =>
    Promise.all(workers.map((worker) => new Promise<number>((resolve) => worker.once('message', resolve))));
  await answers();
  return {
    async run() {
      const waiting = answers();
      for (const worker of workers) worker.postMessage('go');
      return (await waiting).reduce((sum, x) => sum + x, 0);
    },
    close: () => workers.forEach((worker) => void worker.terminate()),
  };
}

const threads = Number(process.argv[2] ?? availableParallelism());
const preset = process.argv[3] ?? '260k';
const recipe = recipeOf({ preset, context: CONTEXT, threads, batchTokens: SEQUENCES * CONTEXT });
const { shape } = recipe;
const tokens = Int32Array.from({ length: recipe.batchTokens + 1 }, (_, i) => (i * 7919) % shape.vocabulary);
const corpus: Corpus = {
  tokens: inMemory(tokens),
  starts: Int32Array.of(0, tokens.length),
  bytes: tokens.length,
};
const segments = Array.from({ length: SEQUENCES }, (_, i) => ({ start: i * CONTEXT, length: CONTEXT }));
const settings = { ...settingsOf(recipe, 1000, 0), matrixRate: 1e-6, embeddingRate: 1e-6, normRate: 1e-6 };
const meter = await peakMeter(threads);

interface Contender {
  name: string;
  engine: Engine;
  /** Tokens a second, best round. */
  best: number;
}

async function contender(multiplyAdd: MultiplyAdd): Promise<Contender> {
  const engine = await createEngine(shape, { ...recipe, ...machinery, multiplyAdd });
  initialize(engine, 1);
  engine.refresh(measuring('none'));
  engine.step(corpus, segments, settings);
  return { name: multiplyAdd, engine, best: 0 };
}

const contenders = await Promise.all(
  (fused ? (['fused', 'plain'] as const) : (['plain'] as const)).map(contender),
);
let bestPeak = 0;
for (let round = 0; round < ROUNDS; round++) {
  bestPeak = Math.max(bestPeak, await meter.run());
  for (const one of contenders) {
    const start = performance.now();
    for (let i = 0; i < STEPS_PER_ROUND; i++) one.engine.step(corpus, segments, settings);
    const seconds = (performance.now() - start) / 1000;
    one.best = Math.max(one.best, (STEPS_PER_ROUND * recipe.batchTokens) / seconds);
  }
}
meter.close();
await Promise.all(contenders.map(({ engine }) => engine.close()));

const giga = (x: number) => `${(x / 1e9).toFixed(1)} Gflop/s`;
const slowest = contenders.at(-1)!.best;
const lines = [
  `threads            ${threads}`,
  `peak loop          ${giga(bestPeak)} (f32x4 multiply, add; ${contenders[0].name})`,
  `preset             ${preset}, context ${CONTEXT}, batch ${SEQUENCES}`,
  ...contenders.map(({ name, best }) => {
    const work = best * flopsPerToken(shape);
    const share = `${((100 * work) / bestPeak).toFixed(1)} % of the peak`;
    const tokens = `${Math.round(best).toLocaleString('en')} tokens/s`;
    return `training, ${name}    ${tokens}, ${giga(work)}, ${share}, ${(best / slowest).toFixed(2)} times plain`;
  }),
];
process.stdout.write(`${lines.join('\n')}\n`);
