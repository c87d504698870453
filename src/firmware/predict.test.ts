import { describe, expect, it } from 'vitest';
import { findBoard } from '../chip/boards/boards.ts';
import { shippedPrograms as programs } from '../node/device-programs.ts';
import { packFixed } from '../quantize/pack.ts';
import { kept as cache } from '../testing/kept.ts';
import { buildFirmware, type FirmwareOptions } from './build.ts';
import { predictFirmware } from './predict-firmware.ts';
import { simulate } from './simulate.ts';
import { inTurn, tinyStories } from './testing.ts';

const TOKENS = 3;
const { model, quantized, int4, float, tokenizer } = tinyStories();
const various = packFixed(model, { precision: 'int4', formats: inTurn });
const board = (id: string, more = {}) => ({ ...findBoard(id), ...more });
const cases: readonly (readonly [name: string, options: Partial<FirmwareOptions>])[] = [
  ['all in SRAM', {}],
  ['one core, all in flash', { weights: 'flash', cores: 1 }],
  ['all in flash, 80 MHz', { weights: 'flash', clock: 80 }],
  ['int4, all in SRAM', { model: int4 }],
  ['int4, all in flash', { model: int4, weights: 'flash' }],
  ['several formats, all in SRAM', { model: various }],
  ['several formats, all in flash', { model: various, weights: 'flash' }],
  ['float32 in octal PSRAM', { model: float, board: board('devkitc-n16r8') }],
  [
    'float32 across flash and octal PSRAM',
    { model: float, board: board('devkitc-n16r8', { psramBytes: 0x50000 }) },
  ],
  ['float32 in quad PSRAM and flash', { model: float, board: board('s3-zero') }],
  ['float32 in DIO flash', { model: float, board: board('bare-s3'), context: 128 }],
];

describe('the predicted speed', () => {
  it.each(cases)('is within 5 percent of the simulated one: %s', (_, options) => {
    const firmware = buildFirmware({
      programs,
      model: quantized,
      tokenizer,
      draft: 'none',
      cache,
      ...options,
    });
    const { status } = simulate(firmware, { prompt: '', temperature: 0, tokens: TOKENS });
    const { cyclesPerToken } = predictFirmware(firmware, TOKENS);
    const simulated = status.totalCycles / status.passes;
    expect(Math.abs(cyclesPerToken / simulated - 1), `${cyclesPerToken} and ${simulated}`).toBeLessThan(0.05);
  });

  it('is within 10 percent with portable kernels', () => {
    const options = { model: quantized, tokenizer, pie: false, weights: 'flash', draft: 'none' } as const;
    const firmware = buildFirmware({ programs, ...options });
    const { status } = simulate(firmware, { prompt: '', temperature: 0, tokens: TOKENS });
    const { cyclesPerToken } = predictFirmware(firmware, TOKENS);
    expect(Math.abs((cyclesPerToken * status.passes) / status.totalCycles - 1)).toBeLessThan(0.1);
  });

  it('adds up: what the items move is what the memories move, and no memory beyond its limit', () => {
    const firmware = buildFirmware({
      ...{ programs, model: float, tokenizer, draft: 'none', cache },
      board: board('devkitc-n16r8'),
    });
    const { traffic, tokensPerSecond, positions } = predictFirmware(firmware);
    expect(positions).toBe(256);
    expect(traffic.map(({ region }) => region).sort()).toEqual(['flash', 'psram', 'sram']);
    for (const { region, reads, limit, share } of traffic) {
      const entries = firmware.memoryMap.regions.find(({ name }) => name === region)!.entries;
      expect(reads).toBeCloseTo(
        entries.reduce((sum, entry) => sum + entry.reads, 0),
        3,
      );
      expect(share).toBeLessThan(1);
      if (limit) expect(reads * tokensPerSecond).toBeLessThan(limit);
    }
  });
});
