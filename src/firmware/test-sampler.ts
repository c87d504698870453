/** For tests of the device's sampler: the sampler alone over a memory of its own, logits to give it, and what softmax says. */
import asc from 'assemblyscript/asc';
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Arithmetic, arithmetics, scratchOffset, sizesOf } from '../contract/index.ts';
import { shippedPrograms } from '../node/device-programs.ts';

export interface Settings {
  temperature?: number;
  topp?: number;
  topk?: number;
  minp?: number;
  penalty?: number;
}

interface Exports {
  seedRandom(seed: bigint): void;
  noteToken(position: number, token: number): void;
  prepare(core: number, position: number, temperature: number, penalty: number): void;
  choose(): number;
  weigh(temperature: number): number;
  threshold(groups: number, topp: number, topk: number, minp: number): number;
  foresee(temperature: number, topp: number, topk: number, minp: number, chance: number): number;
  /** 32 bits, with sign as WebAssembly gives them. */
  random(): number;
  lookAhead(): void;
  foreseen(): number;
  setTemperature(value: number): void;
  setTopp(value: number): void;
  setTopk(value: number): void;
  setMinp(value: number): void;
  setPenalty(value: number): void;
}

const modules = new Map<Arithmetic, WebAssembly.Module>();

/** Before the first {@link createSampler}. */
export async function compileSamplers(): Promise<void> {
  for (const arithmetic of Object.keys(arithmetics) as Arithmetic[]) {
    const files = new Map<string, Uint8Array | string>();
    const use = ['--use', `ARITHMETIC=${arithmetics[arithmetic].code}`, '--use', 'SCREEN=0'];
    const { error, stderr } = await asc.main(
      [
        'device/sampler-host.ts',
        '-O3',
        '--runtime',
        'stub',
        '--noAssert',
        '--importMemory',
        ...use,
        '-o',
        'out.wasm',
      ],
      { writeFile: (name, contents) => void files.set(name, contents) },
    );
    if (error) throw new Error(stderr.toString());
    modules.set(arithmetic, new WebAssembly.Module(files.get('out.wasm') as Uint8Array<ArrayBuffer>));
  }
}

const PLACES = {
  scratch: 0x1000,
  recent: 0x9000,
  teamwork: 0xa000,
  candidates: 0x10000,
  logits: 0x20000,
  grammar: 0,
  grammarRoom: 0,
};
/** Real value of a unit of integer logits: of the order that models have. */
const UNIT = 2e-7;
/** Numbers that the sampler does not look at. */
const SHAPE = { dim: 64, hiddenDim: 64, layers: 1, heads: 1, kvHeads: 1, context: 16 };

export function createSampler(vocabulary: number, arithmetic: Arithmetic = 'fixed') {
  const memory = new WebAssembly.Memory({ initial: 8 });
  const kernel = new WebAssembly.Instance(new WebAssembly.Module(shippedPrograms('kernels.wasm')), {
    env: { memory },
    config: { int4Group: 64 },
  });
  const numbers = { ...SHAPE, ...PLACES, vocabulary, cores: 1, scratchBytes: 0x4000, zeros: 0 };
  const config = Object.fromEntries(
    Object.entries(numbers).map(([name, number]) => [name, new WebAssembly.Global({ value: 'i32' }, number)]),
  );
  const mmio = { read32: () => 0, write32: () => undefined };
  const { exports } = new WebAssembly.Instance(modules.get(arithmetic)!, {
    env: { memory, abort: () => undefined },
    config,
    kernel: kernel.exports as WebAssembly.ModuleImports,
    mmio,
  });
  const run = exports as unknown as Exports;
  const { of } = sizesOf('fixed', { ...SHAPE, vocabulary });
  const halves = [0, 1].map((half) => ({
    first: of('firstRow', half, vocabulary),
    rows: of('rowsOf', half, vocabulary),
  }));
  const view = (address: number, count: number) => new Int32Array(memory.buffer, address, count);
  const padded = of('pad16', vocabulary);

  /** As `classify` leaves them. */
  const put = (values: ArrayLike<number>): void => {
    if (arithmetic === 'float') {
      new Float32Array(memory.buffer, PLACES.logits, vocabulary).set(Float32Array.from(values));
      return;
    }
    const logits = view(PLACES.logits, padded);
    logits.fill(-(2 ** 31)).set(Int32Array.from(values));
    new Float32Array(memory.buffer, PLACES.scratch + scratchOffset('logitUnit'), 1)[0] = UNIT;
    halves.forEach(({ first, rows }, half) => {
      const largest = logits.subarray(first, first + rows).reduce((a, b) => Math.max(a, b), -(2 ** 31));
      view(PLACES.scratch + scratchOffset('largestLogit') + 4 * half, 1)[0] = largest;
      view(PLACES.scratch + scratchOffset('largestTile') + 4 * half, 1)[0] = first;
    });
  };
  const set = ({ temperature = 1, topp = 0, topk = 0, minp = 0, penalty = 1 }: Settings): void => {
    run.setTemperature(temperature);
    run.setTopp(topp);
    run.setTopk(topk);
    run.setMinp(minp);
    run.setPenalty(penalty);
  };
  return {
    run,
    put,
    choose(values: ArrayLike<number>, settings: Settings, position = 0): number {
      put(values);
      set(settings);
      run.prepare(0, position, settings.temperature ?? 1, settings.penalty ?? 1);
      return run.choose();
    },
    /** What another model with these logits will most likely draw, with the random number `chance` (32 bits). */
    foresee(values: ArrayLike<number>, settings: Settings, chance: number): number {
      const { temperature = 1, topp = 0, topk = 0, minp = 0 } = settings;
      put(values);
      run.prepare(0, 0, temperature, 1);
      return run.foresee(temperature, topp, topk, minp, chance);
    },
    /** Ids that are kept with their weights, in the order of the draw. */
    kept(values: ArrayLike<number>, settings: Settings): Map<number, number> {
      const { temperature = 1, topp = 0, topk = 0, minp = 0 } = settings;
      put(values);
      run.prepare(0, 0, temperature, 1);
      const counts = [...view(PLACES.scratch + scratchOffset('candidateCount'), 2)];
      const ids = new Uint16Array(memory.buffer, PLACES.candidates, padded);
      const named = counts.flatMap((count, half) => [
        ...ids.slice(halves[half].first, halves[half].first + count),
        ...new Array<number>((16 - (count % 16)) % 16).fill(-1),
      ]);
      const groups = run.weigh(temperature);
      const least = run.threshold(groups, topp, topk, minp);
      const weights = new Int16Array(memory.buffer, PLACES.logits, 16 * groups);
      expect(named).toHaveLength(weights.length);
      return new Map(
        [...weights.keys()].filter((i) => weights[i] >= least).map((i) => [named[i], weights[i]]),
      );
    },
  };
}

/** A stream of uniform numbers. */
export function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Logits as a model of text has them, in nats: most of them low, a few near the largest. */
export function likeText(vocabulary: number, seed: number, spread = 3): Float64Array {
  const random = uniform(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  return Float64Array.from({ length: vocabulary }, () => spread * normal());
}

export const integers = (nats: ArrayLike<number>): Int32Array =>
  Int32Array.from(nats, (x) => Math.max(-(2 ** 30), Math.min(2 ** 30, Math.round(x / UNIT))));

/** Exact probabilities of integer logits. */
export function softmax(logits: ArrayLike<number>, temperature: number): Float64Array {
  const all = Float64Array.from(logits);
  const largest = all.reduce((a, b) => Math.max(a, b));
  const weights = all.map((x) => Math.exp(((x - largest) * UNIT) / temperature));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((w) => w / sum);
}

export const vocabularies = fc.constantFrom(1, 5, 16, 17, 31, 32, 33, 100, 259, 300, 512, 1000, 1024);
/** Spread as text is, or with ties, or all alike, or at the ends of the range. */
export const somewhere = fc
  .tuple(
    vocabularies,
    fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    fc.constantFrom('text', 'ties', 'equal', 'extreme'),
  )
  .map(([vocabulary, seed, kind]) => {
    const random = uniform(seed);
    const text = integers(likeText(vocabulary, seed));
    if (kind === 'ties') return text.map(() => Math.floor(4 * random()) * 5_000_000 - 20_000_000);
    if (kind === 'equal') return text.fill(Math.floor((random() - 0.5) * 2 ** 31));
    if (kind === 'extreme') return text.map(() => (random() < 0.5 ? -(2 ** 30) : 2 ** 30));
    return text;
  });
export const runs = { numRuns: 150 };
