/**
 * npx tsx bench/compiler.ts [KERNEL...]: cycles of small programs of every kind (bench/compiler/*.c, compiled to WebAssembly by
 * clang), as our compiler translates them for the chip, on the simulated core. Where a GCC for the chip is found (XTENSA_GCC, or
 * xtensa-esp32s3-elf-gcc in the PATH), its cycles for the same C stand beside ours. Both must give the same results.
 */
import { findGcc, measureGcc } from './compiler/gcc.ts';
import { measureOurs } from './compiler/ours.ts';

/** What each program's result must be: said by clang for x86-64. */
const kernels: Readonly<Record<string, number>> = {
  sha256: 2504537628,
  quicksort: 123798146,
  fft: 2130693889,
  bpe: 1762218278,
  softmax: 705957,
  interpreter: 26222438,
  arithmetic64: 313133295,
  matmul8: 496749064,
  records: 513274678,
  list: 393155120,
  matrix: 1238442986,
  state: 173915699,
  crc: 42969,
};

const wanted = process.argv.slice(2);
const gcc = findGcc();
console.log(`kernel           cycles  instructions   bytes${gcc ? '   GCC -O2   bytes   ours/GCC' : ''}`);
const ratios: number[] = [];
for (const [name, expected] of Object.entries(kernels)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const ours = measureOurs(name);
  const theirs = gcc && measureGcc(gcc, name);
  for (const { result } of [ours, ...(theirs ? [theirs] : [])])
    if (result !== expected) throw new Error(`${name} gives ${result}, not ${expected}`);
  const columns = [name.padEnd(14), pad(ours.cycles, 8), pad(ours.instructions, 13), pad(ours.codeBytes, 7)];
  if (theirs) {
    const ratio = ours.cycles / theirs.cycles;
    ratios.push(ratio);
    columns.push(pad(theirs.cycles, 9), pad(theirs.codeBytes, 7), ratio.toFixed(2).padStart(10));
  }
  console.log(columns.join(' '));
}
if (gcc) {
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  console.log(`geometric mean of ours/GCC: ${mean.toFixed(3)}`);
} else console.log('No GCC for the chip was found (XTENSA_GCC): nothing to compare with.');

function pad(value: number, width: number): string {
  return value.toLocaleString('en').padStart(width);
}
