/**
 * The smallest functions that ESP-DSP publishes cycles for (its benchmark table, S3): products of 3 x 3 and 4 x 4 matrices, where a call,
 * a loop's set-up and latencies weigh as much as the work. As its benchmark does, they are called in a loop of 1,024 whose cost counts.
 */
import { describe, expect, it } from 'vitest';
import { createTestMachine, DATA } from './test-machine.ts';

const range = (count: number) => [...new Array(count).keys()];

/** One element of the result after the other: a row of A from memory times a column of B in f12 and up. */
const elements = (size: number, step: number, [a, c]: readonly string[]) => `
  loopnez a6, 2f
  wfr f0, a5
${range(size)
  .map((i) => `  lsi f${2 + i}, ${a}, ${4 * i}\n  madd.s f0, f${2 + i}, f${12 + i}\n`)
  .join('')}
  addi ${a}, ${a}, ${4 * size}
  ssi f0, ${c}, 0
  addi ${c}, ${c}, ${step}
2:`;
const column = (size: number, step: number) =>
  range(size)
    .map((i) => `  lsi f${12 + i}, a3, ${step * i}\n`)
    .join('');

/** A matrix times a vector. */
const timesVector = (size: number) => `
product:
  entry a1, 16
  movi a5, 0
  movi a6, ${size}
${column(size, 4)}${elements(size, 4, ['a2', 'a4'])}
  movi.n a2, 0
  retw.n
`;
/** Two square matrices. */
const timesMatrix = (size: number) => `
product:
  entry a1, 16
  movi a5, 0
  movi a6, ${size}
  movi a7, ${size}
1:
  mov a12, a2
  mov a14, a4
${column(size, 4 * size)}${elements(size, 4 * size, ['a12', 'a14'])}
  addi a3, a3, 4
  addi a4, a4, 4
  addi a7, a7, -1
  bnez a7, 1b
  movi.n a2, 0
  retw.n
`;

function cyclesOf(product: string): number {
  const machine = createTestMachine(`start:
  movi a2, 1024
1:
  addi a2, a2, -1
  mov a12, a5
  mov a11, a4
  mov a10, a3
  call8 product
  bnez a2, 1b
  ret
  .balign 4
${product}`);
  for (const [register, address] of [
    [3, DATA],
    [4, DATA + 64],
    [5, DATA + 128],
  ])
    machine.setA(register, address);
  return machine.run().cycles / 1024;
}

describe('published products of small matrices (ESP-DSP, S3, -O2)', () => {
  it.each([
    ['3 x 3 by a vector', timesVector(3), 71, 2],
    ['4 x 4 by a vector', timesVector(4), 103, 2],
    ['3 x 3 by 3 x 3', timesMatrix(3), 200, 2],
  ])('%s', (_, product, published, allowed) => {
    const model = cyclesOf(product);
    expect(Math.abs(model - published), `${model.toFixed(1)}, published ${published}`).toBeLessThanOrEqual(
      allowed,
    );
  });
});
