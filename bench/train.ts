/**
 * Training speed beside the machine's own WebAssembly SIMD multiply-add peak, both on all cores, taking turns in
 * the same run: `npx tsx bench/train.ts [threads]`. The 260k preset, context 256, 32 sequences a step.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { trainMachinery } from '../src/node/train.ts';
import type { Corpus } from '../src/train/batches.ts';
import { createEngine, initialize } from '../src/train/engine.ts';
import { measuring } from '../src/train/measure.ts';
import { recipeOf } from '../src/train/recipe.ts';
import { settingsOf } from '../src/train/settings.ts';
import { parametersOf, type Shape } from '../src/train/shape.ts';

const CONTEXT = 256;
const SEQUENCES = 32;
const ROUNDS = 6;
const STEPS_PER_ROUND = 4;
/** PyTorch 2.13 on the CPU, same model, batch and context, a 2-core Zen 5 virtual machine (issue of the trainer). */
const PYTORCH: Readonly<Record<number, number>> = { 1: 10_700, 2: 19_500 };

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
    for (let i = 0; i < 300; i++) kernels.multiplyAddPeak(3000);
    parentPort.on('message', () => {
      const start = performance.now();
      let rounds = 0;
      while (performance.now() - start < 400) { kernels.multiplyAddPeak(200000); rounds += 200000; }
      parentPort.postMessage((rounds * 12 * 4 * 2) / (performance.now() - start) * 1000);
    });
    parentPort.postMessage(0);
  });`;

const { kernels } = trainMachinery();

async function peakMeter(threads: number): Promise<{ run(): Promise<number>; close(): void }> {
  const workers = Array.from(
    { length: threads },
    () => new Worker(peakWorker, { eval: true, workerData: kernels }),
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
const recipe = recipeOf({ preset: '260k', context: CONTEXT, threads, batchTokens: SEQUENCES * CONTEXT });
const { shape } = recipe;
const tokens = Int32Array.from({ length: recipe.batchTokens + 1 }, (_, i) => (i * 7919) % shape.vocabulary);
const corpus: Corpus = { tokens, starts: Int32Array.of(0, tokens.length), bytes: tokens.length };
const segments = Array.from({ length: SEQUENCES }, (_, i) => ({ start: i * CONTEXT, length: CONTEXT }));
const engine = await createEngine(shape, { ...recipe, ...trainMachinery() });
initialize(engine, 1);
engine.refresh(measuring('none'));
const settings = { ...settingsOf(recipe, 1000, 0), matrixRate: 1e-6, embeddingRate: 1e-6, normRate: 1e-6 };
const meter = await peakMeter(threads);
engine.step(corpus, segments, settings);
let bestPeak = 0;
let bestSpeed = 0;
for (let round = 0; round < ROUNDS; round++) {
  bestPeak = Math.max(bestPeak, await meter.run());
  const start = performance.now();
  for (let i = 0; i < STEPS_PER_ROUND; i++) engine.step(corpus, segments, settings);
  const seconds = (performance.now() - start) / 1000;
  bestSpeed = Math.max(bestSpeed, (STEPS_PER_ROUND * recipe.batchTokens) / seconds);
}
meter.close();
await engine.close();

const giga = (x: number) => `${(x / 1e9).toFixed(1)} Gflop/s`;
const work = bestSpeed * flopsPerToken(shape);
const lines = [
  `threads            ${threads}`,
  `peak loop          ${giga(bestPeak)} (f32x4 multiply, add)`,
  `training           ${Math.round(bestSpeed).toLocaleString('en')} tokens/s (260k preset, context ${CONTEXT}, batch ${SEQUENCES}), ${giga(work)}`,
  `share of the peak  ${((100 * work) / bestPeak).toFixed(1)} %`,
];
const torch = PYTORCH[threads];
if (torch)
  lines.push(
    `against PyTorch    ${(bestSpeed / torch).toFixed(2)} times ${torch.toLocaleString('en')} tokens/s`,
  );
process.stdout.write(`${lines.join('\n')}\n`);
