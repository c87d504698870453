import { describe, expect, it } from 'vitest';
import { link, sequentially } from '../xtensa/index.ts';
import { startCode, VECTORS_BYTES } from './start.ts';

describe('start stub', () => {
  const linked = link(
    [startCode({ stackTops: [0x3fcf4000, 0x3fcf5000], panicFrames: 0x3fcf6000 }, 2)],
    sequentially(0x40370000),
    { symbols: { main0: 0x40371000, main1: 0x40371010, panic: 0x40371020 } },
  );

  it('puts the vector table first, aligned, with every vector at its architectural offset', () => {
    const { symbols } = linked;
    const base = symbols.get('vectors')!;
    expect(base % VECTORS_BYTES).toBe(0);
    expect(symbols.get('vector_user')! - base).toBe(0x340);
    expect(symbols.get('vector_double')! - base).toBe(0x3c0);
    expect(symbols.get('entry0')! % 4).toBe(0);
  });
});
