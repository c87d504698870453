/** npm run fuzz:wasm -- [--seconds N] [--seed N]: random loops against Node; what differs is made small and printed. */
import { parseArgs } from 'node:util';
import { difference, randomCalls } from '../src/compiler/testing/differential.ts';
import { randomLoops } from '../src/compiler/testing/random-loops.ts';
import { shrink } from '../src/compiler/testing/shrink.ts';
import { printProgram } from '../src/compiler/testing/tree.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } });
const seconds = Number(values.seconds ?? 60);
const only = values.seed === undefined ? undefined : Number(values.seed);
if (!Number.isFinite(seconds) || (only !== undefined && !Number.isInteger(only))) {
  console.error('usage: npm run fuzz:wasm -- [--seconds N] [--seed N]');
  process.exit(2);
}

function tryOne(seed: number): boolean {
  const wild = seed % 2 === 1;
  const program = randomLoops(seed, wild);
  const calls = randomCalls(program, seed);
  const found = difference(program, calls, wild);
  if (found === undefined) return true;
  console.log(`seed ${seed}: ${found}`);
  const small = shrink(
    program,
    (candidate) =>
      difference(
        candidate,
        calls.filter(({ index }) => index < candidate.functions.length),
        wild,
      ) !== undefined,
  );
  console.log(printProgram(small));
  return false;
}

const start = only ?? Date.now() % 1_000_000_000;
const end = Date.now() + seconds * 1000;
let [modules, failures] = [0, 0];
for (let seed = start; only !== undefined ? modules < 1 : Date.now() < end; seed++, modules++) {
  if (!tryOne(seed)) failures++;
  if (modules % 500 === 499) console.log(`${modules + 1} modules, ${failures} failures`);
}
console.log(`${modules} modules from seed ${start} on, ${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
