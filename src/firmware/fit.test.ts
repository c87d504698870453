import { describe, expect, it } from 'vitest';
import { boards } from '../chip/boards/index.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { buildFirmware, fitBoards } from './index.ts';
import { smallModel } from './testing.ts';

describe('fitBoards', () => {
  it('promises the contexts that a build gives', () => {
    const { model, tokenizer, quantized } = smallModel();
    const fits = fitBoards(model, tokenizer, programs);
    expect(fits).toHaveLength(2 * boards.length);
    for (const board of boards.filter(({ id }) => id === 'heltec-v3' || id === 'bare-s3')) {
      const { context } = buildFirmware({ model: quantized, tokenizer, board, programs });
      expect(fits.find((fit) => fit.board === board.id && fit.precision === 'int8')?.context).toBe(context);
      expect(
        fits.find((fit) => fit.board === board.id && fit.context > 0)?.prediction?.tokensPerSecond,
      ).toBeGreaterThan(10);
    }
  });
});
