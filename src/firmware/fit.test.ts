import { describe, expect, it } from 'vitest';
import { boards } from '../chip/boards/index.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { kept as cache } from '../testing/kept.ts';
import { buildFirmware, fitBoards } from './index.ts';
import { smallModel } from './testing.ts';

describe('fitBoards', () => {
  it('promises the contexts that a build gives', () => {
    const { model, tokenizer, quantized } = smallModel();
    const fits = fitBoards(model, tokenizer, programs, cache);
    expect(fits).toHaveLength(3 * boards.length);
    for (const board of boards.filter(({ id }) => id === 'heltec-v3' || id === 'bare-s3')) {
      const { context, memoryMap } = buildFirmware({ model: quantized, tokenizer, board, programs, cache });
      const fit = fits.find((other) => other.board === board.id && other.precision === 'int8');
      expect(fit?.context).toBe(context);
      for (const { name, used } of memoryMap.regions.filter((region) => region.name !== 'sram0'))
        expect(fit?.memory[name], name).toBe(used);
      expect(
        fits.find((fit) => fit.board === board.id && fit.context > 0)?.prediction?.tokensPerSecond,
      ).toBeGreaterThan(10);
    }
  });
});
