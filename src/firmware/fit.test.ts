import { describe, expect, it } from 'vitest';
import { boards } from '../chip/boards/index.ts';
import { loadCheckpoint, loadTokenizer } from '../model/index.ts';
import { tokenizerBytes, version0Bytes } from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { quantize } from '../quantize/index.ts';
import { kept as cache } from '../testing/kept.ts';
import { buildFirmware, fitBoards } from './index.ts';
import { smallModel } from './testing.ts';

/** As int8 SRAM holds its weights with some positions, and not with all of them. */
const LONG = {
  dim: 64,
  hiddenDim: 172,
  layers: 5,
  heads: 4,
  kvHeads: 4,
  vocabulary: 512,
  context: 512,
  sharedClassifier: true,
  activation: 'silu',
} as const;

describe('fitBoards', () => {
  it('offers a shorter context where everything lies in SRAM with it, which is faster', () => {
    const model = loadCheckpoint(version0Bytes(LONG));
    const tokenizer = loadTokenizer(tokenizerBytes(LONG.vocabulary), LONG.vocabulary);
    const fits = fitBoards(model, tokenizer, programs, cache);
    const fit = fits.find(({ board, precision }) => board === 'bare-s3' && precision === 'int8')!;
    expect(fit.context).toBe(LONG.context);
    const { context, prediction } = fit.shorter!;
    expect(prediction.tokensPerSecond).toBeGreaterThan(10 * fit.prediction!.tokensPerSecond);
    const board = boards.find(({ id }) => id === 'bare-s3')!;
    const built = (positions: number) =>
      buildFirmware({ model: quantize(model), tokenizer, board, programs, cache, context: positions });
    const regions = (positions: number) =>
      built(positions)
        .memoryMap.regions.filter(({ name, used }) => used > 0 && name !== 'sram0')
        .map(({ name }) => name);
    expect(regions(context)).toEqual(['sram']);
    // Planned is for the largest program of all boards, so a step more may just fit.
    expect(regions(context + 32)).not.toEqual(['sram']);
    // What lies in SRAM at once needs no shorter one.
    expect(fits.find((other) => other.precision === 'int4')?.shorter).toBeUndefined();
  });

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
