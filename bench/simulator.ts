/**
 * `npx tsx bench/simulator.ts`: simulated instructions a second, cycle accounting on, of small kernels on one core; then simulated seconds
 * a second of whole chips: stories of the model that ships from SRAM, and with its weights behind the cache.
 */

import { createTestMachine, DATA, type TestMachine } from '../src/chip/core/test-machine.ts';
import { buildFirmware, createSession, type FirmwareOptions } from '../src/firmware/index.ts';
import { shippedModel, shippedPrograms, userCache } from '../src/node/index.ts';
import { quantize } from '../src/quantize/index.ts';

interface Kernel {
  readonly name: string;
  readonly source: string;
  /** Registers and memory at the start of each run. */
  readonly registers: Readonly<Record<number, number>>;
  prepare?(machine: TestMachine): void;
}

const noise = (machine: TestMachine, words: number) => {
  let value = 12345;
  for (let index = 0; index < words; index++) {
    value = (Math.imul(value, 1103515245) + 12345) | 0;
    machine.setWord(DATA + 4 * index, value);
  }
};

/** Numbers between 1 and 2. */
const floats = (machine: TestMachine) => {
  noise(machine, 8192);
  for (let index = 0; index < 8192; index++) {
    machine.setWord(DATA + 4 * index, 0x3f800000 | (machine.word(DATA + 4 * index) & 0x7fffff));
  }
};

const kernels: readonly Kernel[] = [
  {
    name: 'crc32, bit by bit, 64 KB',
    registers: { 2: DATA, 3: 65536 },
    source: `
start:
  movi a4, -1
  movi a8, 0xEDB88320
1: beqz a3, 9f
  l8ui a5, a2, 0
  addi a2, a2, 1
  xor a4, a4, a5
  movi a6, 8
2: extui a7, a4, 0, 1
  srli a4, a4, 1
  neg a7, a7
  and a7, a7, a8
  xor a4, a4, a7
  addi a6, a6, -1
  bnez a6, 2b
  addi a3, a3, -1
  j 1b
9: ret
`,
  },
  {
    name: 'insertion sort, 2000 words',
    registers: { 2: DATA, 3: 2000 },
    prepare: (machine) => noise(machine, 2000),
    source: `
start:
  movi a4, 1
1: bge a4, a3, 9f
  addx4 a5, a4, a2
  l32i a6, a5, 0
2: beq a5, a2, 3f
  l32i a7, a5, -4
  bge a6, a7, 3f
  s32i a7, a5, 0
  addi a5, a5, -4
  j 2b
3: s32i a6, a5, 0
  addi a4, a4, 1
  j 1b
9: ret
`.replace('l32i a7, a5, -4', 'addi a7, a5, -4\n  l32i a7, a7, 0'),
  },
  {
    name: 'matrix product, 64 x 64 words',
    registers: { 2: DATA, 3: DATA + 0x4000, 4: DATA + 0x8000 },
    prepare: (machine) => noise(machine, 8192),
    source: `
start:
  movi a5, 64
1: movi a6, 64
2: movi a7, 64
  movi a8, 0
  mov a9, a2
  mov a10, a3
3: l32i a11, a9, 0
  l32i a12, a10, 0
  addi a9, a9, 4
  addmi a10, a10, 256
  mull a11, a11, a12
  addi a7, a7, -1
  add a8, a8, a11
  bnez a7, 3b
  s32i a8, a4, 0
  addi a4, a4, 4
  addi a3, a3, 4
  addi a6, a6, -1
  bnez a6, 2b
  addmi a3, a3, -256
  addmi a2, a2, 256
  addi a5, a5, -1
  bnez a5, 1b
  ret
`,
  },
  {
    name: 'sieve of 100,000',
    registers: { 2: DATA, 3: 100_000 },
    source: `
start:
  mov a4, a2
  movi a5, 1
  mov a6, a3
1: s8i a5, a4, 0
  addi a4, a4, 1
  addi a6, a6, -1
  bnez a6, 1b
  movi a7, 2
2: mull a8, a7, a7
  bge a8, a3, 9f
  add a9, a2, a7
  l8ui a9, a9, 0
  beqz a9, 4f
  movi a10, 0
3: add a9, a2, a8
  s8i a10, a9, 0
  add a8, a8, a7
  blt a8, a3, 3b
4: addi a7, a7, 1
  j 2b
9: ret
`,
  },
  {
    name: 'recursive Fibonacci of 24, call0',
    registers: { 2: 24 },
    source: `
start:
fib:
  blti a2, 2, 1f
  addi a1, a1, -16
  s32i a0, a1, 0
  s32i a12, a1, 4
  s32i a13, a1, 8
  mov a12, a2
  addi a2, a2, -1
  call0 fib
  mov a13, a2
  addi a2, a12, -2
  call0 fib
  add a2, a2, a13
  l32i a0, a1, 0
  l32i a12, a1, 4
  l32i a13, a1, 8
  addi a1, a1, 16
1: ret
`,
  },
  {
    name: 'float32 dot product of 4096',
    registers: { 2: DATA, 3: DATA + 0x4000 },
    prepare: floats,
    source: `
start:
  movi a4, 1024
  const.s f0, 0
  loopnez a4, 1f
  lsip f1, a2, 4
  lsip f2, a3, 4
  lsip f3, a2, 4
  madd.s f0, f1, f2
  lsip f4, a3, 4
  lsip f5, a2, 4
  madd.s f6, f3, f4
  lsip f7, a3, 4
  madd.s f8, f5, f7
1: ret
`,
  },
  {
    name: 'int8 dot product of 16 KB, vector unit',
    registers: { 2: DATA, 3: DATA + 0x4000 },
    prepare: (machine) => noise(machine, 8192),
    source: `
start:
  movi a4, 512
  ee.zero.accx
  ee.vld.128.ip q0, a2, 16
  loopnez a4, 1f
  ee.vld.128.ip q1, a3, 16
  ee.vmulas.s8.accx.ld.ip q2, a2, 16, q0, q1
  ee.vld.128.ip q3, a3, 16
  ee.vmulas.s8.accx.ld.ip q0, a2, 16, q2, q3
1: ret
`,
  },
];

const RUNS = 12;
console.log(`${'kernel'.padEnd(42)} instructions      cycles    million instructions/s (best of ${RUNS})`);
for (const { name, source, registers, prepare } of kernels) {
  const machine = createTestMachine(source);
  let best = 0;
  let counts = { cycles: 0, instructions: 0 };
  for (let run = 0; run < RUNS; run++) {
    prepare?.(machine);
    for (const [index, value] of Object.entries(registers)) machine.setA(Number(index), value);
    const start = performance.now();
    counts = machine.run(1_000_000_000);
    best = Math.max(best, counts.instructions / (performance.now() - start) / 1000);
  }
  console.log(
    `${name.padEnd(42)} ${String(counts.instructions).padStart(12)} ${String(counts.cycles).padStart(11)} ${best.toFixed(0).padStart(10)}`,
  );
}

/** CPU seconds of this thread and its compiler's: what others do on the machine does not count. */
function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

const { model, tokenizer, name } = shippedModel();
const quantized = quantize(model);
const chips: readonly (readonly [string, Partial<FirmwareOptions>, number])[] = [
  ['two cores, vector unit, weights in SRAM', {}, 0],
  ['the same, drawing at 0.7', {}, 0.7],
  ['one core, portable kernels', { cores: 1, pie: false }, 0],
  ['weights behind the cache (flash)', { weights: 'flash' }, 0],
];
const STORIES = 6;
console.log('\nwhole chip                                   simulated s/s       million instructions/s');
console.log('                                             first    last           first    last');
for (const [what, options, temperature] of chips) {
  const firmware = buildFirmware({
    model: quantized,
    modelName: name,
    tokenizer,
    programs: shippedPrograms,
    cache: userCache(),
    ...options,
  });
  const session = createSession(firmware, { cache: userCache() });
  const { chip } = session;
  session.boot();
  session.command(`/temp ${temperature}`);
  const rates: (readonly [simulated: number, instructions: number])[] = [];
  for (let story = 0; story < STORIES; story++) {
    session.command('/seed 42');
    const [seconds, count] = [chip.seconds, chip.cores[0].instructions + chip.cores[1].instructions];
    const cpu = cpuSeconds(() => session.tell('Once upon a time', 100));
    const executed = chip.cores[0].instructions + chip.cores[1].instructions - count;
    rates.push([(chip.seconds - seconds) / cpu, executed / cpu / 1e6]);
  }
  const [first, last] = [rates[0], rates.at(-1)!];
  console.log(
    `${what.padEnd(42)}${first[0].toFixed(2).padStart(8)}${last[0].toFixed(2).padStart(8)}${first[1].toFixed(0).padStart(16)}${last[1].toFixed(0).padStart(8)}`,
  );
}
