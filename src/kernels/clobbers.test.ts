import { describe, expect, it } from 'vitest';
import { type KernelRow, kernels as table } from '../contract/index.ts';
import { createAssembler } from '../xtensa/index.ts';
import { namesIn, writtenBy } from './clobbers.ts';
import { kernels } from './index.ts';

const rows: Readonly<Record<string, KernelRow>> = table;
// Rows that fit the registers, are streamed, and are looped over.
const columns = [1, 2, 3, 5, 6, 7, 8, 11, 12, 18, 30, 31, 65].map((chunks) => 16 * chunks);
const heads = [2, 4, 6, 8, 16, 32, 48, 64];

describe('what a kernel changes', () => {
  it('covers all kernels of the contract', () => {
    expect(kernels.map(({ name }) => name).sort()).toEqual(Object.keys(rows).sort());
  });
  it.each(kernels)('$name: exactly what the contract says, over all shapes', ({ name, build }) => {
    const written = new Set<string>();
    for (const [index, dim] of columns.entries()) {
      const asm = createAssembler();
      build(asm, { precision: 'int8', dim, hidden: dim, headSize: heads[index % heads.length] });
      for (const register of writtenBy(asm.finish())) written.add(register);
    }
    written.delete('a0'); // every call's own
    for (const kept of ['a1', 'a12', 'a13', 'a14', 'a15']) written.delete(kept); // given back; src/kernels/testing.ts sees to it
    expect([...written].sort()).toEqual([...namesIn(rows[name].clobbers)].sort());
  });
});
