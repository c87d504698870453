/** A model with per-layer embeddings on the simulated chip and in the ESP-IDF component: what the host tells (layer-embeddings.test.ts). */
import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import {
  buildFirmware,
  createHostProgram,
  formatDigest,
  predictFirmware,
  simulate,
} from '../firmware/index.ts';
import { REPEATING } from '../firmware/testing.ts';
import { loadTinyStories, withLayerEmbeddings } from '../model/testing.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { quantize } from '../quantize/index.ts';
import { itTellsTheSame } from './same-everywhere.ts';

const { model: plain, tokenizer } = loadTinyStories();
const model = withLayerEmbeddings(plain);
const int8 = quantize(model);

describe('int8', () => itTellsTheSame(int8, tokenizer, [1]));
describe('int4', () =>
  itTellsTheSame(quantize(model, { precision: 'int4' }), tokenizer, [2], ['one core, weights in flash']));
describe('float', () => itTellsTheSame(quantize(model, { precision: 'f32' }), tokenizer, [], ['two cores']));

it('tells the same on the chip, where weights stream and tables lie in flash', { timeout: 120_000 }, () => {
  const board = findBoard('devkitc-n16r8');
  const options = { weights: 'flash' as const, context: 96, board };
  const firmware = buildFirmware({ programs, model: int8, tokenizer, ...options });
  expect([firmware.lanes, firmware.drafts]).toEqual([12, 7]);
  const told = simulate(firmware, { prompt: REPEATING, temperature: 0, seed: 1, tokens: 40 });
  const host = createHostProgram({ programs, model: int8, tokenizer, context: 96 });
  host.type(`/temp 0\r/tokens 40\r${REPEATING}\r`);
  host.settle();
  expect(told.digest).toBe(formatDigest(host.status.digest));
  expect(told.warnings).toEqual([]);
});

it('rows cost nearly nothing, as predicted', {
  timeout: 120_000,
}, () => {
  // Without PSRAM and in the slowest flash; all else lies in SRAM.
  const options = { programs, tokenizer, context: 128, board: findBoard('bare-s3') };
  const [without, zeros] = [plain, withLayerEmbeddings(plain, 0)].map((one) => {
    const firmware = buildFirmware({ ...options, model: quantize(one) });
    const { status } = simulate(firmware, { prompt: REPEATING, temperature: 0, seed: 1, tokens: 60 });
    const cycles = Number(status.totalCycles) / status.passes;
    return { cycles, predicted: predictFirmware(firmware, 60).cyclesPerToken };
  });
  const cost = zeros.cycles / without.cycles - 1;
  expect(cost).toBeGreaterThan(0);
  expect(cost).toBeLessThan(0.03);
  expect(Math.abs(zeros.predicted / without.predicted - 1 - cost)).toBeLessThan(0.03);
});
