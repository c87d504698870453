/** Nanoseconds per simulated floating-point instruction: `npx tsx bench/fpu.ts`. */
import { createFpuState, emitFpu, fpuBindings } from '../src/chip/fpu/index.ts';
import * as sequences from '../src/chip/fpu/sequences.ts';

const state = createFpuState();
const bindings = fpuBindings(state);

/** Least time of several runs, in ns per unit of work. */
function best(work: number, run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 40; i++) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return (least * 1e6) / work;
}

const print = (name: string, nanoseconds: number) =>
  console.log(`${name.padEnd(24)} ${nanoseconds.toFixed(1).padStart(7)} ns`);

const ROUNDS = 4000;
const BODY = 16;

for (const mode of [0, 1]) {
  for (const name of ['add.s', 'mul.s', 'madd.s', 'maddn.s']) {
    const body = Array.from(
      { length: BODY },
      (_, i) => `{${emitFpu(name, [8 + (i & 7), i & 3, 4 + (i & 3)])}}`,
    ).join('');
    const run = new Function(
      ...Object.keys(bindings),
      `return (rounds) => { for (let n = 0; n < rounds; n++) { ${body} } }`,
    )(...Object.values(bindings)) as (rounds: number) => void;
    state.control[0] = mode;
    print(
      `${name}, mode ${mode}`,
      best(ROUNDS * BODY, () => {
        for (let i = 0; i < 8; i++) state.f[i] = 1.1 + i / 7;
        for (let i = 8; i < 16; i++) state.f[i] = 0;
        run(ROUNDS);
      }),
    );
  }
}
state.control[0] = 0;
/** A sequence as the translator would emit it. */
function emitted(steps: readonly sequences.Step[]): () => void {
  const moves: Record<string, string> = { 'mov.s': '', 'neg.s': ' ^ 0x80000000' };
  const text = steps.map(([name, ...registers]) => {
    const [r, s] = registers;
    return name in moves ? `bits[${r}] = bits[${s}]${moves[name]};` : `{${emitFpu(name, registers)}}`;
  });
  const names = ['bits', ...Object.keys(bindings)];
  return new Function(...names, `return () => {${text.join('')}}`)(state.bits, ...Object.values(bindings));
}

for (const [name, steps] of [
  ['divide', sequences.divide],
  ['squareRoot', sequences.squareRoot],
] as const) {
  const run = emitted(steps);
  const time = best(2000, () => {
    for (let i = 0; i < 2000; i++) {
      state.f[1] = 3 + i;
      state.f[2] = 7;
      run();
    }
  });
  print(`${name}, ${steps.length} instructions`, time);
}
